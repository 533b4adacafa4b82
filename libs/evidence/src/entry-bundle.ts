// Entries one after the other, each behind its length: the entry bundles of C2SP tlog-tiles, and the entries of our own bundles.
import { EvidenceError } from './evidence-error.js';
import { ENTRY_BYTES_MAX } from './leaf.js';

/** Bytes of the length before each entry. */
export const ENTRY_LENGTH_BYTES = 2;

/** Throws malformed_tile when an entry is longer than its length can say. */
export function packEntries(entries: readonly Uint8Array[]): Uint8Array {
  const packed = new Uint8Array(entries.reduce((sum, entry) => sum + ENTRY_LENGTH_BYTES + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX) throw malformed(`holds an entry of ${entry.length} bytes`);
    packed[at] = entry.length >> 8;
    packed[at + 1] = entry.length & 0xff;
    packed.set(entry, at + ENTRY_LENGTH_BYTES);
    at += ENTRY_LENGTH_BYTES + entry.length;
  }
  return packed;
}

/** The entries, as views of `bytes`. Throws malformed_tile when they end in the midst of an entry. */
export function unpackEntries(bytes: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + ENTRY_LENGTH_BYTES > bytes.length) throw malformed('ends within the length of an entry');
    const from = at + ENTRY_LENGTH_BYTES;
    at = from + (bytes[at] as number) * 256 + (bytes[at + 1] as number);
    if (at > bytes.length) throw malformed('ends within an entry');
    entries.push(bytes.subarray(from, at));
  }
  return entries;
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_tile', `an entry bundle ${problem}`);
}
