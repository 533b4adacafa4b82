// Configurations ready to be called: opened, understood, remembered for as long as their revision stands.
import type { JsonObject } from '@app/kernel';
import type { AggregateStore } from '@app/event-store';
import { RecentMap } from '@app/event-store';
import type { Authentication } from './authentication.js';
import { authenticationOf } from './authentication.js';
import { findProvider } from './catalog.js';
import type { Connector } from './connector.js';
import type { CallError } from './provider-caller.js';
import { existsConfiguration, providerConfiguration } from './provider-configuration.js';
import type { SecretStore } from './secret-store.js';
import { openSecrets, secretTextsOf } from './secrets.js';

export interface CallableConfiguration {
  /** Names configuration and revision: what was learnt with one revision's credentials is not used with another's. */
  readonly key: string;
  readonly connector: Connector;
  /** Opened: holds secrets in clear. */
  readonly config: JsonObject;
  readonly authentication: Authentication;
  readonly secretTexts: readonly string[];
  /** Query parameter that carries the API key, when one does. */
  readonly secretParameter?: string;
  readonly concurrencyMax: number;
  readonly timeoutMs?: number;
}

const CONCURRENCY_MAX = 64;

export class CallableConfigurations {
  private readonly opened = new RecentMap<string, { readonly revision: number; readonly value: CallableConfiguration }>(
    500,
  );

  constructor(
    private readonly aggregates: AggregateStore,
    private readonly secrets: SecretStore,
  ) {}

  /** Looked at for every call: a configuration that is disabled stops the runs under way. `seenAfterMs` as in `load`. */
  async of(id: string, alsoDisabled = false, seenAfterMs?: number): Promise<CallableConfiguration | CallError> {
    const { state, revision } = await this.aggregates.load(providerConfiguration, id, seenAfterMs);
    if (!existsConfiguration(state)) {
      return { code: 'config_missing', message: 'provider config not found', retryable: false };
    }
    if (state.status === 'disabled' && !alsoDisabled) {
      return { code: 'config_disabled', message: 'provider configuration is not active', retryable: false };
    }
    const known = this.opened.get(id);
    if (known?.revision === revision) return known.value;
    const value = await this.open(`${id}@${revision}`, state.providerId, state.config);
    if (!('code' in value)) this.opened.set(id, { revision, value });
    return value;
  }

  /** Has at hand what `of` is going to ask the log for. */
  prefetch(id: string, seenAfterMs: number): void {
    this.aggregates.prefetch(providerConfiguration, id, seenAfterMs);
  }

  private async open(key: string, providerId: string, sealed: JsonObject): Promise<CallableConfiguration | CallError> {
    const connector = findProvider(providerId);
    if (!connector) return unusable(`provider "${providerId}" is not in the catalogue`);
    const { document: config, missing } = await openSecrets(sealed, this.secrets);
    if (missing.length > 0) return unusable('a secret of the provider configuration is gone; send it again');
    const authentication = authenticationOf(connector, config);
    if (!('kind' in authentication)) {
      return unusable(authentication.map(({ field, message }) => `${field} ${message}`).join('; '));
    }
    const timeoutMs = timeoutOf(config);
    return {
      key,
      connector,
      config,
      authentication,
      secretTexts: [...(await secretTextsOf(sealed, this.secrets)), ...derivedSecrets(authentication)],
      concurrencyMax: positive(config['max_concurrency']) ?? CONCURRENCY_MAX,
      ...(authentication.kind === 'query' ? { secretParameter: authentication.name } : {}),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
  }
}

/** Credentials in the form in which they travel: what a provider may echo. */
function derivedSecrets(authentication: Authentication): string[] {
  if (authentication.kind !== 'header') return [];
  return [authentication.value.split(' ').at(-1) ?? ''].filter((text) => text !== '');
}

function timeoutOf(config: JsonObject): number | undefined {
  const seconds = positive(config['timeout_seconds']);
  return seconds === undefined ? positive(config['timeout_ms']) : seconds * 1_000;
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}

function unusable(problem: string): CallError {
  return { code: 'config_unusable', message: `failed to build runner input: ${problem}`, retryable: false };
}
