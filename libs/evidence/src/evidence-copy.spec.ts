import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@app/kernel';
import { ORIGIN, sampleEvents, SampleLog } from '../../../test/support/sample-log.js';
import { copyEvidence, EvidenceDiffers, evidenceToCarry } from './evidence-copy.js';
import type { EvidenceStore } from './evidence-store.js';
import { LogRoot } from './log-root.js';
import { SqliteEvidenceStore } from './sqlite.evidence-store.js';
import { treeHasher } from './tree-hasher.js';

const hasher = treeHasher(sha256);
const directories: string[] = [];
const stores: EvidenceStore[] = [];

function store(): SqliteEvidenceStore {
  const directory = mkdtempSync(join(tmpdir(), 'evidence-copy-'));
  directories.push(directory);
  const opened = SqliteEvidenceStore.open(directory);
  stores.push(opened);
  return opened;
}

afterEach(async () => {
  for (const one of stores.splice(0)) await one.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

async function filled(log: SampleLog, sizes: readonly number[]): Promise<SqliteEvidenceStore> {
  const opened = store();
  await opened.setMark('origin', ORIGIN);
  await opened.setMark('keys', '[]');
  for (const size of sizes) {
    await opened.saveCheckpoint({ size, note: await log.checkpoint(size), signedAtMs: size });
  }
  await opened.saveCosignatures(sizes[0]!, [{ key: 'w', line: '\u2014 w abc', atMs: 5 }]);
  return opened;
}

describe('evidence that is carried over', () => {
  const log = new SampleLog(sampleEvents(50));

  it('is its name, its keys, what was signed and cosigned, and no leaf', async () => {
    const source = await filled(log, [3, 17, 50]);
    const target = store();
    expect(await evidenceToCarry(source)).toMatchObject({
      origin: ORIGIN,
      signed: [{ size: 3 }, { size: 17 }, { size: 50 }],
    });
    await copyEvidence(source, target);
    await copyEvidence(source, target);
    for (const mark of ['origin', 'keys'] as const) expect(await target.mark(mark)).toBe(await source.mark(mark));
    expect(await target.checkpointsAfter(-1, 9)).toEqual(await source.checkpointsAfter(-1, 9));
    expect(await target.cosignatures(3)).toEqual(await source.cosignatures(3));
    expect(await target.sequencedTo()).toEqual({ size: 0, position: undefined });
  });

  it('is nothing where nothing was sequenced', async () => {
    const [source, target] = [store(), store()];
    expect(await evidenceToCarry(source)).toEqual({ origin: undefined, signed: [] });
    await copyEvidence(source, target);
    expect(await target.mark('origin')).toBeUndefined();
  });

  it('goes to no store of another log, nor to one that signed another tree', async () => {
    const source = await filled(log, [3]);
    const other = store();
    await other.setMark('origin', 'example.com/other');
    await expect(copyEvidence(source, other)).rejects.toThrow('that of the log example.com/other');
    const forked = store();
    const events = [...sampleEvents(50)].map((event) => ({ ...event, data: {} }));
    await forked.saveCheckpoint({ size: 3, note: await new SampleLog(events).checkpoint(3), signedAtMs: 1 });
    await expect(copyEvidence(source, forked)).rejects.toThrow('another tree of 3 leaves');
  });

  it('is not carried once it failed to verify', async () => {
    const source = await filled(log, [3]);
    await source.setMark('failure', '{}');
    await expect(evidenceToCarry(source)).rejects.toThrow(EvidenceDiffers);
  });
});

describe('the root of a log', () => {
  const log = new SampleLog(sampleEvents(50));
  const signed = (size: number) => ({ size, root: log.rootAt(size) });
  const rootOf = (events: ReturnType<typeof sampleEvents>, trees: Parameters<typeof signed>[0][] = []) => {
    const root = new LogRoot(hasher, ORIGIN, trees.map(signed));
    for (const event of events) root.take(event);
    return root;
  };

  it('is that of the evidence, at every size that was signed', () => {
    const root = rootOf(sampleEvents(50), [1, 17, 50]);
    expect(root).toMatchObject({ size: 50, contradiction: undefined });
    expect(root.root).toEqual(log.rootAt(50));
  });

  it('leaves out what is no leaf', () => {
    const events = [...sampleEvents(50)];
    const lease = { ...events[0]!, stream: 'lease-a' };
    expect(rootOf([lease, ...events, lease].values() as never).root).toEqual(log.rootAt(50));
  });

  it('contradicts what was signed over another log, or over more than there is', () => {
    const events = [...sampleEvents(50)].map((event, at) =>
      at === 20 ? { ...event, recordedAt: '2020-01-01T00:00:00.000Z' } : event,
    );
    expect(rootOf(events.values() as never, [20]).contradiction).toBeUndefined();
    expect(rootOf(events.values() as never, [20, 21, 50]).contradiction).toBe(21);
    expect(rootOf(sampleEvents(49), [17, 50]).contradiction).toBe(50);
  });

  it('is the same for an event that was carried over', () => {
    const events = [...sampleEvents(50)].map((event, at) => ({
      ...event,
      position: `esdb:${at}`,
      firstPosition: event.position,
    }));
    expect(rootOf(events.values() as never).root).toEqual(log.rootAt(50));
  });
});
