import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RefusalError } from '@app/kernel';
import { StoreError } from '@app/event-store';
import type { FaultLog } from './fault-log.js';
import type { CallerRequest } from './caller.decorator.js';
import type { RouteTraits } from './route.decorator.js';
import type { Answer } from './problem.js';
import { answerOfRefusal, answerOfStoreError, problemOf, titleOf, unexpectedAnswer } from './problem.js';
import type { RefusalLog } from './refusal-log.js';
import { isRecorded } from './refusal-log.js';
import type { RouteTable } from './route-table.js';

type Request = FastifyRequest & CallerRequest;

const PATH_MAX = 512;

/** Turns whatever was thrown into the error envelope; a refusal that belongs in the audit trail is recorded first. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly refusals: RefusalLog,
    private readonly routes: RouteTable,
    private readonly log: FaultLog,
  ) {}

  catch(error: unknown, host: ArgumentsHost): Promise<void> | void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const reply = http.getResponse<FastifyReply>();
    const answer = this.answerTo(error, request, reply);
    if (answer.unexpected) this.report(error, request);
    if (!answer.kind || !request.caller || !isRecorded(answer.kind, request.method, request.caller.channel)) {
      send(reply, answer, request.id);
      return;
    }
    return this.recordThenSend(answer, request, reply);
  }

  private async recordThenSend(answer: Answer, request: Request, reply: FastifyReply): Promise<void> {
    const { caller } = request;
    let sent = answer;
    try {
      if (caller && answer.kind) {
        const { status, code, message, kind } = answer;
        const entry = { kind, method: request.method, path: pathOf(request), status, code, message };
        const detail = answer.detail === undefined ? {} : { detail: answer.detail };
        await this.refusals.record({ ...entry, ...detail, ...resourceOf(request) }, caller);
      }
    } catch (fault) {
      this.log.error('a refusal could not be recorded', { requestId: request.id, code: answer.code, error: fault });
      // Nobody is told what the trail will never show: the log is away, and that is all that can be said.
      if (fault instanceof StoreError) sent = answerOfStoreError(fault);
    }
    send(reply, sent, request.id);
  }

  private answerTo(error: unknown, request: Request, reply: FastifyReply): Answer {
    if (isRefusalError(error)) {
      const { detail } = error as RefusalError & { detail?: string };
      return { ...answerOfRefusal(error.refusal), ...(detail === undefined ? {} : { detail }) };
    }
    if (error instanceof StoreError) {
      const answer = answerOfStoreError(error);
      if (answer.status === 503) this.log.error('the event store failed', { requestId: request.id, error });
      return answer;
    }
    if (request.is404) return this.unrouted(request, reply);
    const status = frameworkStatus(error);
    return status === undefined || status >= 500 ? unexpectedAnswer : frameworkAnswer(status, request);
  }

  private unrouted(request: Request, reply: FastifyReply): Answer {
    const path = pathOf(request);
    const allowed = this.routes.methodsOf(path);
    // A route that knows the method and has nothing under this name: a folder of files.
    if (allowed.length === 0 || allowed.includes(request.method))
      return { status: 404, code: 'NOT_FOUND', message: `there is no ${path} here` };
    void reply.header('Allow', allowed.join(', '));
    return {
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      message: `${path} does not know ${request.method}; it knows ${allowed.join(', ')}`,
    };
  }

  private report(error: unknown, request: Request): void {
    this.log.error('unexpected error', { requestId: request.id, method: request.method, path: pathOf(request), error });
  }
}

/** By shape, so that an error made by another copy of the class (a test's module registry) is the same error. */
function isRefusalError(error: unknown): error is RefusalError {
  return error instanceof Error && error.name === 'RefusalError' && 'refusal' in error;
}

/** The status that Nest or Fastify gave their own error; undefined for every other error. */
function frameworkStatus(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number';
  return known ? statusCode : undefined;
}

function frameworkAnswer(status: number, request: Request): Answer {
  const config = request.routeOptions.config as RouteTraits;
  switch (status) {
    case 404:
      return { status, code: 'NOT_FOUND', message: 'there is no such resource' };
    case 413:
      return {
        status,
        code: config.tooLargeCode ?? 'PAYLOAD_TOO_LARGE',
        message: `the body is larger than ${request.routeOptions.bodyLimit} bytes`,
      };
    case 415:
      return {
        status: 400,
        code: 'FLK-0001',
        message: 'the body must be JSON, sent with a Content-Type ending in json',
      };
    case 400:
      return { status, code: 'FLK-0001', message: 'the request cannot be read' };
    default:
      return { status, code: titleOf(status).toUpperCase().replaceAll(' ', '_'), message: titleOf(status) };
  }
}

function pathOf(request: Request): string {
  return (request.url.split('?', 1)[0] ?? '').slice(0, PATH_MAX);
}

/** `/v1/workflows/:id/activate` is about a workflow: the first id in the pattern and the word before it. */
function resourceOf(request: Request): { resourceType?: string; resourceId?: string } {
  const pattern = request.routeOptions.url ?? '';
  const [, collection, name] = /\/([a-z-]+)\/:([A-Za-z]+)/.exec(pattern) ?? [];
  const id = name === undefined ? undefined : (request.params as Record<string, string | undefined>)[name];
  if (collection === undefined || id === undefined) return {};
  return { resourceType: resourceTypes[collection] ?? collection, resourceId: id.toLowerCase() };
}

const resourceTypes: Readonly<Record<string, string>> = {
  workflows: 'workflow',
  executions: 'execution',
  'provider-configurations': 'provider_config',
  'api-keys': 'api_key',
};

function send(reply: FastifyReply, answer: Answer, requestId: string): void {
  if (reply.sent) return;
  if (answer.retryAfterSeconds !== undefined) void reply.header('Retry-After', String(answer.retryAfterSeconds));
  if (answer.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
  void reply.code(answer.status).type('application/json; charset=utf-8').send(problemOf(answer, requestId));
}
