import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@app/kernel';
import { openDatabase } from '@app/event-store/nest';
import { parseCheckpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { base64Of } from './byte-text.js';
import { appendRun, KeptLog, newEvent } from './keeping-fixture.contract.js';
import { encodeLeafEntry, leafContentOf, leafEntryOf, parseLeafEntry } from './leaf.js';
import { parseNote } from './note.js';
import { verifyEd25519 } from './node.signature.js';
import { parseVerifierKey } from './note-key.js';
import { openNote } from './note-signature.js';
import { openEvidenceIn } from './open-evidence.worker.js';
import { isConsistent, isIncluded } from './proof-check.js';
import { StoredTree } from './stored-tree.js';
import { treeHasher } from './tree-hasher.js';
import type { EvidenceStatus } from './evidence-status.js';

const hasher = treeHasher(sha256);
const signedTo =
  (size: number) =>
  ({ signed }: EvidenceStatus): boolean =>
    signed?.size === size;
const isFailed = ({ state }: EvidenceStatus): boolean => state === 'failed';

let kept: KeptLog;
beforeEach(() => {
  kept = new KeptLog();
});
afterEach(() => kept.remove());

/** Works on a file as its administrator could, past every guard of the log. */
function tamper(path: string, sql: string): void {
  const database = openDatabase(path);
  try {
    for (const table of ['events', 'streams']) {
      for (const act of ['update', 'delete']) database.exec(`DROP TRIGGER IF EXISTS ${table}_refuse_${act}`);
    }
    const before = database.prepare('SELECT total_changes() AS n').get() as { n: number };
    database.exec(sql);
    const after = database.prepare('SELECT total_changes() AS n').get() as { n: number };
    if (after.n === before.n) throw new Error(`nothing was changed by: ${sql}`);
  } finally {
    database.close();
  }
}

describe('the making of evidence', () => {
  it('gives every event but those of leases a leaf, in the order of the log, and signs the tree', async () => {
    const events = await kept.events();
    const [a, b] = [`workflow-${randomUUID()}`, `execution-${randomUUID()}`];
    await events.append(a, [newEvent(), newEvent()], { expectedRevision: 'no_stream' });
    await events.append('lease-runner', [newEvent()], { expectedRevision: 'no_stream' });
    await events.append(b, [newEvent()], { expectedRevision: 'no_stream' });
    await events.append(a, [newEvent()], { expectedRevision: 1 });
    const keeping = await kept.keep();
    const { origin, keys } = await keeping.until(signedTo(4));

    const range = new CompactRange(hasher);
    const last = new Map<string, Uint8Array>();
    const leaves = await keeping.store.leaves(0, 9);
    let index = 0;
    for await (const event of events.readAll()) {
      if (event.stream === 'lease-runner') continue;
      const place = { index, log: origin, previousLeafHash: last.get(event.stream) };
      const entry = encodeLeafEntry(leafEntryOf(event, leafContentOf(event), place, sha256));
      expect(leaves[index]?.entry).toEqual(entry);
      last.set(event.stream, hasher.leaf(entry));
      range.append(hasher.leaf(entry));
      index += 1;
    }
    expect(index).toBe(4);
    const note = (await keeping.store.checkpoint())?.note ?? '';
    const { text } = await openNote(parseNote(note), [parseVerifierKey(keys[0]?.vkey ?? '', sha256)], verifyEd25519);
    expect(parseCheckpoint(text)).toMatchObject({ origin, size: 4, root: range.root() });
  });

  it('makes a key that nobody else can read, and a name that stays', async () => {
    const first = await kept.keep();
    const { origin, keys } = await first.until(({ state }) => state === 'working');
    expect(origin).toMatch(/^runledger\.local\/[0-9a-f-]{36}$/);
    expect(statSync(kept.start().key.file).mode & 0o777).toBe(0o600);
    await first.stop();
    const again = await (await kept.keep()).until(({ state }) => state === 'working');
    expect([again.origin, again.keys]).toEqual([origin, keys]);
  });

  it('follows what is appended, and goes on where it stopped', async () => {
    const events = await kept.events();
    const first = await kept.keep();
    const stream = await appendRun(events, 3);
    await first.until(signedTo(3));
    await first.stop();
    await events.append(stream, [newEvent()], { expectedRevision: 2 });
    await appendRun(events, 2);
    const second = await kept.keep();
    await second.until(signedTo(6));
    const leaf = (await second.store.leavesOfStream(stream, 3, 1))[0];
    const previous = (await second.store.leavesOfStream(stream, 2, 1))[0];
    expect(parseLeafEntry(leaf?.entry ?? new Uint8Array()).prev).toBe(
      Buffer.from(previous?.hash ?? []).toString('base64url'),
    );
  });

  it('signs, when it is stopped, what was recorded until then', async () => {
    const events = await kept.events();
    const keeping = await kept.keep();
    await keeping.until(({ state }) => state === 'working');
    await appendRun(events, 5);
    const { store } = keeping;
    const close = store.close.bind(store);
    store.close = () => Promise.resolve();
    await keeping.stop();
    expect((await store.checkpoint())?.size).toBe(5);
    await close();
  });

  it('keeps a tree in which every leaf and every earlier tree can be proved, over several levels of tiles', async () => {
    const events = await kept.events();
    const streams = Array.from({ length: 14 }, () => `execution-${randomUUID()}`);
    for (const stream of streams) {
      const batch = Array.from({ length: 50 }, () => newEvent());
      await events.append(stream, batch, { expectedRevision: 'no_stream' });
    }
    const keeping = await kept.keep();
    await keeping.until(signedTo(700));
    const tree = new StoredTree(keeping.store, hasher);
    const root = await tree.rootAt(700);
    for (const index of [0, 1, 255, 256, 511, 512, 699]) {
      const leafHash = (await keeping.store.leaves(index, index + 1))[0]?.hash as Uint8Array;
      const proof = await tree.inclusion(index, 700);
      expect(isIncluded(hasher, { index, size: 700, leafHash, root, proof })).toBe(true);
    }
    for (const size1 of [1, 255, 256, 257, 512, 600, 699]) {
      const [root1, proof] = [await tree.rootAt(size1), await tree.consistency(size1, 700)];
      expect(isConsistent(hasher, { size1, root1, size2: 700, root2: root, proof })).toBe(true);
    }
  });

  it('scrubs everything that was signed, and says when', async () => {
    const events = await kept.events();
    await appendRun(events, 30);
    const keeping = await kept.keep();
    await keeping.until(signedTo(30));
    const { scrub } = await keeping.until(({ scrub: { lastPass } }) => lastPass?.size === 30);
    expect(scrub.lastPass?.endedAtMs).toBeGreaterThan(0);
    await keeping.stop();
    const again = await kept.keep();
    expect((await again.until(({ scrub: { lastPass } }) => lastPass !== undefined)).scrub.lastPass?.size).toBe(30);
  });

  it('raises no false alarm with sixteen writers at once and restarts among them', async () => {
    const events = await kept.events();
    let keeping = await kept.keep();
    let isOver = false;
    const writers = Array.from({ length: 16 }, async () => {
      let written = 0;
      while (!isOver) {
        const stream = await appendRun(events, 5);
        written += stream ? 5 : 0;
      }
      return written;
    });
    for (let restart = 0; restart < 5; restart += 1) {
      const { size } = await keeping.until(({ state }) => state === 'working');
      await keeping.until((status) => status.size > size + 200);
      expect(keeping.status().state).toBe('working');
      await keeping.stop();
      keeping = await kept.keep();
    }
    isOver = true;
    const written = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
    const { state } = await keeping.until(signedTo(written));
    expect(state).toBe('working');
    await keeping.until(({ scrub: { lastPass } }) => lastPass !== undefined);
  });
});

describe('evidence that does not verify', () => {
  const prepared = async (count = 8): Promise<{ stream: string; note: string }> => {
    const events = await kept.events();
    const stream = await appendRun(events, count);
    const keeping = await kept.keep();
    await keeping.until(signedTo(count));
    const note = (await keeping.store.checkpoint())?.note ?? '';
    await keeping.stop();
    await kept.closeLog();
    return { stream, note };
  };
  const reasonAtStart = async (): Promise<string> => {
    const keeping = await kept.keep();
    const { reason } = await keeping.until(isFailed);
    await keeping.stop();
    return reason ?? '';
  };

  it.each([
    ['its data', 'UPDATE events SET data = \'{"step":9}\' WHERE position = 3', /leaf 2 .* data changed/],
    [
      'its metadata',
      "UPDATE events SET metadata = replace(metadata, 'c-1', 'c-2') WHERE position = 3",
      /metadata changed/,
    ],
    ['its type', "UPDATE events SET type = 'StepFailed' WHERE position = 3", /type changed/],
    ['its id', `UPDATE events SET id = '${randomUUID()}' WHERE position = 3`, /id changed/],
    ['its time', 'UPDATE events SET recorded_at = recorded_at - 1000 WHERE position = 3', /recordedAt changed/],
    ['its stream', "UPDATE streams SET name = 'execution-x'", /stream changed/],
    ['its data are null', "UPDATE events SET data = 'null' WHERE position = 3", /an event that is no JSON object/],
    ['it is gone', 'DELETE FROM events WHERE position = 3', /not in the log any more/],
    ['the end is cut off', 'DELETE FROM events WHERE position >= 6', /not in the log any more/],
    ['all is gone', 'DELETE FROM events', /not in the log any more/],
  ])('is noticed at the next start when of an event is changed: %s', async (_what, sql, reason) => {
    await prepared();
    tamper(kept.logPath, sql);
    expect(await reasonAtStart()).toMatch(reason);
  });

  it.each([
    ['a leaf hash', 'UPDATE leaves SET hash = zeroblob(32) WHERE leaf_index = 2', /leaf 2: its stored hash is not/],
    [
      'an entry',
      "UPDATE leaves SET entry = CAST(replace(CAST(entry AS TEXT), 'c-1', 'c-2') AS BLOB) WHERE leaf_index = 2",
      /leaf 2: its stored hash/,
    ],
    ['a missing leaf', 'DELETE FROM leaves WHERE leaf_index = 2', /stored tree is not whole/],
    ['no leaves', 'DELETE FROM leaves', /ends after 0 leaves, but .* is about 8: .* leaves were taken out/],
    [
      'how far the log was followed',
      "UPDATE marks SET text = 'elsewhere' WHERE name = 'position'",
      /names a place that the log does not have: "elsewhere"/,
    ],
    ['that it failed', "INSERT OR REPLACE INTO marks VALUES ('failure', '{')", /its mark "failure" cannot be read/],
    ['how far the scrub came', "INSERT OR REPLACE INTO marks VALUES ('scrub', '{')", /its mark "scrub" cannot be read/],
    ['the id of a leaf', `UPDATE leaves SET event_id = randomblob(16) WHERE leaf_index = 2`, /another event/],
    [
      'the id of a leaf, which is no UUID now',
      "UPDATE leaves SET event_id = 'x' WHERE leaf_index = 2",
      /another event/,
    ],
    ['the stream of a leaf', 'UPDATE leaves SET stream = 77 WHERE leaf_index = 2', /before it in its stream|elsewhere/],
    ['the name of a stream', "UPDATE streams SET name = 'execution-x'", /stands elsewhere in its stream/],
    ['no streams', 'DELETE FROM streams', /stands elsewhere in its stream/],
    [
      'the checkpoint',
      "UPDATE checkpoints SET note = replace(note, char(10) || '8' || char(10), char(10) || '7' || char(10))",
      /was not signed by this log/,
    ],
    [
      'the root',
      "UPDATE checkpoints SET note = replace(note, char(10) || '8' || char(10), char(10) || '8' || char(10) || 'B')",
      /not signed|not a checkpoint|not a signed note/,
    ],
  ])('is noticed at the next start when the evidence was worked on: %s', async (_what, sql, reason) => {
    await prepared();
    tamper(kept.evidencePath, sql);
    expect(await reasonAtStart()).toMatch(reason);
  });

  it('is found by the scrub when it lies further back than a start looks', async () => {
    const events = await kept.events();
    const streams = Array.from({ length: 30 }, () => `execution-${randomUUID()}`);
    for (const stream of streams) {
      await events.append(
        stream,
        Array.from({ length: 50 }, () => newEvent()),
        { expectedRevision: 'no_stream' },
      );
    }
    const keeping = await kept.keep();
    await keeping.until(signedTo(1_500));
    await keeping.stop();
    await kept.closeLog();
    tamper(kept.logPath, 'UPDATE events SET data = \'{"step":9}\' WHERE position = 100');
    const again = await kept.keep();
    const { reason } = await again.until(isFailed);
    expect(reason).toMatch(/leaf 99 .* data changed/);
    await again.stop();

    // A restart does not forget it.
    const third = await kept.keep();
    expect((await third.until(isFailed)).reason).toMatch(/leaf 99/);
    await third.stop();

    // Once the log is what it was, a whole pass lifts it.
    await kept.closeLog();
    tamper(kept.logPath, 'UPDATE events SET data = \'{"step":1}\' WHERE position = 100');
    const fourth = await kept.keep();
    await fourth.until(({ state, signed }) => state === 'working' && signed?.size === 1_500);
    expect(fourth.told).toEqual([expect.stringMatching(/verifies again; before, it had failed: leaf 99/)]);
  });

  it('is found when somebody suspects a leaf', async () => {
    const events = await kept.events();
    await appendRun(events, 8);
    const keeping = await kept.keep({ scrubRate: 1 });
    await keeping.until(signedTo(8));
    await keeping.suspect(4);
    expect(keeping.status().state).toBe('working');
    tamper(kept.logPath, 'UPDATE events SET data = \'{"step":9}\' WHERE position = 5');
    await keeping.suspect(4);
    expect((await keeping.until(isFailed)).reason).toMatch(/leaf 4/);
  });

  it('is found when events are put into the log or taken out of it before they are sequenced', async () => {
    const { stream } = await prepared();
    const events = await kept.events();
    await events.append(stream, [newEvent(), newEvent()], { expectedRevision: 7 });
    await kept.closeLog();
    tamper(kept.logPath, 'DELETE FROM events WHERE position = 9');
    expect(await reasonAtStart()).toMatch(/event 9 of .* came where event 8 belongs/);
  });

  it('is an older copy of the log, evidence and all: nothing is signed', async () => {
    const events = await kept.events();
    await appendRun(events, 5);
    const first = await kept.keep();
    await first.until(signedTo(5));
    await first.stop();
    await kept.closeLog();
    const files = [kept.logPath, kept.evidencePath];
    for (const file of files) copyFileSync(file, `${file}.backup`);
    await appendRun(await kept.events(), 5);
    const second = await kept.keep();
    await second.until(signedTo(10));
    await second.stop();
    await kept.closeLog();
    for (const file of files) copyFileSync(`${file}.backup`, file);
    expect(await reasonAtStart()).toMatch(
      /ends after 5 leaves, but the signer's memory is about 10: this is an older copy/,
    );

    // Another history of the same length is no better.
    await appendRun(await kept.events(), 5);
    expect(await reasonAtStart()).toMatch(/older copy|the signer's memory says that the first 10 leaves have the root/);
  });

  it('is derived from the log again when it is lost, and continues what was signed', async () => {
    const { note } = await prepared();
    rmSync(kept.evidencePath);
    const keeping = await kept.keep();
    await keeping.until(signedTo(8));
    expect((await keeping.store.checkpoint())?.note).toBe(note);
  });

  it('is derived from the log again when leaves alone are gone, as after a move, and the scrub waits for them', async () => {
    await prepared();
    await appendRun(await kept.events(), 2_000);
    const before = await kept.keep();
    await before.until(signedTo(2_008));
    await before.stop();
    const emptied = await openEvidenceIn(kept.directory);
    await emptied.forgetLeaves();
    await emptied.close();
    const after = await kept.keep();
    const met = new Set<string>();
    await after.until(({ state, size }) => {
      met.add(state);
      return size === 2_008;
    });
    await after.until(({ scrub }) => scrub?.lastPass?.size === 2_008);
    await appendRun(await kept.events(), 2);
    await after.until(signedTo(2_010));
    expect(met).not.toContain('failed');
  });

  it('is not signed anew when it is lost and the log was changed', async () => {
    await prepared();
    rmSync(kept.evidencePath);
    tamper(kept.logPath, 'UPDATE events SET data = \'{"step":9}\' WHERE position = 3');
    expect(await reasonAtStart()).toMatch(/the signer's memory says that the first 8 leaves have the root/);
  });

  it('contradicts what an anchor holds, although key, log and evidence are of one piece', async () => {
    const anchorFile = join(kept.directory, 'anchor.txt');
    const events = await kept.events();
    await appendRun(events, 5);
    const keeping = await kept.keep({ anchorFile });
    await keeping.until(({ anchors }) => anchors[0]?.size === 5);
    await keeping.stop();
    await kept.closeLog();
    // All that was in the directory is made again, with the same key, over another history.
    for (const file of [kept.evidencePath, kept.start().key.memoryFile]) rmSync(file);
    tamper(kept.logPath, 'UPDATE events SET data = \'{"step":9}\' WHERE position = 3');
    const again = await kept.keep({ anchorFile });
    expect((await again.until(isFailed)).reason).toMatch(/the anchor "file .*" says that the first 5 leaves/);
  });
});

describe('whose evidence it is', () => {
  it('is refused under another name', async () => {
    const first = await kept.keep({ origin: 'example.com/log' });
    expect((await first.until(({ state }) => state === 'working')).origin).toBe('example.com/log');
    await first.stop();
    await expect(kept.keep({ origin: 'example.com/other' })).rejects.toThrow(/EVIDENCE_ORIGIN cannot rename it/);
  });

  it('is refused without its key, which is not made again', async () => {
    const first = await kept.keep();
    await first.until(({ state }) => state === 'working');
    await first.stop();
    const { file } = kept.start().key;
    rmSync(file);
    await expect(kept.keep()).rejects.toThrow(
      /evidence\.key is missing, but this log is signed with the key [0-9a-f]{8}/,
    );
    expect(existsSync(file)).toBe(false);
  });

  it('is signed with a new key when that was announced, and the old one stays known', async () => {
    const events = await kept.events();
    await appendRun(events, 3);
    const first = await kept.keep({ origin: 'example.com/log' });
    const { keys } = await first.until(signedTo(3));
    await first.stop();
    const { key } = kept.start();
    const oldId = keys[0]?.vkey.split('+')[1] ?? '';
    const other = new KeptLog();
    try {
      const elsewhere = await other.keep({ origin: 'example.com/log' });
      await elsewhere.until(({ state }) => state === 'working');
      copyFileSync(other.start().key.file, key.file);
    } finally {
      await other.remove();
    }
    await expect(kept.keep()).rejects.toThrow(new RegExp(`EVIDENCE_REPLACES_KEY=${oldId}`));
    const second = await kept.keep({ key: { ...key, replaces: oldId } });
    await appendRun(events, 1);
    const now = await second.until(signedTo(4));
    expect(now.keys.map(({ fromSize }) => fromSize)).toEqual([0, 3]);
    expect(now.keys[0]).toEqual(keys[0]);
    await second.stop();
    // The setting may stay.
    const third = await kept.keep({ key: { ...key, replaces: oldId } });
    expect((await third.until(({ state }) => state === 'working')).keys).toHaveLength(2);
  });

  it('is refused when the key can be read by others, or is none', async () => {
    const { key } = kept.start();
    writeFileSync(key.file, 'PRIVATE+KEY+x\n', { mode: 0o644 });
    await expect(kept.keep()).rejects.toThrow(/can be read by others/);
    rmSync(key.file);
    writeFileSync(key.file, 'PRIVATE+KEY+secret\n', { mode: 0o600 });
    await expect(kept.keep()).rejects.toThrow(/does not hold a signing key/);
    await expect(kept.keep()).rejects.not.toThrow(/secret/);
  });

  it('keeps what was signed last where people can read it', async () => {
    const events = await kept.events();
    await appendRun(events, 2);
    const keeping = await kept.keep();
    const { origin } = await keeping.until(signedTo(2));
    const root = await new StoredTree(keeping.store, hasher).rootAt(2);
    expect(readFileSync(kept.start().key.memoryFile, 'utf8')).toBe(`${origin}\n2\n${base64Of(root)}\n`);
  });
});
