/**
 * Check values of keys, from which no key can be computed: they let servers that share a store notice that they do not share
 * a key. Adapters: memory (tests), PostgreSQL; each passes `key-checks.contract.ts`.
 */
export abstract class KeyChecks {
  /** The value kept under the name: `value` when there was none, durably by then. The first one stays for ever. */
  abstract keep(name: string, value: string): Promise<string>;
}
