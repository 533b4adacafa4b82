// A data directory is copied while its server works, and put in place again: on its own, and below views that know more.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '@app/kernel';
import { openDatabase, SqliteLogReader } from '@app/event-store/nest';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { operate } from '../support/operator.js';
import { noStores, startServer as startProcess } from '../support/server-process.js';
import type { SharedStores } from '../support/store-configurations.js';
import { inServers } from '../support/store-configurations.js';
import { until } from '../support/until.js';
import { chain, executor } from './definitions.js';
import { LocalProvider } from './provider.js';
import type { Ended } from './v1-client.js';
import { V1Client } from './v1-client.js';

const LARGE = 'x'.repeat(400_000);

interface Served {
  readonly server: RunningServer;
  readonly client: V1Client;
}

const directories: string[] = [];
let provider: LocalProvider;

async function serve(env: Readonly<Record<string, string>>): Promise<Served> {
  const settings = { PORT: '0', LOG_LEVEL: 'silent', AUTH: 'off', ...noStores, ...env };
  const server = await startServer(parseSettings(settings));
  return { server, client: new V1Client(server.url) };
}

async function stop({ server, client }: Served): Promise<void> {
  client.close();
  await server.close();
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'runledger-backup-'));
  directories.push(directory);
  return directory;
}

async function logIn(directory: string): Promise<RecordedEvent[]> {
  const log = await SqliteLogReader.open({ directory });
  const events: RecordedEvent[] = [];
  for await (const event of log.readAll()) events.push(event);
  await log.close();
  return events;
}

async function arranged({ client }: Pick<Served, 'client'>): Promise<string> {
  const kyc = await client.provider('kyc', { base_url: `${provider.url}/kyc`, api_key: 'k-9f2a77c1-secret' });
  const mapping = { outputMapping: [{ source: 'body.document', target: 'document' }] };
  return client.active(chain('kept', executor('a', kyc, { endpointName: 'validate', ...mapping })));
}

/** Views that were made anew, as the log says. */
const rebuiltIn = (log: readonly RecordedEvent[]): string[] =>
  log.filter(({ type }) => type === 'ViewsRebuilt').flatMap(({ data }) => (data as { views: string[] }).views);

/** Views answer from their first event on; that they were made anew is recorded once they have seen the whole log. */
const untilRebuilt = (view: string, log: () => Promise<readonly RecordedEvent[]>): Promise<void> =>
  until(async () => rebuiltIn(await log()).includes(view));

async function untilFailed({ client }: Served): Promise<{ readonly reason: string }> {
  const status = async () => (await client.get('/v1/evidence/status')).body;
  await until(async () => (await status()).state === 'failed');
  return status();
}

/** Whether it is in its stream, and in the views. */
const isKnown = async ({ client }: Pick<Served, 'client'>, id: string): Promise<boolean> =>
  (await client.get(`/v1/executions/${id}`)).status === 200 &&
  JSON.stringify((await client.get('/v1/executions?limit=100')).body).includes(id);

/** Views are given two seconds to know what the log does; on a machine that is busy they may need more. */
const untilKnown = (served: Pick<Served, 'client'>, id: string): Promise<void> => until(() => isKnown(served, id));

beforeAll(async () => {
  provider = await new LocalProvider().listen();
  provider.on('/kyc/validate', ({ body }) => [200, body]);
});
afterAll(() => {
  provider.close();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describe('a backup of a data directory', () => {
  let directory: string;
  let backup: string;
  let workflowId: string;
  let early: Ended;
  let late: Ended;

  beforeAll(async () => {
    [directory, backup] = [newDirectory(), join(newDirectory(), 'at-noon')];
    // In a process of its own, so that it works while this one copies.
    const server = await startProcess({ dataDir: directory });
    const client = new V1Client(server.url);
    workflowId = await arranged({ client });
    early = await client.run(workflowId, { document: LARGE }, 'early');
    let working = true;
    const work = (async () => {
      // Not more than a page of the list shows.
      for (let number = 0; working && number < 50; number += 1) {
        await client.run(workflowId, { number }, `meanwhile-${number}`);
      }
    })();
    await client.run(workflowId, { document: 'beside' }, 'beside');
    const { exit, err, out } = await operate(['backup', '--to', backup, '--json'], { DATA_DIR: directory });
    working = false;
    await work;
    expect([exit, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ contents: 1, events: (await logIn(backup)).length });
    late = await client.run(workflowId, { document: 'late' }, 'late');
    // Views are folded later than a run ends, and a server that stops does not wait for them.
    await untilKnown({ client }, late.executionId);
    client.close();
    await server.stop();
  }, 60_000);

  it('is a beginning of the log, for its owner alone', async () => {
    const [copied, whole] = [await logIn(backup), await logIn(directory)];
    expect(copied.length).toBeGreaterThan(10);
    expect(copied).toEqual(whole.slice(0, copied.length));
    expect(statSync(backup).mode & 0o777).toBe(0o700);
    expect(statSync(join(backup, 'secrets.key')).mode & 0o777).toBe(0o600);
    for (const name of ['views.db', 'evidence.key.signed']) expect(existsSync(join(backup, name))).toBe(false);
  });

  it('is restored by putting it in place: what it knows is there, secrets and contents work', async () => {
    const place = newDirectory();
    cpSync(backup, place, { recursive: true });
    const served = await serve({ DATA_DIR: place });
    await untilKnown(served, early.executionId);
    expect(await isKnown(served, late.executionId)).toBe(false);
    const results = await served.client.get(`/v1/executions/${early.executionId}/results`);
    expect(results.text).toContain(LARGE);
    const again = await served.client.run(workflowId, { document: 'again' }, 'again');
    expect(again.status.status).toBe('completed');
    expect(provider.received.at(-1)?.headers['x-api-key']).toBe('k-9f2a77c1-secret');
    await stop(served);
  }, 60_000);

  it('below views that know more is noticed: they are made anew', async () => {
    const place = newDirectory();
    cpSync(backup, place, { recursive: true });
    for (const name of readdirSync(directory)) {
      if (name.startsWith('views.db')) copyFileSync(join(directory, name), join(place, name));
    }
    const served = await serve({ DATA_DIR: place });
    await untilRebuilt('executions', () => logIn(place));
    expect(await isKnown(served, late.executionId)).toBe(false);
    await untilKnown(served, early.executionId);
    await stop(served);
    expect(rebuiltIn(await logIn(backup))).toEqual([]);
  }, 60_000);

  it('is signed no more where its signer remembers a larger log: commands are refused, reads go on', async () => {
    const place = newDirectory();
    cpSync(backup, place, { recursive: true });
    copyFileSync(join(directory, 'evidence.key.signed'), join(place, 'evidence.key.signed'));
    const served = await serve({ DATA_DIR: place });
    const { client } = served;
    const failed = await untilFailed(served);
    expect(failed.reason).toMatch(/the signer's memory/);
    expect(await client.get('/readyz')).toMatchObject({
      status: 503,
      text: expect.stringContaining(failed.reason) as string,
    });
    const refused = await client.start(workflowId, {}, 'refused');
    expect([refused.status, refused.body.code]).toEqual([503, 'EVIDENCE_FAILED']);
    await untilKnown(served, early.executionId);
    await stop(served);
  }, 60_000);

  it('is not mixed with another, and is made of a data directory only', async () => {
    const into = (to: string, from: string) => operate(['backup', '--to', to, '--from', from]);
    const empty = newDirectory();
    expect(await into(backup, directory)).toMatchObject({
      exit: 3,
      err: expect.stringContaining('is not empty') as string,
    });
    expect(await into(join(empty, 'a'), empty)).toMatchObject({
      exit: 3,
      err: expect.stringContaining('is no data directory') as string,
    });
    const nowhere = join(empty, 'nowhere');
    expect(await into(join(empty, 'b'), nowhere)).toMatchObject({
      exit: 3,
      err: expect.stringContaining(`there is no directory ${nowhere}`) as string,
    });
  });

  it('leaves the keys out when it is told to', async () => {
    const to = join(newDirectory(), 'without');
    const { exit, out } = await operate(['backup', '--to', to, '--from', directory, '--no-keys']);
    expect([exit, out]).toEqual([0, expect.stringContaining('log.db')]);
    expect(out).toMatch(
      /^not in it, and needed to go on: the key of the secrets \(SECRETS_KEY\), the signing key .*copy elsewhere$/m,
    );
    expect(readdirSync(to).filter((name) => name.endsWith('.key'))).toEqual([]);
  });

  it('does not pass a damaged file on', async () => {
    const damaged = newDirectory();
    cpSync(backup, damaged, { recursive: true });
    writeFileSync(join(damaged, 'secrets.db'), 'nonsense'.repeat(1_000));
    const { exit, err } = await operate(['backup', '--to', join(newDirectory(), 'c'), '--from', damaged]);
    expect([exit, err]).toEqual([2, expect.stringContaining('secrets.db could not be copied')]);
    const blob = readdirSync(join(backup, 'blobs'), { recursive: true, encoding: 'utf8' }).find(
      (name) => name.length > 60,
    )!;
    const other = newDirectory();
    cpSync(backup, other, { recursive: true });
    writeFileSync(join(other, 'blobs', blob), 'changed');
    const second = await operate(['backup', '--to', join(newDirectory(), 'd'), '--from', other]);
    expect([second.exit, second.err]).toEqual([2, expect.stringContaining('is damaged; restore it')]);
  });

  it('of a directory whose log is elsewhere says so', async () => {
    const place = newDirectory();
    copyFileSync(join(backup, 'secrets.key'), join(place, 'secrets.key'));
    const { exit, out } = await operate(['backup', '--to', join(newDirectory(), 'e'), '--from', place]);
    expect([exit, out]).toEqual([0, expect.stringContaining('no log (it is elsewhere: back it up there)')]);
  });

  it('is one moment of every file, whatever is written meanwhile', async () => {
    const source = newDirectory();
    cpSync(backup, source, { recursive: true });
    const database = openDatabase(join(source, 'secrets.db'));
    database.exec("BEGIN; INSERT INTO secrets VALUES ('half', 'k', x'00', x'00')");
    const to = join(newDirectory(), 'f');
    expect((await operate(['backup', '--to', to, '--from', source])).exit).toBe(0);
    database.exec('ROLLBACK');
    database.close();
    const copy = openDatabase(join(to, 'secrets.db'), { readOnly: true });
    expect(copy.prepare("SELECT count(*) AS count FROM secrets WHERE id = 'half'").get()).toEqual({ count: 0 });
    copy.close();
  });
});

describe('an older log in EventStoreDB below views in PostgreSQL that know more', () => {
  let shared: SharedStores;
  let older: SharedStores;
  beforeAll(async () => {
    shared = await inServers().open();
    older = await inServers().open();
  }, 120_000);
  afterAll(async () => {
    await shared.remove();
    await older.remove();
  }, 60_000);

  it('is noticed: the views are made anew', async () => {
    const directory = newDirectory();
    const first = await serve({ DATA_DIR: directory });
    const workflowId = await arranged(first);
    const early = await first.client.run(workflowId, { document: 'early' }, 'early');
    await stop(first);
    const { EVENTSTORE_URL = '', VIEWS_URL = '', VIEWS_SCHEMA = '' } = shared.env;
    const views = { VIEWS_URL, VIEWS_SCHEMA };
    // The older log: what there was when it was backed up, on a node of its own.
    const backup = join(newDirectory(), 'older');
    cpSync(directory, backup, { recursive: true });
    expect((await operate(['migrate', '--from', directory], { ...views, EVENTSTORE_URL })).exit).toBe(0);
    const second = await serve({ ...views, EVENTSTORE_URL, DATA_DIR: directory });
    const late = await second.client.run(workflowId, { document: 'late' }, 'late');
    await untilKnown(second, late.executionId);
    await stop(second);

    const restored = { EVENTSTORE_URL: older.env['EVENTSTORE_URL'] ?? '' };
    expect((await operate(['migrate', '--from', backup], { ...views, ...restored })).exit).toBe(0);
    const third = await serve({ ...views, ...restored, DATA_DIR: directory });
    await untilRebuilt('executions', () => older.wholeLog());
    await untilKnown(third, early.executionId);
    expect(await isKnown(third, late.executionId)).toBe(false);
    await stop(third);
  }, 120_000);
});

describe('a backup of PostgreSQL as the operating guide has it', () => {
  let shared: SharedStores;
  beforeAll(async () => {
    shared = await inServers().open();
  }, 120_000);
  afterAll(() => shared.remove(), 60_000);

  it('brings back secrets and contents, and views that the log completes', async () => {
    const { VIEWS_URL = '', VIEWS_SCHEMA = '' } = shared.env;
    const programs = execFileSync('bash', ['scripts/postgresql.sh'], { encoding: 'utf8' }).trim();
    const run = (program: string, ...args: string[]): void => {
      execFileSync(join(programs, program), args, { stdio: ['ignore', 'ignore', 'inherit'] });
    };
    const place = newDirectory();
    const first = await serve(shared.env);
    const workflowId = await arranged(first);
    const early = await first.client.run(workflowId, { document: LARGE }, 'early');
    // While the server works: evidence, then the log, which stays here, then the rest.
    const tables = ['leaves', 'nodes', 'checkpoints', 'cosignatures', 'marks', 'sequenced'];
    const evidence = tables.map((table) => `${VIEWS_SCHEMA}.evidence_${table}`).join(', ');
    const only = `--table=${VIEWS_SCHEMA}.evidence_*`;
    run('pg_dump', '--format=custom', `--file=${join(place, 'evidence')}`, only, VIEWS_URL);
    await first.client.run(workflowId, { document: 'between' }, 'between');
    run('pg_dump', '--format=custom', `--file=${join(place, 'rest')}`, `--schema=${VIEWS_SCHEMA}`, VIEWS_URL);
    const late = await first.client.run(workflowId, { document: 'late' }, 'late');
    await stop(first);

    await shared.rows(`DROP SCHEMA ${VIEWS_SCHEMA} CASCADE`);
    const restore = (...args: string[]): void => run('pg_restore', '--exit-on-error', `--dbname=${VIEWS_URL}`, ...args);
    restore(join(place, 'rest'));
    run('psql', '--quiet', VIEWS_URL, '--command', `TRUNCATE ${evidence}`);
    restore('--data-only', join(place, 'evidence'));
    const second = await serve(shared.env);
    await untilKnown(second, early.executionId);
    await untilKnown(second, late.executionId);
    expect((await second.client.get(`/v1/executions/${early.executionId}/results`)).text).toContain(LARGE);
    expect((await second.client.run(workflowId, { document: 'again' }, 'again')).status.status).toBe('completed');
    expect(provider.received.at(-1)?.headers['x-api-key']).toBe('k-9f2a77c1-secret');
    await stop(second);
    // Views that were dumped before the log went on are older than it, and need no making anew.
    expect(rebuiltIn(await shared.wholeLog())).toEqual([]);
  }, 120_000);
});
