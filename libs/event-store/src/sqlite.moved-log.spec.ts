import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventStore } from './sqlite.event-store.js';
import { forgetMovedLog, movedLogIn, noteMovedLog } from './sqlite.moved-log.js';
import { codeOf, newEvent } from './subject.contract.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moved-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const moved = { to: 'esdb://db.example:2113', at: '2026-01-02T03:04:05.678Z', events: 7, digest: 'a'.repeat(64) };

describe('a log that was carried over', () => {
  it('is noted for its own user alone, and the note can be taken back', () => {
    expect(movedLogIn(directory)).toBeUndefined();
    noteMovedLog(directory, moved);
    noteMovedLog(directory, { ...moved, events: 8 });
    expect(movedLogIn(directory)).toEqual({ ...moved, events: 8 });
    expect(statSync(join(directory, 'log.moved.json')).mode & 0o777).toBe(0o600);
    forgetMovedLog(directory);
    forgetMovedLog(directory);
    expect(movedLogIn(directory)).toBeUndefined();
  });

  it('is not opened for writing again, and what is there stays readable', async () => {
    const store = await SqliteEventStore.open({ directory });
    await store.append('thing-1', [newEvent()], { expectedRevision: 'no_stream' });
    await store.close();
    noteMovedLog(directory, moved);
    await expect(SqliteEventStore.open({ directory })).rejects.toThrow(
      /was carried over to esdb:\/\/db.example:2113 .* set EVENTSTORE_URL, or carry it back/,
    );
    expect(await codeOf(SqliteEventStore.open({ directory }))).toBe('AccessDenied');
    const reader = await SqliteEventStore.openReader({ directory });
    expect(await reader.head()).toBe('sql:00000000000000000001');
    await reader.close();
    await (await SqliteEventStore.open({ directory, evenIfMoved: true })).close();
  });

  it('counts as carried over too when the note is damaged', () => {
    writeFileSync(join(directory, 'log.moved.json'), '{"to"');
    expect(movedLogIn(directory)).toMatchObject({ to: 'another store' });
  });
});
