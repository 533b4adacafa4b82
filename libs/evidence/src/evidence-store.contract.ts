// What every store of evidence must keep.
import { randomUUID } from 'node:crypto';
import type { LeafBatch, StoredLeaf } from './evidence-store.js';
import type { EvidenceStore } from './evidence-store.js';

export interface EvidenceStoreSubject {
  readonly store: EvidenceStore;
  /** The same evidence, as another server or thread has it open. */
  readonly other: EvidenceStore;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (number: number): Uint8Array => new Uint8Array(32).fill(number % 251);
const positionOf = (number: number): string => `sql:${String(number).padStart(20, '0')}`;

export function leafFor(index: number, stream = `execution-${index}`, revision = 0): StoredLeaf {
  return {
    index,
    hash: hashOf(index),
    entry: bytes(`{"idx":"${index}"}`),
    eventId: randomUUID(),
    stream,
    revision,
    position: positionOf(index + 1),
  };
}

function batchOf(leaves: readonly StoredLeaf[], more: Partial<LeafBatch> = {}): LeafBatch {
  const from = leaves[0]?.index ?? 0;
  return { from, leaves, nodes: [], position: leaves.at(-1)?.position ?? positionOf(1), ...more };
}

const plain = (value: Uint8Array): number[] => [...value];
const plainLeaf = (leaf: StoredLeaf | undefined): object | undefined =>
  leaf && { ...leaf, hash: plain(leaf.hash), entry: plain(leaf.entry) };
const plainLeaves = (leaves: readonly StoredLeaf[]): unknown[] => leaves.map(plainLeaf);

/** @param subject a fresh, empty store for every test */
export function evidenceStoreContract(subject: () => EvidenceStoreSubject): void {
  const store = (): EvidenceStore => subject().store;

  it('is empty at first', async () => {
    expect(await store().sequencedTo()).toEqual({ size: 0, position: undefined });
    expect(await store().leaves(0, 10)).toEqual([]);
    expect(plain(await store().hashes(0, 0, 10))).toEqual([]);
    expect(await store().checkpoint()).toBeUndefined();
    expect(await store().mark('origin')).toBeUndefined();
    expect(await store().leafOfEvent(randomUUID())).toBeUndefined();
  });

  it('gives back leaves by index, event, place and stream, to every reader', async () => {
    const [a, b, c] = [leafFor(0, 's-1', 0), leafFor(1, 's-2', 0), leafFor(2, 's-1', 1)];
    await store().append(batchOf([a, b]));
    await store().append(batchOf([c]));
    for (const reader of [store(), subject().other]) {
      expect(await reader.sequencedTo()).toEqual({ size: 3, position: c.position });
      expect(plainLeaves(await reader.leaves(0, 2))).toEqual(plainLeaves([a, b]));
      expect(plainLeaves(await reader.leaves(1, 99))).toEqual(plainLeaves([b, c]));
      expect(plainLeaf(await reader.leafOfEvent(b.eventId))).toEqual(plainLeaf(b));
      const places = [c, { stream: 's-9', revision: 0 }, { stream: 's-1', revision: 9 }, a];
      const found = await reader.leavesAt(places);
      expect(plainLeaves(found.sort((x, y) => x.index - y.index))).toEqual(plainLeaves([a, c]));
      expect(plainLeaves(await reader.leavesOfStream('s-1', 0, 9))).toEqual(plainLeaves([a, c]));
      expect(plainLeaves(await reader.leavesOfStream('s-1', 0, 1))).toEqual(plainLeaves([a]));
      expect(plainLeaves(await reader.leavesOfStream('s-1', 1, 9))).toEqual(plainLeaves([c]));
      expect(plainLeaves(await reader.leavesOfStream('s-9', 0, 9))).toEqual([]);
      const ends = await reader.ends(['s-1', 's-9', 's-2']);
      expect(plainLeaves(ends.sort((x, y) => x.index - y.index))).toEqual(plainLeaves([b, c]));
      expect(await reader.ends([])).toEqual([]);
      expect(await reader.leavesAt([])).toEqual([]);
    }
  });

  it('gives hashes by level, one after the other', async () => {
    const leaves = Array.from({ length: 5 }, (_, index) => leafFor(index));
    const nodes = [
      { level: 8, index: 0, hash: hashOf(100) },
      { level: 8, index: 1, hash: hashOf(101) },
      { level: 16, index: 0, hash: hashOf(102) },
    ];
    await store().append(batchOf(leaves, { nodes }));
    expect(plain(await store().hashes(0, 1, 3))).toEqual([...plain(hashOf(1)), ...plain(hashOf(2))]);
    expect(plain(await store().hashes(8, 0, 256))).toEqual([...plain(hashOf(100)), ...plain(hashOf(101))]);
    expect(plain(await store().hashes(16, 0, 1))).toEqual(plain(hashOf(102)));
    expect(plain(await store().hashes(24, 0, 1))).toEqual([]);
  });

  it('remembers how far it looked where there was no leaf', async () => {
    await store().append({ from: 0, leaves: [], nodes: [], position: positionOf(7) });
    expect(await store().sequencedTo()).toEqual({ size: 0, position: positionOf(7) });
  });

  it('writes nothing of a batch that does not follow', async () => {
    await store().append(batchOf([leafFor(0)]));
    const refused = { code: 'WrongExpectedRevision' };
    await expect(store().append(batchOf([leafFor(0)]))).rejects.toMatchObject(refused);
    await expect(store().append(batchOf([leafFor(2)]))).rejects.toMatchObject(refused);
    expect(await store().sequencedTo()).toEqual({ size: 1, position: positionOf(1) });
  });

  it('writes nothing of a batch with an event that is there already, by id or by place', async () => {
    const first = leafFor(0, 's-1', 0);
    await store().append(batchOf([first]));
    const [sameId, samePlace] = [{ ...leafFor(2), eventId: first.eventId }, leafFor(2, 's-1', 0)];
    for (const again of [sameId, samePlace]) {
      const refused = expect(store().append(batchOf([leafFor(1, 's-3'), again], { from: 1 }))).rejects;
      await refused.toMatchObject({ code: 'WrongExpectedRevision' });
    }
    expect((await store().sequencedTo()).size).toBe(1);
    expect(await store().leavesOfStream('s-3', 0, 9)).toEqual([]);
  });

  it('goes on with the streams of a batch that failed as if it had never been', async () => {
    const first = leafFor(0, 's-1', 0);
    await store().append(batchOf([first]));
    const doomed = ['s-2', 's-3', 's-4'].map((stream, at) => leafFor(1 + at, stream));
    const failing = batchOf([...doomed, { ...leafFor(4), eventId: first.eventId }], { from: 1 });
    await expect(store().append(failing)).rejects.toMatchObject({ code: 'WrongExpectedRevision' });
    const after = ['s-4', 's-5', 's-2'].map((stream, at) => leafFor(1 + at, stream));
    await store().append(batchOf(after));
    await store().append(batchOf([leafFor(4, 's-4', 1), leafFor(5, 's-1', 1)]));
    for (const [at, stream] of ['s-4', 's-5', 's-2'].entries()) {
      expect((await store().leavesOfStream(stream, 0, 1)).map(({ index }) => index)).toEqual([at + 1]);
    }
    const ends = await subject().other.ends(['s-1', 's-2', 's-3', 's-4']);
    expect(ends.map(({ stream, revision, index }) => [stream, revision, index]).sort()).toEqual([
      ['s-1', 1, 5],
      ['s-2', 0, 3],
      ['s-4', 1, 4],
    ]);
  });

  it('knows every event by its own id, whatever that looks like', async () => {
    const uuid = 'abcdef01-0000-7000-8000-00000000000a';
    const ids = [uuid, uuid.toUpperCase(), uuid.replaceAll('-', ''), 'x', '\u00e9 "1"', uuid.replace('8', '9')];
    await store().append(batchOf(ids.map((eventId, index) => ({ ...leafFor(index), eventId }))));
    for (const [index, eventId] of ids.entries()) {
      expect(await subject().other.leafOfEvent(eventId)).toMatchObject({ index, eventId });
    }
    expect(await store().leafOfEvent(`${uuid} `)).toBeUndefined();
    expect((await store().leaves(0, 9)).map(({ eventId }) => eventId)).toEqual(ids);
  });

  it('lets one of two writers win', async () => {
    const [mine, theirs] = [leafFor(0), leafFor(0)];
    const outcomes = await Promise.allSettled([store().append(batchOf([mine])), store().append(batchOf([theirs]))]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await store().sequencedTo()).size).toBe(1);
  });

  it('takes a thousand leaves at once', async () => {
    const leaves = Array.from({ length: 1_000 }, (_, index) => leafFor(index));
    await store().append(batchOf(leaves));
    expect(plainLeaves(await store().leavesAt(leaves.slice(0, 1_000)))).toHaveLength(1_000);
    expect(plainLeaves(await store().leaves(999, 1_000))).toEqual(plainLeaves([leaves[999] as StoredLeaf]));
  });

  it('keeps checkpoints by size, the first of each size for ever', async () => {
    const [three, five] = [
      { size: 3, note: 'three', signedAtMs: 1_000 },
      { size: 5, note: 'five', signedAtMs: 2_000 },
    ];
    await store().saveCheckpoint(five);
    await store().saveCheckpoint(three);
    await store().saveCheckpoint({ size: 5, note: 'another', signedAtMs: 3_000 });
    expect(await subject().other.checkpoint()).toEqual(five);
    expect(await store().checkpoint(3)).toEqual(three);
    expect(await store().checkpoint(4)).toBeUndefined();
  });

  it('forgets the leaves, not what was signed, and takes leaves from the first on again', async () => {
    const [a, b] = [leafFor(0, 's-1', 0), leafFor(1, 's-2', 0)];
    const nodes = [{ level: 8, index: 0, hash: hashOf(100) }];
    await store().append(batchOf([a, b], { nodes }));
    await store().saveCheckpoint({ size: 2, note: 'two', signedAtMs: 1 });
    await store().setMark('origin', 'example.com/log');
    await store().forgetLeaves();
    await store().forgetLeaves();
    for (const reader of [store(), subject().other]) {
      expect(await reader.sequencedTo()).toEqual({ size: 0, position: undefined });
      expect(await reader.leaves(0, 9)).toEqual([]);
      expect(plain(await reader.hashes(8, 0, 9))).toEqual([]);
      expect(await reader.checkpoint()).toMatchObject({ size: 2 });
      expect(await reader.mark('origin')).toBe('example.com/log');
    }
    await store().append(batchOf([a, b], { nodes }));
    expect((await store().sequencedTo()).size).toBe(2);
  });

  it('gives back checkpoints by size, page by page', async () => {
    const all = [9, 2, 30, 4].map((size) => ({ size, note: `note ${size}`, signedAtMs: size * 1_000 }));
    await store().saveCheckpoints(all);
    await store().saveCheckpoints([]);
    await store().saveCheckpoints([{ size: 4, note: 'another', signedAtMs: 1 }]);
    const sizes = async (after: number, limit: number) =>
      (await subject().other.checkpointsAfter(after, limit)).map(({ size }) => size);
    expect(await sizes(-1, 3)).toEqual([2, 4, 9]);
    expect(await sizes(9, 3)).toEqual([30]);
    expect(await sizes(30, 3)).toEqual([]);
    expect(await store().checkpointsAfter(2, 1)).toEqual([all[3]]);
  });

  it('keeps one cosignature of each key', async () => {
    await store().saveCheckpoint({ size: 3, note: 'three', signedAtMs: 1_000 });
    await store().saveCheckpoint({ size: 5, note: 'five', signedAtMs: 2_000 });
    expect(await store().cosignedCheckpoint()).toBeUndefined();
    const [w1, w2] = [
      { key: 'w1+1', line: 'one', atMs: 1 },
      { key: 'w2+1', line: 'two', atMs: 2 },
    ];
    await store().saveCosignatures(3, [w2, w1]);
    await store().saveCosignatures(3, [{ ...w2, line: 'later', atMs: 3 }]);
    expect(await store().cosignatures(3)).toEqual([w1, { ...w2, line: 'later', atMs: 3 }]);
    expect(await store().cosignatures(5)).toEqual([]);
    expect(await subject().other.cosignedCheckpoint()).toMatchObject({ size: 3 });
  });

  it('keeps marks until they are taken away', async () => {
    await store().setMark('origin', 'example.com/log');
    await store().setMark('failure', 'x');
    await store().setMark('failure', 'y');
    expect([await subject().other.mark('origin'), await store().mark('failure')]).toEqual(['example.com/log', 'y']);
    await store().setMark('failure', undefined);
    expect(await store().mark('failure')).toBeUndefined();
  });

  it('keeps the first of two texts that are both to be kept', async () => {
    const kept = await Promise.all([store().keepMark('origin', 'a'), store().keepMark('origin', 'b')]);
    expect(kept[0]).toBe(kept[1]);
    expect(await subject().other.mark('origin')).toBe(kept[0]);
  });

  it('gives the right to write, and takes it back', async () => {
    const claim = await store().claim();
    expect(claim?.lost?.aborted ?? false).toBe(false);
    await claim?.release();
    const again = await store().claim();
    expect(again).toBeDefined();
    await again?.release();
  });

  it('may be closed twice', async () => {
    await store().close();
    await expect(store().close()).resolves.toBeUndefined();
  });
}
