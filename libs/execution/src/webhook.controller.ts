import { All, Controller, Headers, HttpCode, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JsonObject, RequestContext } from '@app/kernel';
import { accepted, Clock, keyOf, refuse, RefusalError } from '@app/kernel';
import { AggregateStore, Reservations } from '@app/event-store';
import { AccessPolicy } from '@app/access';
import { SelfAuthenticated } from '@app/access/nest';
import { SecretStore } from '@app/provider';
import { UnreadableBody } from '@app/shell';
import type { RawBodyRequest } from '@app/shell/nest';
import { BodyLimit, Caller, WebhookRoute as Webhook } from '@app/shell/nest';
import type { WebhookRoute } from '@app/workflow';
import { activeVersionOf, normalizeRoute, WEBHOOK_ROUTE_SCOPE, webhookRoutesOf, workflow } from '@app/workflow';
import { isSignedBy, sameText } from './crypto.webhook-proof.js';
import { StartedExecutionDto } from './execution-answers.dto.js';
import { StartExecution, type StartedRun } from './execution.messages.js';
import { isObject } from './execution-state.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { waitSecondsOf } from './prefer.js';
import { answerStart } from './start-answer.js';
import { webhookInputOf } from './webhook-input.js';

const BODY_MAX = 1024 * 1024;
const noRoute = refuse('not_found', 'FLK-0361', 'no active workflow listens to this method and path');
const notProven = refuse('unauthenticated', 'FLK-0362', 'the webhook token or signature is missing or wrong');

interface Target {
  readonly workflowId: string;
  readonly route: WebhookRoute;
}

@ApiTags('webhooks')
@Controller('v1/webhooks')
export class WebhookController {
  constructor(
    private readonly commands: CommandBus,
    private readonly aggregates: AggregateStore,
    private readonly reservations: Reservations,
    private readonly secrets: SecretStore,
    private readonly access: AccessPolicy,
    private readonly clock: Clock,
  ) {}

  @All('*')
  @HttpCode(201)
  @Webhook()
  @SelfAuthenticated()
  @BodyLimit(BODY_MAX, 'FLK-0363')
  @ApiOperation({ summary: 'Start a run of the workflow that listens to this method and path' })
  @ApiCreatedResponse({ type: StartedExecutionDto, description: 'a new run' })
  @ApiOkResponse({ type: StartedExecutionDto, description: 'the run that this Idempotency-Key began before' })
  @ApiResponse({ status: 401, description: 'FLK-0362: token or signature missing or wrong' })
  @ApiResponse({ status: 404, description: 'FLK-0361: nobody listens' })
  async receive(
    @Req() request: FastifyRequest & RawBodyRequest,
    @Headers('prefer') prefer: string | undefined,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const path = pathOf(request);
    const target = await this.targetOf(request.method, path);
    if (!target) throw new RefusalError(noRoute);
    await this.prove(request, target.route, context);
    const body = bodyOf(request);
    const idempotencyKey = accepted(idempotencyKeyOf(keyHeaderOf(request, target.route)));
    const waitSeconds = waitSecondsOf(prefer);
    const query = request.query as Record<string, unknown>;
    const { method, headers } = request;
    const started = await this.commands.execute<StartExecution, StartedRun>(
      new StartExecution(
        {
          workflowId: target.workflowId,
          input: webhookInputOf(body, { method, path, headers, query, ip: context.ip }),
          body,
          trigger: 'webhook',
          nodeId: target.route.nodeId,
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          waitMs: waitSeconds * 1000,
        },
        context,
      ),
    );
    void reply.header('x-webhook-workflow-id', target.workflowId);
    void reply.header('x-webhook-execution-id', started.executionId);
    return answerStart(reply, started, waitSeconds);
  }

  /** The reservation names the workflow, its active version says whether it really listens. */
  private async targetOf(method: string, path: string): Promise<Target | undefined> {
    const wanted = normalizeRoute(method, path);
    const holder = await this.reservations.holder(WEBHOOK_ROUTE_SCOPE, wanted);
    if (holder === undefined) return undefined;
    const workflowId = keyOf(holder);
    const { state } = await this.aggregates.load(workflow, workflowId);
    const version = activeVersionOf(state);
    const route = version && webhookRoutesOf(version.definition).find((one) => one.route === wanted);
    return route && { workflowId, route };
  }

  private async prove(
    request: FastifyRequest & RawBodyRequest,
    route: WebhookRoute,
    context: RequestContext,
  ): Promise<void> {
    const { verifyTokenId, signingSecretId } = route;
    if (verifyTokenId === undefined && signingSecretId === undefined) {
      accepted(this.access.unidentified(context));
      return;
    }
    const { headers } = request;
    if (verifyTokenId !== undefined) {
      const expected = await this.secrets.get(verifyTokenId);
      const given = single(headers['x-webhook-token']);
      if (expected === undefined || given === undefined || !sameText(given, expected))
        throw new RefusalError(notProven);
    }
    if (signingSecretId !== undefined) {
      const secret = await this.secrets.get(signingSecretId);
      const sent = {
        id: single(headers['webhook-id']),
        timestamp: single(headers['webhook-timestamp']),
        signature: single(headers['webhook-signature']),
      };
      const body = request.rawBody ?? new Uint8Array();
      if (secret === undefined || !isSignedBy(secret, sent, body, this.clock.nowMs()))
        throw new RefusalError(notProven);
    }
  }
}

/** A signed delivery names itself: sent again, within the time in which its signature is good, it is the same run. */
function keyHeaderOf({ headers }: FastifyRequest, { signingSecretId }: WebhookRoute): string | undefined {
  const own = single(headers['idempotency-key']);
  return own === undefined && signingSecretId !== undefined ? single(headers['webhook-id']) : own;
}

/** What stands behind `/v1/webhooks/`, decoded: `%2F` is a slash here. */
function pathOf(request: FastifyRequest): string {
  return (request.params as { '*': string })['*'];
}

function bodyOf(request: FastifyRequest): JsonObject {
  const { body } = request;
  if (body === undefined) return {};
  if (body instanceof UnreadableBody) throw new RefusalError(body.refusal);
  if (isObject(body)) return body;
  throw new RefusalError(refuse('invalid', 'FLK-0001', 'the body of a webhook must be a JSON object'));
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
