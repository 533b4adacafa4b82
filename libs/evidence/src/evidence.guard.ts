// Where the evidence has failed nothing new is taken on: what was recorded on top of it could not be proved.
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { refuse, RefusalError } from '@app/kernel';
import type { RouteTraits } from '@app/shell/nest';
import { EvidenceKeeper } from './evidence-keeper.js';

const failed = refuse(
  'unavailable',
  'EVIDENCE_FAILED',
  'the evidence for the log does not verify, so that nothing new is taken on; /readyz and /v1/evidence/status say why',
);

const readingMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

@Injectable()
export class EvidenceGuard implements CanActivate {
  constructor(private readonly keeper: EvidenceKeeper) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.keeper.status().state !== 'failed' || !isCommand(context.switchToHttp().getRequest())) return true;
    throw new RefusalError(failed);
  }
}

/** Behind a webhook every method starts something. */
function isCommand({ method, routeOptions }: FastifyRequest): boolean {
  return (routeOptions.config as RouteTraits).channel === 'webhook' || !readingMethods.has(method);
}
