// What the evidence knows of an entry: its leaf, and the one before it in its stream.
import { isStoreError } from '@app/event-store';
import type { EventPlace, LeafFacts } from '@app/evidence';
import { hexOf, placeKey } from '@app/evidence';
import type { AuditEntry } from './audit-entry.js';

/** Where leaves are looked up. */
export interface LeafDirectory {
  /** By `placeKey`; events that are not sequenced yet are missing. Throws StoreError. */
  factsOf(places: readonly EventPlace[]): Promise<ReadonlyMap<string, LeafFacts>>;
}

/** The entries with their leaves. Where the evidence cannot be read they stay as they are: reading goes on without it. */
export async function withLeaves<E extends AuditEntry>(entries: readonly E[], leaves: LeafDirectory): Promise<E[]> {
  const facts = await leaves.factsOf(entries).catch((error: unknown) => {
    if (isStoreError(error)) return new Map<string, LeafFacts>();
    throw error;
  });
  return entries.map((entry) => ({ ...entry, ...integrityOf(facts.get(placeKey(entry))) }));
}

function integrityOf(facts: LeafFacts | undefined): Pick<AuditEntry, 'hash' | 'previousHash' | 'leafIndex'> {
  if (!facts) return {};
  const { hash, previousHash, leafIndex } = facts;
  return { hash: hexOf(hash), ...(previousHash ? { previousHash: hexOf(previousHash) } : {}), leafIndex };
}
