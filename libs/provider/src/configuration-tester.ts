// Whether a provider answers: three stages, each a GET of the base URL, through the client and credentials of the runs.
import type { Clock, JsonObject, Refusal, RequestContext } from '@app/kernel';
import { isRefusal, refuse, timestamp } from '@app/kernel';
import type { AggregateStore } from '@app/event-store';
import { authorized } from './authorized.js';
import type { CallableConfiguration, CallableConfigurations } from './callable-configurations.js';
import { recordableUrl } from './call-outcome.js';
import type { HttpClient, HttpOutcome } from './http-client.js';
import { configurationNotFound, providerConfiguration } from './provider-configuration.js';
import type { TokenSource } from './token-source.js';

export type StageStatus = 'passed' | 'failed' | 'skipped';

export interface TestStage {
  readonly name: 'connectivity' | 'authentication' | 'end_to_end';
  readonly status: StageStatus;
  readonly durationMs: number;
  readonly message?: string;
  readonly details?: JsonObject;
  readonly error?: string;
}

export interface TestReport {
  readonly providerConfigId: string;
  readonly providerId: string;
  readonly overallStatus: 'passed' | 'partial' | 'failed';
  readonly durationMs: number;
  readonly stages: readonly TestStage[];
  readonly summary: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly completedAt: string;
}

const STAGE_TIMEOUT_MS = 10_000;
const RESPONSE_BYTES_MAX = 1024 * 1024;
const baseUrlKeys = ['base_url', 'onboarding_base_url', 'transaction_base_url'] as const;

interface Tried {
  readonly stage: TestStage;
  readonly refused?: Refusal;
}

export class ConfigurationTester {
  constructor(
    private readonly configurations: CallableConfigurations,
    private readonly aggregates: AggregateStore,
    private readonly client: HttpClient,
    private readonly tokens: TokenSource,
    private readonly clock: Clock,
  ) {}

  async test(id: string, context: RequestContext): Promise<TestReport | Refusal> {
    const configuration = await this.configurations.of(id, true);
    if ('code' in configuration) {
      return configuration.code === 'config_missing'
        ? configurationNotFound()
        : refuse('state', 'FLK-0340', configuration.message);
    }
    const url = baseUrlOf(configuration.config);
    if (!url) return refuse('state', 'FLK-0340', 'the configuration has no usable base URL');
    const startedMs = this.clock.nowMs();
    const stages = await this.stages(configuration, url);
    if (isRefusal(stages)) return stages;
    const endedMs = this.clock.nowMs();
    const overallStatus = overallOf(stages);
    const durationMs = endedMs - startedMs;
    const recorded = await this.record(id, { overallStatus, stages, durationMs }, context);
    if (isRefusal(recorded)) return recorded;
    return {
      providerConfigId: id,
      providerId: configuration.connector.id,
      overallStatus,
      durationMs,
      stages,
      summary: summaryOf(stages),
      startedAt: timestamp(startedMs),
      completedAt: timestamp(endedMs),
    };
  }

  private record(
    id: string,
    { overallStatus, stages, durationMs }: Pick<TestReport, 'overallStatus' | 'stages' | 'durationMs'>,
    context: RequestContext,
  ) {
    const recorded = stages.map(({ name, status, details }) => {
      const statusCode = details?.['statusCode'];
      return { name, status, ...(typeof statusCode === 'number' ? { statusCode } : {}) };
    });
    const command = {
      kind: 'RecordProviderConfigurationTest' as const,
      overallStatus,
      stages: recorded,
      durationMs,
    };
    return this.aggregates.execute(providerConfiguration, id, command, context);
  }

  private async stages(configuration: CallableConfiguration, url: URL): Promise<readonly TestStage[] | Refusal> {
    const first = await this.connectivity(url);
    if (first.refused) return first.refused;
    const stages = [first.stage];
    for (const name of ['authentication', 'end_to_end'] as const) {
      const failed = stages.some(({ status }) => status === 'failed');
      stages.push(
        failed ? skipped(name, 'an earlier stage failed') : await this.withCredentials(name, configuration, url),
      );
    }
    return stages;
  }

  private async connectivity(url: URL): Promise<Tried> {
    const startedMs = this.clock.nowMs();
    const outcome = await this.send(url, {});
    const durationMs = this.clock.nowMs() - startedMs;
    if (!outcome.ok) {
      const { code, message, hop } = outcome.failure;
      const refused = hop === 0 && (code === 'egress_refused' || code === 'unknown_host');
      const stage = failedStage('connectivity', durationMs, message);
      return refused
        ? { stage, refused: refuse('state', 'FLK-0341', `the destination is refused: ${message}`) }
        : { stage };
    }
    const { status } = outcome.response;
    const details = { statusCode: status, responseTimeMs: durationMs, url: recordableUrl(url) };
    return { stage: judged('connectivity', durationMs, details, status < 500, status) };
  }

  private async withCredentials(
    name: 'authentication' | 'end_to_end',
    configuration: CallableConfiguration,
    url: URL,
  ): Promise<TestStage> {
    const { authentication, config } = configuration;
    const headers = plainHeaders(config['headers']);
    const headerCount = Object.keys(headers).length;
    if (name === 'authentication' && authentication.kind === 'none' && headerCount === 0) {
      return skipped(name, 'the configuration has no credentials');
    }
    const startedMs = this.clock.nowMs();
    const request = await this.authorize({ method: 'GET', url, headers }, configuration);
    if ('error' in request) return failedStage(name, this.clock.nowMs() - startedMs, request.error.message);
    const outcome = await this.send(request.url, request.headers);
    const durationMs = this.clock.nowMs() - startedMs;
    if (!outcome.ok) return failedStage(name, durationMs, outcome.failure.message);
    const { status, body, headers: answered } = outcome.response;
    const timed = { statusCode: status, responseTimeMs: durationMs };
    if (name === 'authentication') {
      const details = { ...timed, hasApiKey: config['api_key'] !== undefined, headerCount };
      return judged(name, durationMs, details, status !== 401 && status !== 403 && status < 500, status);
    }
    const details = { ...timed, responseBodyLen: body.length, contentType: answered['content-type'] ?? '' };
    return judged(name, durationMs, details, status >= 200 && status < 300, status);
  }

  private async authorize(
    request: { readonly method: 'GET'; readonly url: URL; readonly headers: Record<string, string> },
    { key, authentication }: CallableConfiguration,
  ) {
    if (authentication.kind !== 'oidc') return authorized(request, authentication);
    const limits = { timeoutMs: STAGE_TIMEOUT_MS, signal: new AbortController().signal };
    const outcome = await this.tokens.token(key, authentication, limits);
    if ('error' in outcome) return outcome;
    return authorized(request, { kind: 'header', name: 'Authorization', value: `Bearer ${outcome.token}` });
  }

  private send(url: URL, headers: Readonly<Record<string, string>>): Promise<HttpOutcome> {
    return this.client.send({
      method: 'GET',
      url,
      headers: { 'user-agent': 'Runledger', accept: '*/*', ...headers },
      timeoutMs: STAGE_TIMEOUT_MS,
      responseBytesMax: RESPONSE_BYTES_MAX,
    });
  }
}

function baseUrlOf(config: JsonObject): URL | undefined {
  const key = baseUrlKeys.find((name) => config[name] !== undefined);
  const text = key && config[key];
  if (typeof text !== 'string' || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

const unsendable = /^(?:host|content-length|transfer-encoding|connection|upgrade|te|trailer|keep-alive|expect)$/i;

function plainHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers as Record<string, unknown>)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && !unsendable.test(entry[0]))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function skipped(name: TestStage['name'], message: string): TestStage {
  return { name, status: 'skipped', durationMs: 0, message };
}

function failedStage(name: TestStage['name'], durationMs: number, error: string): TestStage {
  return { name, status: 'failed', durationMs, error };
}

function judged(
  name: TestStage['name'],
  durationMs: number,
  details: JsonObject,
  passed: boolean,
  status: number,
): TestStage {
  return passed
    ? { name, status: 'passed', durationMs, message: `answered with status ${status}`, details }
    : { name, status: 'failed', durationMs, details, error: `request returned status ${status}` };
}

function overallOf(stages: readonly TestStage[]): TestReport['overallStatus'] {
  const failed = stages.some(({ status }) => status === 'failed');
  if (!failed) return 'passed';
  return stages.some(({ status }) => status === 'passed') ? 'partial' : 'failed';
}

function summaryOf(stages: readonly TestStage[]): string {
  return stages.map(({ name, status }) => `${name} ${status}`).join(', ');
}
