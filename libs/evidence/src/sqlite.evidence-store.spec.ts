import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, pragma } from '@app/event-store/nest';
import { evidenceStoreContract, leafFor } from './evidence-store.contract.js';
import type { StoredLeaf } from './evidence-store.js';
import { SqliteEvidenceStore } from './sqlite.evidence-store.js';

let directory: string;
let store: SqliteEvidenceStore;
let other: SqliteEvidenceStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'evidence-store-'));
  store = SqliteEvidenceStore.open(directory);
  other = SqliteEvidenceStore.openReader(directory);
});
afterEach(async () => {
  await Promise.all([store.close(), other.close()]);
  rmSync(directory, { recursive: true, force: true });
});

describe('the evidence store in SQLite', () => {
  evidenceStoreContract(() => ({ store, other }));

  it('is there again when it is opened again', async () => {
    const leaf = leafFor(0);
    await store.append({ from: 0, leaves: [leaf], nodes: [], position: leaf.position });
    await store.close();
    store = SqliteEvidenceStore.open(directory);
    expect(await store.sequencedTo()).toEqual({ size: 1, position: leaf.position });
  });

  it('is closed for everything once it is closed', async () => {
    await store.close();
    await expect(store.sequencedTo()).rejects.toMatchObject({ code: 'Closed' });
  });

  it('has no writing reader', async () => {
    await expect(other.setMark('origin', 'x')).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  it('leaves files alone that are none of its own', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'evidence-foreign-'));
    try {
      writeFileSync(join(elsewhere, 'evidence.db'), 'no database at all, but long enough to be looked at '.repeat(20));
      expect(() => SqliteEvidenceStore.open(elsewhere)).toThrow(/damaged .*it can be moved away/);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it('says that there is none for a reader that comes before the writer', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'evidence-none-'));
    try {
      expect(() => SqliteEvidenceStore.openReader(elsewhere)).toThrow(/cannot be opened/);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it('says which event it is that is there already, also among many', async () => {
    const known = leafFor(0, 's-1', 0);
    await store.append({ from: 0, leaves: [known], nodes: [], position: known.position });
    const leaves = Array.from({ length: 40 }, (_, at) => leafFor(1 + at));
    leaves[20] = { ...(leaves[20] as StoredLeaf), eventId: known.eventId };
    const batch = { from: 1, leaves, nodes: [], position: known.position };
    await expect(store.append(batch)).rejects.toThrow(`event 0 of execution-21 (${known.eventId}) is in the evidence`);
  });

  it('goes on where another writer was, who may have begun anew', async () => {
    const second = SqliteEvidenceStore.open(directory);
    try {
      const stream = (leaf: StoredLeaf): readonly [string, number, number] => [leaf.stream, leaf.revision, leaf.index];
      const write = (to: SqliteEvidenceStore, ...leaves: StoredLeaf[]): Promise<void> =>
        to.append({ from: leaves[0]?.index ?? 0, leaves, nodes: [], position: 'sql:1' });
      await write(store, leafFor(0, 's-1', 0), leafFor(1, 's-2', 0));
      await write(second, leafFor(2, 's-3', 0), leafFor(3, 's-1', 1));
      await write(store, leafFor(4, 's-3', 1), leafFor(5, 's-4', 0));
      await second.forgetLeaves();
      await write(second, leafFor(0, 's-4', 0), leafFor(1, 's-3', 0));
      await write(store, leafFor(2, 's-3', 1), leafFor(3, 's-4', 1));
      const all = (await other.leaves(0, 9)).map(stream);
      expect(all).toEqual([
        ['s-4', 0, 0],
        ['s-3', 0, 1],
        ['s-3', 1, 2],
        ['s-4', 1, 3],
      ]);
      expect((await other.ends(['s-1', 's-3', 's-4'])).map(stream)).toEqual([
        ['s-3', 1, 2],
        ['s-4', 1, 3],
      ]);
    } finally {
      await second.close();
    }
  });

  it('holds nothing that is no event id to be one', async () => {
    const leaf = leafFor(0);
    await store.append({ from: 0, leaves: [leaf], nodes: [], position: leaf.position });
    const database = openDatabase(join(directory, 'evidence.db'));
    database.prepare('UPDATE leaves SET event_id = ?').run(leaf.eventId);
    database.close();
    await expect(store.leaves(0, 1)).rejects.toMatchObject({ code: 'Corrupt' });
  });
});

/** As the first release made it. */
const firstTables = `
  CREATE TABLE leaves (leaf_index INTEGER PRIMARY KEY, hash BLOB NOT NULL, entry BLOB NOT NULL,
    event_id TEXT NOT NULL UNIQUE, stream TEXT NOT NULL, revision INTEGER NOT NULL, position TEXT NOT NULL,
    UNIQUE (stream, revision)) STRICT;
  CREATE TABLE nodes (level INTEGER NOT NULL, node_index INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (level, node_index)) STRICT, WITHOUT ROWID;
  CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL, signed_at INTEGER NOT NULL) STRICT;
  CREATE TABLE cosignatures (size INTEGER NOT NULL, key TEXT NOT NULL, line TEXT NOT NULL, signed_at INTEGER NOT NULL,
    PRIMARY KEY (size, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE marks (name TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 0x52457669;
  PRAGMA user_version = 1;
`;

describe('evidence of the first release', () => {
  const leaves = Array.from({ length: 50 }, (_, index) => leafFor(index, `s-${index % 7}`, Math.floor(index / 7)));
  leaves[3] = { ...(leaves[3] as StoredLeaf), eventId: 'no UUID' };
  const told = (leaf: StoredLeaf): object => ({ ...leaf, hash: [...leaf.hash], entry: [...leaf.entry] });
  let path: string;

  beforeEach(async () => {
    await Promise.all([store.close(), other.close()]);
    path = join(directory, 'evidence.db');
    rmSync(path);
    const database = openDatabase(path);
    database.exec(firstTables);
    const insert = database.prepare('INSERT INTO leaves VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const { index, hash, entry, eventId, stream, revision, position } of leaves) {
      insert.run(index, hash, entry, eventId, stream, revision, position);
    }
    database.exec(`INSERT INTO nodes VALUES (8, 0, x'${'ab'.repeat(32)}');
      INSERT INTO checkpoints VALUES (40, 'forty', 4000), (50, 'fifty', 5000);
      INSERT INTO cosignatures VALUES (40, 'w1', 'line', 4100);
      INSERT INTO marks VALUES ('position', 'sql:50'), ('origin', 'example.com/log'), ('failure', 'x')`);
    database.close();
  });

  it('is taken over whole, and goes on', async () => {
    store = SqliteEvidenceStore.open(directory);
    expect((await store.leaves(0, 99)).map(told)).toEqual(leaves.map(told));
    for (const leaf of leaves) expect(await store.leafOfEvent(leaf.eventId)).toMatchObject({ index: leaf.index });
    expect((await store.leavesOfStream('s-3', 0, 99)).map(({ index }) => index)).toEqual([3, 10, 17, 24, 31, 38, 45]);
    expect([...(await store.hashes(8, 0, 1))]).toEqual(Array(32).fill(0xab));
    expect(await store.checkpointsAfter(0, 9)).toEqual([
      { size: 40, note: 'forty', signedAtMs: 4000 },
      { size: 50, note: 'fifty', signedAtMs: 5000 },
    ]);
    expect(await store.cosignatures(40)).toEqual([{ key: 'w1', line: 'line', atMs: 4100 }]);
    expect([await store.sequencedTo(), await store.mark('origin'), await store.mark('failure')]).toEqual([
      { size: 50, position: 'sql:50' },
      'example.com/log',
      'x',
    ]);
    const next = leafFor(50, 's-1', 8);
    await store.append({ from: 50, leaves: [next], nodes: [], position: next.position });
    await store.close();
    store = SqliteEvidenceStore.open(directory);
    expect(await store.ends(['s-1'])).toMatchObject([{ index: 50, revision: 8 }]);
    const database = openDatabase(path, { readOnly: true });
    expect([pragma(database, 'user_version'), pragma(database, 'integrity_check(1)')]).toEqual([2, 'ok']);
    expect(pragma(database, 'table_info(leaves_before)')).toBeUndefined();
    database.close();
  });

  it('stays as it is when it cannot be taken over', () => {
    const database = openDatabase(path);
    database.exec('CREATE TABLE streams (x)');
    database.close();
    expect(() => SqliteEvidenceStore.open(directory)).toThrow(/streams/);
    const still = openDatabase(path, { readOnly: true });
    const count = still.prepare('SELECT count(*) AS count, max(event_id) AS id FROM leaves').get();
    expect([pragma(still, 'user_version'), count]).toEqual([1, { count: 50, id: 'no UUID' }]);
    still.close();
  });

  it('is not for a reader before the writer has taken it over; and evidence of a later release for nobody', () => {
    expect(() => SqliteEvidenceStore.openReader(directory)).toThrow(/has format 1, this release knows 2/);
    const database = openDatabase(path);
    database.exec('PRAGMA user_version = 3');
    database.close();
    expect(() => SqliteEvidenceStore.open(directory)).toThrow(
      /has format 3, this release knows 2; nothing was changed/,
    );
  });
});
