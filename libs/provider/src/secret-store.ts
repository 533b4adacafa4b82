/**
 * Keeps secrets encrypted, apart from the log: events hold references only, so that deleting a secret really removes it.
 * Adapters: memory (tests), SQLite (one file), PostgreSQL (several servers); each passes `secret-store.contract.ts`.
 */
export abstract class SecretStore {
  /**
   * Keeps the text durably before it answers; the id is fresh and says nothing about the text. Throws StoreError:
   * StoreUnavailable.
   */
  abstract put(text: string): Promise<string>;

  /** The text, or undefined when it was deleted or never was. Throws when it cannot be decrypted, or reached now. */
  abstract get(id: string): Promise<string | undefined>;

  /** Forgets the texts; unknown ids are ignored. Throws StoreError: StoreUnavailable. */
  abstract delete(ids: readonly string[]): Promise<void>;

  /** Idempotent. */
  abstract close(): Promise<void>;
}
