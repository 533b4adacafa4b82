// Issues and revokes API keys: where the facts come from that a key's own stream does not know.
import type { Clock, IdSource, Refusal, RequestContext } from '@app/kernel';
import { isRefusal, keyOf, streamName, timestamp } from '@app/kernel';
import type { AggregateStore, Claim, Loaded, Reservations } from '@app/event-store';
import type { AccessPolicy } from './access-policy.js';
import type { ApiKeyState } from './api-key.js';
import { API_KEY_NAME_SCOPE, apiKey, apiKeyRefusals, isUsable } from './api-key.js';
import { formatApiKey } from './api-key-text.js';
import type { ApiKeyDirectory } from './api-key-view.js';
import type { KeySecrets } from './key-secrets.js';

export interface KeyOrder {
  readonly name: string;
  /** RFC 3339 */
  readonly expiresAt?: string;
}

/** A key that nothing has recorded yet. */
export interface DraftedKey extends KeyOrder {
  readonly id: string;
  /** The whole text: for the eyes of the one who ordered it, never to be kept. */
  readonly key: string;
}

export interface IssuedKey extends DraftedKey {
  readonly createdAt: string;
}

export class ApiKeyOffice {
  private lastRevocation: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly aggregates: AggregateStore,
    private readonly reservations: Reservations,
    private readonly directory: ApiKeyDirectory,
    private readonly secrets: KeySecrets,
    private readonly policy: AccessPolicy,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  draft(order: KeyOrder): DraftedKey {
    const id = this.ids.next();
    return { ...order, id, key: formatApiKey({ id, secret: this.secrets.newSecret() }) };
  }

  /** Records the key; from then on it is accepted. */
  async issue(draft: DraftedKey, context: RequestContext): Promise<IssuedKey | Refusal> {
    const { id, key, name, expiresAt } = draft;
    const claim = claimOf(name, id);
    if (await this.reservations.claim(claim, context, (owner) => this.holdsName(owner, name))) {
      return apiKeyRefusals.nameTaken(name);
    }
    const command = {
      kind: 'CreateApiKey' as const,
      name,
      keyedHash: this.secrets.keyedHash(key),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      nowIso: this.nowIso(),
    };
    const outcome = await this.aggregates.execute(apiKey, id, command, context);
    if (isRefusal(outcome)) {
      await this.reservations.release(claim, context);
      return outcome;
    }
    return { ...draft, createdAt: outcome.createdAt ?? command.nowIso };
  }

  /** One after the other: two at once could each take the other for the key that remains. */
  revoke(id: string, context: RequestContext): Promise<Loaded<ApiKeyState> | Refusal> {
    const turn = this.lastRevocation.then(() => this.revokeInTurn(id, context));
    this.lastRevocation = turn.catch(() => undefined);
    return turn;
  }

  /** Whether any key but this one opens the door now. */
  async anotherIsUsable(id: string | undefined): Promise<boolean> {
    const nowIso = this.nowIso();
    let cursor: string | undefined;
    do {
      const page = await this.directory.page({ revoked: false, limit: 100, ...(cursor ? { cursor } : {}) });
      for (const row of page.rows) {
        if (row.id === id || !isUsable({ ...row, revoked: false }, nowIso)) continue;
        const { state } = await this.aggregates.load(apiKey, row.id);
        if (state && isUsable(state, nowIso)) return true;
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return false;
  }

  private async revokeInTurn(id: string, context: RequestContext): Promise<Loaded<ApiKeyState> | Refusal> {
    const locksEverybodyOut = this.policy.mode === 'keys' && !(await this.anotherIsUsable(id));
    const command = { kind: 'RevokeApiKey' as const, nowIso: this.nowIso(), locksEverybodyOut };
    const outcome = await this.aggregates.execute(apiKey, id, command, context);
    if (!isRefusal(outcome) && outcome.state) await this.reservations.release(claimOf(outcome.state.name, id), context);
    return outcome;
  }

  private async holdsName(ownerStream: string, name: string): Promise<boolean> {
    const { state } = await this.aggregates.load(apiKey, keyOf(ownerStream));
    return state !== null && !state.revoked && state.name === name;
  }

  private nowIso(): string {
    return timestamp(this.clock.nowMs());
  }
}

function claimOf(name: string, id: string): Claim {
  return { scope: API_KEY_NAME_SCOPE, value: name, ownerStream: streamName('apiKey', id) };
}
