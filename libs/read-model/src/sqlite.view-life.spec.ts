import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Projection } from '@app/kernel';
import { projection } from '@app/kernel';
import type { MemoryEventStore } from '@app/event-store/nest';
import { SqliteEventStore } from '@app/event-store/nest';
import { SqliteViews } from './sqlite.view-store.js';
import { sample, snapshotOf } from './view-store.contract.js';
import { SqliteViewWriter } from './sqlite.view-writer.js';
import { openViewsForWriting } from './sqlite.views-file.js';
import { anySample, appendSamples, newEvent, sampleDocuments, sampleEntries } from './view-samples.contract.js';
import type { RebuiltView } from './view-store.js';
import { filled, viewWriterContract } from './view-writer.contract.js';

const both = [projection(sampleEntries), projection(sampleDocuments)];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'views-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function openOver(
  events: MemoryEventStore,
  projections: readonly Projection[],
  rebuilt: RebuiltView[] = [],
): ReturnType<typeof SqliteViews.openInProcess> {
  const onRebuilt = (views: readonly RebuiltView[]): void => void rebuilt.push(...views);
  return SqliteViews.openInProcess({ directory, events, projections, onRebuilt, batchMax: 50 });
}

const homes: string[] = [];
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

describe('the writer of SQLite views', () => {
  viewWriterContract(async () => {
    const home = mkdtempSync(join(tmpdir(), 'views-'));
    homes.push(home);
    return {
      open: (events, projections, onRebuilt) =>
        SqliteViews.openInProcess({
          directory: home,
          events,
          projections,
          batchMax: 50,
          ...(onRebuilt ? { onRebuilt } : {}),
        }),
      writer: () => new SqliteViewWriter(openViewsForWriting(home)),
    };
  });
});

describe('a damaged views.db', () => {
  it('is set aside and made anew', async () => {
    const events = await filled(120);
    const before = await openOver(events, both);
    await before.catchUp();
    const old = await snapshotOf(before);
    await before.close();
    const path = join(directory, 'views.db');
    const bytes = readFileSync(path);
    bytes.fill(0x55, 0, 4_096);
    writeFileSync(path, bytes);
    const rebuilt: RebuiltView[] = [];
    const after = await openOver(events, both, rebuilt);
    await after.catchUp();
    expect(await snapshotOf(after)).toEqual(old);
    expect(rebuilt.map(({ reason }) => reason)).toEqual(['damaged', 'damaged']);
    expect(readdirSync(directory)).toContain('views.db.set-aside-1');
    await after.close();
  });
});

describe('a views.db of another format', () => {
  it('is set aside and made anew', async () => {
    const events = await filled(120);
    const before = await openOver(events, both);
    await before.catchUp();
    const old = await snapshotOf(before);
    await before.close();
    const file = openViewsForWriting(directory);
    file.exec('PRAGMA user_version = 1; DROP TABLE mark');
    file.close();
    const after = await openOver(events, both);
    await after.catchUp();
    expect(await snapshotOf(after)).toEqual(old);
    expect(readdirSync(directory)).toContain('views.db.set-aside-1');
    await after.close();
  });
});

describe('a process killed while it folds', () => {
  it('leaves views that, folded on, equal those of a fresh start', async () => {
    const log = await SqliteEventStore.open({ directory });
    await appendSamples(log, fc.sample(anySample, { numRuns: 10_000, seed: 5 }));
    const file = fileURLToPath(new URL('./sample-crash.contract.ts', import.meta.url));
    const loader = new URL('../../../test/support/typescript.mjs', import.meta.url).href;
    for (let kill = 0; kill < 3; kill += 1) {
      const child = spawn(process.execPath, ['--no-warnings', '--import', loader, file, directory], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 30 + kill * 40));
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    const after = await SqliteViews.openInProcess({ directory, events: log, projections: both });
    await after.catchUp();
    const fresh = await SqliteViews.openInProcess({ directory: ':memory:', events: log, projections: both });
    await fresh.catchUp();
    expect(await snapshotOf(after)).toEqual(await snapshotOf(fresh));
    await after.close();
    await fresh.close();
    await log.close();
  });
});

describe('views in threads of their own', () => {
  const projectorThread = new URL('./sample-projector.contract.ts', import.meta.url);

  it('show what was written as soon as it is folded, and end when they are closed', async () => {
    const log = await SqliteEventStore.open({ directory });
    await appendSamples(log, fc.sample(anySample, { numRuns: 2_500, seed: 9 }));
    const rebuilt: RebuiltView[] = [];
    const views = await SqliteViews.open({ directory, projectorThread, onRebuilt: (some) => rebuilt.push(...some) });
    expect(await views.waitFor(log.lastAppended, 20_000)).toBe(true);
    for (let number = 0; number < 50; number += 1) {
      const doc = sample(`written ${number}`);
      const { position } = await log.append(`workflow-own-${number}`, [newEvent('Changed', doc)], {
        expectedRevision: 'no_stream',
      });
      expect(await views.waitFor(position)).toBe(true);
      expect(await views.get(sampleDocuments.name, doc.key)).toEqual(doc);
    }
    const fresh = await SqliteViews.openInProcess({ directory: ':memory:', events: log, projections: both });
    await fresh.catchUp();
    expect(await snapshotOf(views)).toEqual(await snapshotOf(fresh));
    expect(views.status()).toEqual({ position: log.lastAppended, rebuilding: [] });
    expect(rebuilt).toEqual([]);
    const query = { asOf: 'mem:1', descending: true, limit: 1 };
    await expect(views.entries(sampleEntries.name, query)).rejects.toMatchObject({ code: 'InvalidPosition' });
    expect(await views.waitFor('sql:00000000000000999999', 10)).toBe(false);
    await Promise.all([views.close(), views.close()]);
    await expect(views.get(sampleDocuments.name, 'x')).rejects.toMatchObject({ code: 'Closed' });
    await fresh.close();
    await log.close();
  });
});
