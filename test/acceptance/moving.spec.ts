// A company outgrows its one file: the log, the secrets and the large contents go to servers, nothing is lost on the way, and
// everything could go back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '@app/kernel';
import { PostgresDatabase, SqliteLogReader } from '@app/event-store/nest';
import { openSharedEvidence } from '@app/evidence/nest';
import { runCli } from '../../apps/cli/src/cli.command.js';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { operate } from '../support/operator.js';
import { noStores } from '../support/server-process.js';
import type { SharedStores } from '../support/store-configurations.js';
import { inServers } from '../support/store-configurations.js';
import { chain, executor } from './definitions.js';
import { LocalProvider } from './provider.js';
import type { Ended } from './v1-client.js';
import { V1Client } from './v1-client.js';

const LARGE = 'x'.repeat(400_000);
const quiet = { PORT: '0', LOG_LEVEL: 'silent', AUTH: 'off' };

interface Served {
  readonly server: RunningServer;
  readonly client: V1Client;
}

const servers = new Set<Served>();
const directories: string[] = [];
let provider: LocalProvider;
let shared: SharedStores;

async function serve(env: Readonly<Record<string, string>>): Promise<Served> {
  const server = await startServer(parseSettings({ ...quiet, ...env }));
  const served = { server, client: new V1Client(server.url) };
  servers.add(served);
  return served;
}

async function stop(served: Served): Promise<void> {
  servers.delete(served);
  served.client.close();
  await served.server.close();
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'runledger-moving-'));
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

/** What must be the same wherever an event is read. */
const facts = (events: readonly RecordedEvent[]): unknown[] =>
  events.map(({ position, firstPosition, ...rest }) => ({ ...rest, first: firstPosition ?? position }));

/** What an auditor keeps of a log. */
interface Held {
  readonly key: string;
  readonly checkpoint: string;
}

const sizeOf = ({ checkpoint }: Held): number => Number(checkpoint.split('\n')[1]);

/** What is signed once everything is. */
async function held({ client }: Served, after = 0): Promise<Held> {
  for (const end = Date.now() + 20_000; ;) {
    const { status, text: checkpoint } = await client.get('/v1/evidence/checkpoint');
    const key = (await client.get('/v1/evidence/key')).text.trim();
    if (status === 200 && sizeOf({ key, checkpoint }) > after) return { key, checkpoint };
    if (Date.now() > end) throw new Error(`nothing more was signed: ${(await client.get('/v1/evidence/status')).text}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

/** The whole log as a bundle, verified with the key and against the checkpoint that somebody kept: what level that reaches. */
async function levelOf({ server }: Served, { key, checkpoint }: Held): Promise<string> {
  const place = newDirectory();
  const [bundle, known] = [join(place, 'log.tar'), join(place, 'kept.txt')];
  const answer = await fetch(`${server.url}/v1/evidence/export`);
  writeFileSync(bundle, Buffer.from(await answer.arrayBuffer()));
  writeFileSync(known, checkpoint);
  let told = '';
  const world = {
    out: (text: string): void => void (told += text),
    err: () => undefined,
    isTerminal: false,
    columns: 80,
    env: {},
    nowMs: () => Date.now(),
    untilStopped: () => new Promise<void>(() => undefined),
    stopSignal: () => new AbortController().signal,
  };
  const exit = await runCli(['verify', bundle, '--key', key, '--known', known, '--json'], world, '0');
  expect([exit, told]).toEqual([0, expect.stringContaining('"level":"L2"')]);
  return (JSON.parse(told) as { level: string }).level;
}

/** What a client sees that was there before: a run, its list, and every entry of the trail once each is a leaf. */
async function seen({ client }: Served, { executionId }: Ended): Promise<unknown> {
  let trail = await trailOf(client);
  for (const end = Date.now() + 20_000; !trail.every(({ hash }) => hash) && Date.now() < end;) {
    await new Promise((later) => setTimeout(later, 50));
    trail = await trailOf(client);
  }
  const run = await client.made(client.get(`/v1/executions/${executionId}`));
  const results = await client.made(client.get(`/v1/executions/${executionId}/results`));
  return { run, results, trail };
}

async function trailOf(client: V1Client): Promise<Record<string, unknown>[]> {
  const trail: Record<string, unknown>[] = [];
  for (let cursor = ''; ;) {
    const page = await client.made(client.get(`/v1/audit-events?limit=100${cursor}`));
    trail.push(...page.items.map(({ position: _, ...entry }: Record<string, unknown>) => entry));
    if (!page.nextCursor) return trail;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

beforeAll(async () => {
  provider = await new LocalProvider().listen();
  shared = await inServers().open();
  provider.on('/kyc/validate', ({ body }) => [200, body]);
}, 120_000);

afterAll(async () => {
  for (const served of servers) await stop(served);
  provider.close();
  await shared.remove();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}, 60_000);

describe('a log that moves from one file to servers and back', () => {
  let directory: string;
  let url: Record<string, string>;
  let inFile: Readonly<Record<string, string>>;
  let onServers: Readonly<Record<string, string>>;
  let workflowId: string;
  let first: Ended;
  let before: unknown;
  /** Kept by an auditor before the log moved for the first time. */
  let kept: Held;

  const run = ({ client }: Served, key: string): Promise<Ended> =>
    client.run(workflowId, { document: LARGE, key }, key);
  /** The secret was opened for the call, and the large content is whole. */
  const isComplete = ({ status, results }: Ended): boolean =>
    status.status === 'completed' &&
    JSON.stringify(results).includes(LARGE) &&
    provider.to('/kyc/validate').at(-1)?.headers['x-api-key'] === 'k-9f2a77c1-secret';

  beforeAll(async () => {
    directory = newDirectory();
    inFile = { ...noStores, DATA_DIR: directory };
    const { EVENTSTORE_URL = '', VIEWS_URL = '', VIEWS_SCHEMA = '' } = shared.env;
    url = { EVENTSTORE_URL, VIEWS_URL, VIEWS_SCHEMA };
    onServers = { ...url, DATA_DIR: directory };
    const served = await serve(inFile);
    const kyc = await served.client.provider('kyc', { base_url: `${provider.url}/kyc`, api_key: 'k-9f2a77c1-secret' });
    const mapping = { outputMapping: [{ source: 'body.document', target: 'document' }] };
    workflowId = await served.client.active(
      chain('moved', executor('a', kyc, { endpointName: 'validate', ...mapping })),
    );
    first = await run(served, 'in the file');
    expect(isComplete(first)).toBe(true);
    before = await seen(served, first);
    kept = await held(served, 5);
    await stop(served);
  }, 60_000);

  it('is refused while a server holds the directory', async () => {
    const served = await serve(inFile);
    const { exit, err } = await operate(['migrate', '--from', directory], url);
    expect([exit, err]).toEqual([2, expect.stringContaining(`data directory ${directory} is held by process`)]);
    await stop(served);
  }, 60_000);

  it('arrives whole, which is proved, and tells no password', async () => {
    const { exit, out, err } = await operate(['migrate', '--from', directory, '--json'], url);
    expect([exit, err]).toEqual([0, '']);
    const told = JSON.parse(out) as Record<string, unknown>;
    const source = await logIn(directory);
    expect(told).toMatchObject({ from: directory, events: source.length, appended: source.length, secrets: 1 });
    expect(told['contents']).toBeGreaterThan(0);
    const root = told['root'] as { log: string; size: number; signed: number };
    expect(kept.checkpoint.startsWith(`${root.log}\n`)).toBe(true);
    expect([root.size, root.signed > 0]).toEqual([source.length, true]);
    expect(facts(await shared.wholeLog())).toEqual(facts(source));
    for (const password of shared.passwords) expect(out + err).not.toContain(password);
  }, 60_000);

  it('may be moved again, which changes nothing', async () => {
    const { exit, out } = await operate(['migrate', '--from', directory], url);
    expect([exit, out]).toEqual([0, expect.stringMatching(/hold the same \d+ events \(0 of them carried over now\)/)]);
  }, 60_000);

  it('is not served from the old place any more', async () => {
    await expect(serve(inFile)).rejects.toThrow(/was carried over to esdb.* set EVENTSTORE_URL/);
  }, 60_000);

  it('goes on at the new place: what was seen is seen there, secrets and contents work', async () => {
    const served = await serve(onServers);
    const { run: run1, results, trail } = (await seen(served, first)) as Record<string, unknown[]>;
    const was = before as Record<string, unknown[]>;
    expect({ run: run1, results }).toEqual({ run: was['run'], results: was['results'] });
    expect(trail).toEqual(expect.arrayContaining(was['trail'] ?? []));
    expect(isComplete(await run(served, 'on servers'))).toBe(true);
    expect((await held(served, sizeOf(kept))).key).toBe(kept.key);
    expect(await levelOf(served, kept)).toBe('L2');
    await stop(served);
  }, 60_000);

  it('goes back with what came since', async () => {
    const there = await shared.wholeLog();
    const { exit, out, err } = await operate(['migrate', '--to', directory], url);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatch(/without EVENTSTORE_URL; start none on esdb/);
    expect(facts(await logIn(directory))).toEqual(facts(there));
    const served = await serve(inFile);
    expect(await seen(served, first)).toMatchObject({ run: (before as { run: unknown }).run });
    expect(isComplete(await run(served, 'in the file again'))).toBe(true);
    await held(served, there.length);
    expect(await levelOf(served, kept)).toBe('L2');
    await stop(served);
  }, 60_000);

  it('and out once more', async () => {
    const source = await logIn(directory);
    const { exit, err } = await operate(['migrate', '--from', directory], url);
    expect([exit, err]).toEqual([0, '']);
    expect(facts(await shared.wholeLog())).toEqual(facts(source));
  }, 60_000);

  it('is refused a place that holds another log', async () => {
    const other = newDirectory();
    await stop(await serve({ ...noStores, DATA_DIR: other }));
    const { exit, err } = await operate(['migrate', '--from', other], url);
    expect([exit, err]).toEqual([2, expect.stringContaining('another key')]);
    const { exit: back, err: why } = await operate(['migrate', '--to', other], url);
    expect([back, why]).toEqual([2, expect.stringContaining('another key')]);
  }, 60_000);

  it('is refused while somebody sequences at the new place', async () => {
    const log = { error: () => undefined };
    const place = { url: url['VIEWS_URL'] ?? '', schema: url['VIEWS_SCHEMA'] ?? '', applicationName: 'tests', log };
    const database = await PostgresDatabase.open(place);
    const claim = await (await openSharedEvidence(database)).claim();
    const { exit, err } = await operate(['migrate', '--to', newDirectory()], url);
    await claim?.release();
    await database.close();
    expect([exit, err]).toEqual([2, expect.stringMatching(/a server works with PostgreSQL at .*: stop it/)]);
  }, 60_000);
});

describe('runledger migrate', () => {
  it.each([
    ['nothing', [], {}, 'give --from and --to'],
    ['two directories', ['--from', 'a', '--to', 'b'], {}, 'one of --from and --to is a data directory'],
    ['two servers', ['--from', 'esdb://a:1', '--to', 'esdb://b:1'], {}, 'one of --from and --to is a data directory'],
    ['a directory without a log', ['--from', tmpdir()], { EVENTSTORE_URL: 'esdb://a:1' }, 'there is no log in'],
    ['an unknown option', ['--form', 'a'], {}, "unknown option '--form'"],
    ['a bad schema', ['--schema', 'A b'], {}, 'lower-case letters'],
  ])('with %s is wrong usage', async (_, args, env, told) => {
    const { exit, err } = await operate(['migrate', ...args], env);
    expect([exit, err]).toEqual([3, expect.stringContaining(told)]);
  });

  it('says what a server that cannot be reached is, without its password', async () => {
    const directory = newDirectory();
    await stop(await serve({ ...noStores, DATA_DIR: directory }));
    const nobody = 'esdb://engine:s3cret-word@127.0.0.1:1?tls=false&maxDiscoverAttempts=1';
    const { exit, out, err } = await operate(['migrate', '--from', directory, '--to', nobody]);
    expect([exit, out, err]).toEqual([2, '', expect.stringContaining('EventStoreDB cannot be reached')]);
    expect(err).not.toContain('s3cret-word');
  }, 60_000);

  it('is explained', async () => {
    const { exit, out } = await operate(['migrate', '--help']);
    expect([exit, out]).toEqual([0, expect.stringContaining('EVENTSTORE_URL=esdb://... VIEWS_URL=postgres://...')]);
  });
});
