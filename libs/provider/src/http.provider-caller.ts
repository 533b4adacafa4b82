// One attempt of one provider call: configuration, secrets, request, credentials, gate, answer.
import { hash } from 'node:crypto';
import type { Clock, Json } from '@app/kernel';
import { jsonDefect } from '@app/kernel';
import type { CallGate, GateRefusal, GateVerdict } from './cockatiel.call-gate.js';
import { bodyOf, envelopeOf, excerptOf, failureError, recordableUrl, statusError } from './call-outcome.js';
import { findExecutor } from './catalog.js';
import type { CallableConfiguration, CallableConfigurations } from './callable-configurations.js';
import type { HttpClient, HttpOutcome, HttpResponse } from './http-client.js';
import type { TokenSource } from './token-source.js';
import type { CallError, CallOutcome, CallRecord, ProviderCall } from './provider-caller.js';
import { ProviderCaller } from './provider-caller.js';
import type { BuiltRequest } from './request-builder.js';
import { buildRequest, successCodesOf } from './request-builder.js';
import { authorized } from './authorized.js';

export class HttpProviderCaller extends ProviderCaller {
  constructor(
    private readonly configurations: CallableConfigurations,
    private readonly client: HttpClient,
    private readonly tokens: TokenSource,
    private readonly gateOf: (configurationId: string) => CallGate,
    private readonly clock: Clock,
    /** A bug or a broken secret store, told without its message: that may hold anything. */
    private readonly onFault: (where: string) => void,
  ) {
    super();
  }

  prepare({ providerConfigId, askedForMs }: Pick<ProviderCall, 'providerConfigId' | 'askedForMs'>): void {
    this.configurations.prefetch(providerConfigId, askedForMs);
  }

  async call(call: ProviderCall): Promise<CallOutcome> {
    try {
      return await this.attempt(call);
    } catch (error) {
      this.onFault(placeOf(error));
      return failed({ code: 'internal', message: 'executor error: the call could not be made', retryable: true });
    }
  }

  private async attempt(call: ProviderCall): Promise<CallOutcome> {
    if (call.signal.aborted) return cancelled();
    const configuration = await this.configurations.of(call.providerConfigId, false, call.askedForMs);
    if ('code' in configuration) return failed(configuration);
    const executor = findExecutor(call.executorId);
    if (!executor || executor.providerId !== configuration.connector.id) {
      return failed(invalid(`executor "${call.executorId}" does not belong to the provider of the configuration`));
    }
    const { config } = configuration;
    const built = buildRequest(executor, config, call.nodeData, call.body);
    if ('unbuildable' in built) return failed(invalid(built.unbuildable));
    const timeoutMs = timeoutOf(call, configuration);
    const endsAt = performance.now() + timeoutMs;
    const limits = { concurrencyMax: configuration.concurrencyMax, timeoutMs, signal: call.signal };
    const passed = await this.gateOf(call.providerConfigId).pass(limits, async () => {
      const value = await this.exchange(call, configuration, built, endsAt);
      return { value, verdict: verdictOn(value) };
    });
    return typeof passed === 'string' ? refusedByGate(passed) : passed.value;
  }

  private async exchange(
    call: ProviderCall,
    configuration: CallableConfiguration,
    built: BuiltRequest,
    endsAt: number,
  ): Promise<CallOutcome> {
    const startedAt = performance.now();
    addTracing(built.headers, call);
    for (let renewed = false; ; renewed = true) {
      const ready = await this.authorize(built, configuration, endsAt, call.signal);
      if ('error' in ready) return failed(ready.error);
      const timeoutMs = endsAt - performance.now();
      const { method, url, headers, body } = ready.request;
      const limits = { timeoutMs, signal: call.signal };
      const outcome = await this.client.send(
        body === undefined ? { method, url, headers, ...limits } : { method, url, headers, body, ...limits },
      );
      const { token } = ready;
      if (token && outcome.ok && outcome.response.status === 401) {
        this.tokens.drop(configuration.key, token.token);
        // A refused request was not carried out; only a remembered token may have been the reason.
        if (token.cached && !renewed) continue;
      }
      const secrets = token ? [...configuration.secretTexts, token.token] : configuration.secretTexts;
      return this.conclude(call, configuration.secretParameter, secrets, ready.request, outcome, startedAt);
    }
  }

  private async authorize(
    request: BuiltRequest,
    configuration: CallableConfiguration,
    endsAt: number,
    signal: AbortSignal,
  ) {
    const { authentication } = configuration;
    if (authentication.kind !== 'oidc') return { request: authorized(request, authentication), token: undefined };
    const limits = { timeoutMs: endsAt - performance.now(), signal };
    const token = await this.tokens.token(configuration.key, authentication, limits);
    if ('error' in token) return token;
    const bearer = { kind: 'header' as const, name: 'Authorization', value: `Bearer ${token.token}` };
    return { request: authorized(request, bearer), token };
  }

  private conclude(
    call: ProviderCall,
    secretParameter: string | undefined,
    secrets: readonly string[],
    request: BuiltRequest,
    outcome: HttpOutcome,
    startedAt: number,
  ): CallOutcome {
    const url = recordableUrl(outcome.ok ? outcome.response.url : request.url, secretParameter);
    const { method } = request;
    const durationMs = Math.round(performance.now() - startedAt);
    if (!outcome.ok) return { ok: false, error: failureError(outcome.failure), call: { method, url, durationMs } };
    const { response } = outcome;
    const record: CallRecord = {
      method,
      url,
      durationMs,
      status: response.status,
      responseBytes: response.body.length,
      responseDigest: hash('sha256', response.body),
    };
    if (!successCodesOf(call.nodeData).includes(response.status)) {
      return { ok: false, error: statusError(response, secrets, this.clock.nowMs()), call: record };
    }
    const body = readBody(response, secrets);
    if (body.problem !== undefined) {
      return { ok: false, error: unreadable(response, body.problem, secrets), call: record };
    }
    return { ok: true, envelope: envelopeOf(response, url, body.value, secrets), call: record };
  }
}

function readBody(
  response: HttpResponse,
  secrets: readonly string[],
): { readonly value: Json | undefined; readonly problem?: string } {
  try {
    const value = bodyOf(response, secrets);
    const defect = value === undefined ? undefined : jsonDefect(value, BODY_DEPTH_MAX);
    return defect ? { value, problem: `${defect.path} ${defect.problem}`.trim() } : { value };
  } catch {
    return { value: undefined, problem: 'it says it is JSON and is not' };
  }
}

/** Leaves room for the document that the body will stand in. */
const BODY_DEPTH_MAX = 56;

function unreadable(response: HttpResponse, problem: string, secrets: readonly string[]): CallError {
  const bodyExcerpt = excerptOf(response.body, secrets);
  return {
    code: 'invalid_response',
    message: `executor error: the response body cannot be used: ${problem}`,
    retryable: false,
    httpStatus: response.status,
    ...(bodyExcerpt === undefined ? {} : { bodyExcerpt }),
  };
}

/** The built request is this call's own, so its headers are completed in place. */
function addTracing(headers: Record<string, string>, call: ProviderCall): void {
  headers['idempotency-key'] = call.idempotencyKey;
  headers['x-correlation-id'] = call.correlationId;
  headers['user-agent'] ??= 'Runledger';
  if (call.traceparent !== undefined) headers['traceparent'] = call.traceparent;
}

/** The node's timeout is in `timeoutMs` already; without one the configuration may have its own. */
function timeoutOf(call: ProviderCall, { timeoutMs }: CallableConfiguration): number {
  return typeof call.nodeData['timeout'] === 'number' ? call.timeoutMs : (timeoutMs ?? call.timeoutMs);
}

/** Only what is the provider's own fault counts against it: never a 4xx, never a mistake of ours. */
function verdictOn(outcome: CallOutcome): GateVerdict {
  const status = outcome.call?.status;
  if (status !== undefined) return status >= 500 ? 'failure' : 'success';
  if (outcome.ok) return 'success';
  return outcome.error.code === 'network' || outcome.error.code === 'timeout' ? 'failure' : 'neutral';
}

function refusedByGate(refusal: GateRefusal): CallOutcome {
  switch (refusal) {
    case 'breaker_open':
      return failed({
        code: 'breaker_open',
        message: 'executor error: circuit breaker is open: FLK-0507',
        retryable: false,
      });
    case 'no_slot':
      return failed({
        code: 'timeout',
        message: 'executor error: no free call slot of the provider configuration in time',
        retryable: true,
      });
    case 'cancelled':
      return cancelled();
  }
}

const cancelledError: CallError = {
  code: 'cancelled',
  message: 'executor error: the call was cancelled',
  retryable: false,
};

function cancelled(): CallOutcome {
  return failed(cancelledError);
}

function invalid(problem: string): CallError {
  return { code: 'invalid_request', message: `failed to build runner input: ${problem}`, retryable: false };
}

function failed(error: CallError): CallOutcome {
  return { ok: false, error };
}

/** The kind of the error and the frames of its stack, without its message. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [error.name, ...frames.slice(0, 5).map((frame) => frame.trim())].join(' ');
}
