import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evidenceStoreContract, leafFor } from './evidence-store.contract.js';
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
});
