import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteViews } from './sqlite.view-store.js';
import { viewStoreContract } from './view-store.contract.js';

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describe('the SQLite views in memory', () => {
  // A block holds 4096 entries: a tail alone, and closed blocks with a tail.
  viewStoreContract(
    (events, projections, batchMax) =>
      SqliteViews.openInProcess({ directory: ':memory:', events, projections, ...(batchMax ? { batchMax } : {}) }),
    [300, 9_000],
  );
});

describe('the SQLite views in a file', () => {
  viewStoreContract(
    async (events, projections, batchMax) => {
      const directory = mkdtempSync(join(tmpdir(), 'views-'));
      directories.push(directory);
      return SqliteViews.openInProcess({ directory, events, projections, ...(batchMax ? { batchMax } : {}) });
    },
    [4_096],
  );
});
