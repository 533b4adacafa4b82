import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@app/kernel';
import { openDatabase } from './sqlite.database.js';
import { SqliteEventStore } from './sqlite.event-store.js';
import { openLogForReading, openLogForWriting } from './sqlite.log-file.js';
import { SqliteLogWriter } from './sqlite.log-writer.js';
import { codeOf, collect, idsOf, newEvent, newEvents } from './subject.contract.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'event-log-file-'));
  path = join(directory, 'log.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function filled(events = 500): Promise<void> {
  const store = await SqliteEventStore.open({ directory });
  await store.append('thing-1', newEvents(events), { expectedRevision: 'no_stream' });
  await store.close();
}

/** Opens for writing as the server does; the file must be refused and stay as it is. */
async function expectRefused(message: RegExp): Promise<void> {
  const before = sha256Hex(readFileSync(path));
  await expect(SqliteEventStore.open({ directory })).rejects.toMatchObject({
    code: 'Corrupt',
    message: expect.stringMatching(message),
  });
  expect(sha256Hex(readFileSync(path))).toBe(before);
}

describe('a log file', () => {
  it('that is some other file is refused and left as it is', async () => {
    writeFileSync(path, 'dear diary, '.repeat(1_000));
    await expectRefused(/is not an event log of this server; nothing was changed/);
  });

  it('that is shorter than a header is refused and left as it is', async () => {
    writeFileSync(path, 'SQLite');
    await expectRefused(/is not an event log/);
  });

  it('that is the database of another program is refused and left as it is', async () => {
    const foreign = openDatabase(path, { journal: 'rollback' });
    foreign.exec('CREATE TABLE songs (title TEXT); PRAGMA user_version = 1');
    foreign.close();
    await expectRefused(/is a database, but not an event log of this server; nothing was changed/);
    expect(readdirSync(directory)).toEqual(['log.db']);
  });

  it('that a newer release has written is refused and left as it is', async () => {
    await filled();
    const newer = openDatabase(path);
    newer.exec('PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)');
    newer.close();
    await expectRefused(/has format 2, this release knows 1; it was written by a newer release/);
    expect(() => openLogForReading(path)).toThrow('newer release');
  });

  it('that was cut off is refused and left as it is', async () => {
    await filled();
    truncateSync(path, 20_000);
    await expectRefused(/is damaged|not an event log/);
  });

  it('in which pages were overwritten is refused and left as it is', async () => {
    await filled();
    const content = readFileSync(path);
    content.fill(0x5a, 4_096 * 5, 4_096 * 12);
    writeFileSync(path, content);
    await expectRefused(/is damaged/);
  });

  it('that lost events at its end is refused and left as it is', async () => {
    await filled();
    const thief = openDatabase(path);
    thief.exec(
      'DROP TRIGGER events_refuse_delete; DELETE FROM events WHERE position = 400; PRAGMA wal_checkpoint(TRUNCATE)',
    );
    thief.close();
    await expectRefused(/events are missing or unreadable at its end/);
  });

  it('that is empty, or whose making was cut short by a crash, is made anew', async () => {
    writeFileSync(path, '');
    openLogForWriting(path).close();
    rmSync(path);
    const begun = openDatabase(path);
    begun.close();
    await filled();
    const store = await SqliteEventStore.open({ directory });
    expect(await collect(store.readAll())).toHaveLength(500);
    await store.close();
  });

  it('is recovered from its write-ahead log when only a copy of both is left', async () => {
    const store = await SqliteEventStore.open({ directory });
    const events = newEvents(10);
    await store.append('thing-1', events, { expectedRevision: 'no_stream' });
    const copy = join(directory, 'copy');
    mkdirSync(copy);
    for (const file of ['log.db', 'log.db-wal']) copyFileSync(join(directory, file), join(copy, file));
    const restored = await SqliteEventStore.open({ directory: copy });
    expect(idsOf(await collect(restored.readAll()))).toEqual(idsOf(events));
    await restored.close();
    await store.close();
  });

  it('whose directory is a file cannot be opened, and the message says so', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expect(SqliteEventStore.open({ directory: join(directory, 'file', 'below') })).rejects.toMatchObject({
      code: 'AccessDenied',
      message: expect.stringContaining('cannot be opened'),
    });
    await expect(SqliteEventStore.open({ directory: join(directory, 'file') })).rejects.toMatchObject({
      code: 'AccessDenied',
    });
  });

  it('in a directory that may only be read cannot be opened for writing, and the message says so', () => {
    // A root user may write everywhere, so the attempt is made by an ordinary user (65534) where this process is root:
    // the directory belongs to its maker and is closed to all others for writing.
    const code = `
      if (process.getuid() === 0) process.setuid(65534);
      const { openLogForWriting } = await import('./libs/event-store/src/sqlite.log-file.ts');
      try { openLogForWriting(process.argv[1]); console.log('opened'); }
      catch (error) { console.log(error.code, error.message); }`;
    const readOnly = join(directory, 'read-only');
    mkdirSync(readOnly, { mode: 0o555 });
    spawnSync('chmod', ['755', directory]);
    const { stdout } = spawnSync(
      process.execPath,
      [
        '--no-warnings',
        '--import',
        './test/support/typescript.mjs',
        '--input-type=module',
        '-e',
        code,
        join(readOnly, 'log.db'),
      ],
      { cwd: new URL('../../..', import.meta.url), encoding: 'utf8' },
    );
    expect(stdout).toMatch(/^AccessDenied the log .*read-only\/log\.db cannot be opened/);
    expect(existsSync(join(readOnly, 'log.db'))).toBe(false);
  });
});

describe('a full disk', () => {
  const large = () => newEvent({ text: 'x'.repeat(100_000) });

  it('refuses appends, lets reads go on, is reported, and is over as soon as there is room', async () => {
    const store = await SqliteEventStore.open({ directory });
    await store.append('thing-1', newEvents(10), { expectedRevision: 'no_stream' });
    store.limitPages(60);
    let written = 10;
    let code = 'none';
    while (code === 'none') {
      code = await codeOf(store.append('thing-1', [large()], { expectedRevision: written - 1 }));
      if (code === 'none') written += 1;
    }
    expect(code).toBe('StoreUnavailable');
    expect(written).toBeGreaterThan(10);
    expect(await collect(store.readStream('thing-1'))).toHaveLength(written);
    expect(await store.health()).toMatchObject({ status: 'down', reason: expect.stringContaining('no room left') });

    store.limitPages(100_000);
    expect(await store.health()).toMatchObject({ status: 'up' });
    const result = await store.append('thing-1', [large(), large()], { expectedRevision: written - 1 });
    expect(result.lastRevision).toBe(written + 1);
    expect(await collect(store.readAll())).toHaveLength(written + 2);
    await store.close();
  });

  it('takes from nobody the answer that needs no room, nor the room that there is, also when they come together', async () => {
    const store = await SqliteEventStore.open({ directory });
    await store.append('thing-1', newEvents(1), { expectedRevision: 'no_stream' });
    store.limitPages(100);
    expect(await store.health()).toMatchObject({ status: 'up' }); // the thread has answered: the limit is in force
    const huge = Array.from({ length: 5 }, large);
    const together = [
      store.append('thing-1', newEvents(1), { expectedRevision: 'no_stream' }),
      store.append('thing-2', huge, { expectedRevision: 'no_stream' }),
      store.append('thing-3', newEvents(1), { expectedRevision: 'no_stream' }),
    ];
    expect(await Promise.all(together.map(codeOf))).toEqual(['WrongExpectedRevision', 'StoreUnavailable', 'none']);
    expect((await collect(store.readAll())).map(({ stream }) => stream)).toEqual(['thing-1', 'thing-3']);
    await store.close();
  });

  it('fails the appends of one transaction together and leaves nothing of them behind', () => {
    const writer = new SqliteLogWriter(path);
    const encoded = (text: string) => ({
      id: newEvent().id,
      type: 'T',
      data: JSON.stringify({ text }),
      metadata: '{}',
    });
    const small = { stream: 'thing-1', expected: 'no_stream' as const, events: [encoded('x')] };
    const huge = { stream: 'thing-2', expected: 'no_stream' as const, events: [encoded('x'.repeat(900_000))] };
    writer.limitPages(100);
    expect(() => writer.append([small, huge], 1)).toThrow('no room left');
    expect(writer.head).toBe(0);
    expect(writer.append([small], 1)).toEqual([{ kind: 'written', lastRevision: 0, position: 1 }]);
    writer.limitPages(10_000);
    expect(writer.append([small, huge], 2)).toEqual([
      { kind: 'repeated', lastRevision: 0, position: 1 },
      { kind: 'written', lastRevision: 0, position: 2 },
    ]);
    writer.close();
    writer.close();
  });
});

describe('one group of appends', () => {
  it('is judged one by one: a refused one does not spoil the others', () => {
    const writer = new SqliteLogWriter(path);
    const one = (stream: string, expected: 'no_stream' | number) => ({
      stream,
      expected,
      events: [{ id: newEvent().id, type: 'T', data: '{}', metadata: '{}' }],
    });
    const group = [one('thing-1', 'no_stream'), one('thing-1', 'no_stream'), one('thing-1', 0), one('thing-2', 7)];
    expect(writer.append([...group, one('thing-3', 'no_stream')], 1)).toEqual([
      { kind: 'written', lastRevision: 0, position: 1 },
      { kind: 'refused', actual: 0 },
      { kind: 'written', lastRevision: 1, position: 2 },
      { kind: 'refused', actual: -1 },
      { kind: 'written', lastRevision: 0, position: 3 },
    ]);
    writer.close();
  });
});
