import { StoreError } from '@app/event-store';
import type { LeafFacts } from '@app/evidence';
import { placeKey } from '@app/evidence';
import type { AuditEntry } from './audit-entry.js';
import { withLeaves } from './audit-integrity.js';

const entry = (stream: string, revision: number): AuditEntry => ({ stream, revision, eventId: stream }) as AuditEntry;
const [first, second, late] = [entry('workflow-a', 0), entry('workflow-a', 1), entry('workflow-b', 0)];
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

describe('the integrity of entries', () => {
  it('is the leaf of each and the one before it in its stream, and nothing for what is not sequenced yet', async () => {
    const facts = new Map<string, LeafFacts>([
      [placeKey(first), { leafIndex: 4, hash: hash(1) }],
      [placeKey(second), { leafIndex: 9, hash: hash(2), previousHash: hash(1) }],
    ]);
    const asked: unknown[] = [];
    const leaves = {
      factsOf: async (places: readonly unknown[]) => {
        asked.push(...places);
        return facts;
      },
    };
    expect(await withLeaves([first, second, late], leaves)).toEqual([
      { ...first, hash: '01'.repeat(32), leafIndex: 4 },
      { ...second, hash: '02'.repeat(32), previousHash: '01'.repeat(32), leafIndex: 9 },
      late,
    ]);
    expect(asked).toEqual([first, second, late]);
  });

  it('is left out while the evidence cannot be read; a bug is told', async () => {
    const away = { factsOf: () => Promise.reject(new StoreError('StoreUnavailable', 'away')) };
    expect(await withLeaves([first], away)).toEqual([first]);
    const broken = { factsOf: () => Promise.reject(new TypeError('bug')) };
    await expect(withLeaves([first], broken)).rejects.toThrow('bug');
  });
});
