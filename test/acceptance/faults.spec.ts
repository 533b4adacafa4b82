// What an operator meets: a directory that is taken, a log that is damaged or not ours, a port in use, a full disk, a stop.
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { announce } from '../support/announce.js';
import type { ServerProcess } from '../support/server-process.js';
import { noStores, serverProgram, startServer } from '../support/server-process.js';
import type { TestStores } from '../support/store-configurations.js';
import { storeConfigurations } from '../support/store-configurations.js';
import { chain, executor, setOutput } from './definitions.js';
import { LocalProvider } from './provider.js';
import { V1Client } from './v1-client.js';
import { problem, text } from './world.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const provider = new LocalProvider();
const opened: (() => unknown)[] = [];

beforeAll(async () => {
  await provider.listen();
  opened.push(() => provider.close());
}, 30_000);

afterAll(async () => {
  for (const close of opened.reverse()) await close();
}, 60_000);

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'runledger-faults-'));
  opened.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function serve(dataDir: string, env: Record<string, string> = {}): Promise<[ServerProcess, V1Client]> {
  const server = await startServer({ dataDir, env: { LOG_LEVEL: 'info', ...env } });
  const client = new V1Client(server.url);
  opened.push(() => server.stop('SIGKILL'));
  opened.push(() => client.close());
  return [server, client];
}

/** A start that is expected to end at once: its exit code and all that it wrote. */
async function start(env: Record<string, string>): Promise<{ code: number | null; output: string; ms: number }> {
  const from = Date.now();
  const child = spawn(process.execPath, serverProgram(), {
    cwd: root,
    env: { ...process.env, ...noStores, PORT: '0', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const limit = setTimeout(() => child.kill('SIGKILL'), 25_000);
  const code = await new Promise<number | null>((ended) => child.on('close', ended));
  clearTimeout(limit);
  return { code, output, ms: Date.now() - from };
}

const oneLine = /^runledger cannot start: [^\n]+\n$/;

describe('a start is refused in one line that says why', () => {
  it('when another server holds the data directory: the line names its process, and that one goes on', async () => {
    const dataDir = directory();
    const [server, client] = await serve(dataDir);
    const second = await start({ DATA_DIR: dataDir });
    expect(second).toMatchObject({ code: 1, output: expect.stringMatching(oneLine) });
    expect(second.output).toContain(`process ${server.process.pid ?? 0} `);
    expect((await client.post('/v1/workflows', { name: 'still here' })).status).toBe(201);
    await server.stop('SIGKILL');
    const [, after] = await serve(dataDir);
    expect((await after.get('/v1/workflows')).body.items).toHaveLength(1);
  });

  it('when AUTH is off and others could reach it', async () => {
    const hosts = ['0.0.0.0', '::'];
    const starts = await Promise.all(hosts.map((HOST) => start({ HOST, AUTH: 'off', DATA_DIR: directory() })));
    for (const [index, { code, output }] of starts.entries()) {
      const HOST = hosts[index];
      expect([HOST, code, output]).toEqual([HOST, 1, expect.stringMatching(oneLine)]);
      expect(output).toContain('AUTH');
    }
  });

  it('when its port is in use, and it leaves the directory free', async () => {
    const dataDir = directory();
    const port = new URL(provider.url).port;
    const { code, output } = await start({ DATA_DIR: dataDir, PORT: port });
    expect([code, output]).toEqual([1, expect.stringMatching(oneLine)]);
    expect(output).toMatch(new RegExp(`port ${port} .*in use`));
    await serve(dataDir);
  });

  it('when settings are wrong: all of them at once, and none of their values', async () => {
    const { code, output } = await start({
      DATA_DIR: directory(),
      PORT: 'high',
      SECRETS_KEY: 'hush-hush',
      LOG_LEVEL: 'loud',
    });
    expect([code, output]).toEqual([1, expect.stringMatching(oneLine)]);
    for (const name of ['PORT', 'SECRETS_KEY', 'LOG_LEVEL']) expect(output).toContain(name);
    expect(output).not.toMatch(/hush|loud|high/);
  });

  describe('when the log', () => {
    let sound: string;

    beforeAll(async () => {
      sound = directory();
      const [server, client] = await serve(sound);
      const names = Array.from({ length: 40 }, (_, index) => `w${index}`);
      await Promise.all(
        names.map((name) => client.made(client.post('/v1/workflows', { name, description: 'd'.repeat(400) }))),
      );
      await server.stop();
    }, 60_000);

    const spoiled: [string, RegExp, (log: string) => void][] = [
      ['is a text', /not (an|our) event log/, (log) => writeFileSync(log, 'Dear diary,\n'.repeat(1_000))],
      [
        'is the database of somebody else',
        /not (an|our) event log/,
        (log) => copyFileSync(join(sound, 'views.db'), log),
      ],
      [
        'is cut in half',
        /damaged|not (an|our) event log/,
        (log) => truncateSync(log, Math.floor(statSync(log).size / 2)),
      ],
      ['has a torn page', /damaged/, (log) => overwrite(log, Math.floor(statSync(log).size / 2))],
      ['has lost its first page', /damaged|not (an|our) event log/, (log) => overwrite(log, 0)],
    ];

    const starts = new Map<string, { log: string; before: Buffer; ended: Awaited<ReturnType<typeof start>> }>();

    beforeAll(async () => {
      const begun = spoiled.map(async ([what, , spoil]) => {
        const dataDir = directory();
        const log = join(dataDir, 'log.db');
        copyFileSync(join(sound, 'log.db'), log);
        spoil(log);
        const before = readFileSync(log);
        starts.set(what, { log, before, ended: await start({ DATA_DIR: dataDir }) });
      });
      await Promise.all(begun);
    }, 60_000);

    it.each(spoiled)('%s, and not a byte of it is touched', (what, reason) => {
      const { log, before, ended } = starts.get(what)!;
      expect([ended.code, ended.output]).toEqual([1, expect.stringMatching(oneLine)]);
      expect(ended.output).toContain(log);
      expect(ended.output).toMatch(reason);
      expect(readFileSync(log).equals(before)).toBe(true);
    });

    it('is sound but the views are not: they are made again from it', async () => {
      const dataDir = directory();
      copyFileSync(join(sound, 'log.db'), join(dataDir, 'log.db'));
      writeFileSync(join(dataDir, 'views.db'), 'nonsense'.repeat(1_000));
      const [server, client] = await serve(dataDir);
      expect((await client.get('/v1/workflows?limit=100')).body.items).toHaveLength(40);
      expect(server.output()).toMatch(/"workflows":"damaged".*"msg":"views were made anew from the log"/);
    });
  });
});

function overwrite(path: string, at: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, at - (at % 4_096));
  closeSync(file);
}

describe('the data directory', () => {
  it("and every file in it is for the server's own user alone", async () => {
    const data = join(directory(), 'data');
    const [server] = await serve(data);
    const modes = ['', ...readdirSync(data)].map((name) => statSync(join(data, name)).mode & 0o077);
    expect(modes.length).toBeGreaterThan(3);
    expect(modes.every((mode) => mode === 0)).toBe(true);
    await server.stop();
  });
});

describe.each(storeConfigurations())('on $name', (configuration) => {
  let stores: TestStores;

  beforeEach(async () => {
    stores = await configuration.open();
    const own = stores;
    opened.push(() => own.remove());
  });

  describe('AUTH=keys', () => {
    it('prints the first key once; it opens everything as X-API-Key and as Bearer, and nothing opens without it', async () => {
      const [server, client] = await serve(stores.directory, { ...stores.env, AUTH: 'keys' });
      const printed = server.output().match(/rl_[A-Za-z0-9_-]+/g) ?? [];
      expect(printed).toHaveLength(1);
      const key = printed[0] as string;
      const denied = [
        {},
        { 'x-api-key': `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}` },
        { authorization: 'Bearer rl_x' },
        { 'x-api-key': 'x' },
      ];
      for (const headers of denied) {
        const { status, body } = await client.get('/v1/workflows', headers);
        expect([status, body]).toEqual([401, problem('UNAUTHORIZED', 'Unauthorized')]);
      }
      for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }] as Record<string, string>[]) {
        expect((await client.get('/v1/workflows', headers)).status).toBe(200);
      }
      for (const path of ['/health', '/readyz', '/version', '/swagger/json'])
        expect((await client.get(path)).status).toBe(200);
      const mine = { 'x-api-key': key };
      const made = await client.post('/v1/workflows', { name: 'mine' }, mine);
      const { items } = (await client.get(`/v1/audit-events?resourceId=${made.body.id}`, mine)).body;
      expect(items[0].actor).toMatchObject({ type: 'api_key', id: text, name: 'administrator', via: 'api_key' });
      const other = (await client.post('/v1/api-keys', { name: 'other' }, mine)).body;
      expect((await client.get('/v1/workflows', { 'x-api-key': other.key })).status).toBe(200);
      expect((await client.act(`/v1/api-keys/${other.id}/revoke`, mine)).status).toBe(200);
      expect((await client.get('/v1/workflows', { 'x-api-key': other.key })).status).toBe(401);
      await server.stop();
      const [again, later] = await serve(stores.directory, { ...stores.env, AUTH: 'keys' });
      expect(again.output()).not.toMatch(/rl_/);
      expect((await later.get('/v1/workflows', mine)).body.items).toHaveLength(1);
      expect(await stores.placesOf([key])).toEqual([]);
      expect((await stores.placesOf([made.body.id])).length).toBeGreaterThan(1);
    }, 120_000);
  });

  describe('SIGTERM', () => {
    it('drains within ten seconds while runs are under way, and they go on after the next start', async () => {
      const [server, client] = await serve(stores.directory, stores.env);
      const own = await new LocalProvider().listen();
      opened.push(() => own.close());
      let healthy = false;
      own.on('/first', () => [200, { ok: 1 }]).on('/held', () => (healthy ? [200, {}] : undefined));
      const config = await client.provider('p', { base_url: own.url, api_key: 'k' });
      const nodes = [
        executor('first', config, { path: 'first' }),
        executor('held', config, { path: 'held' }),
        setOutput('out', { done: true }),
      ];
      const id = await client.active(chain('stopped', ...nodes));
      const runs = await Promise.all([1, 2, 3].map((n) => client.start(id, {}, `stop-${n}`)));
      while (own.to('/held').length < 3) await new Promise((later) => setTimeout(later, 10));
      const from = Date.now();
      const code = await server.stop('SIGTERM');
      expect([code, Date.now() - from < 10_000]).toEqual([0, true]);
      healthy = true;
      const [, after] = await serve(stores.directory, stores.env);
      for (const { body } of runs) {
        expect(await after.ended(body.executionId)).toMatchObject({ status: 'completed' });
      }
      expect(own.to('/first')).toHaveLength(3);
      const again = await after.start(id, {}, 'stop-1');
      expect([again.status, again.body.executionId]).toEqual([200, runs[0]?.body.executionId]);
      const system = (await after.get('/v1/audit-events?eventType=SERVER_STARTED,SERVER_STOPPED&sortOrder=ASC')).body
        .items;
      expect(system.map(({ eventType }: { eventType: string }) => eventType)).toEqual([
        ...['SERVER_STARTED', 'SERVER_STOPPED', 'SERVER_STARTED'],
      ]);
    }, 120_000);
  });
});

interface Disk {
  readonly path: string;
  /** From now on nothing more can be written. */
  readonly fill: (pid: number) => void;
  readonly release: (pid: number) => void;
}

/** The checks that are not up, and why, once there are none or the time has come. */
async function complaints(client: V1Client, untilMs: number): Promise<Record<string, unknown>> {
  for (;;) {
    const { body } = await client.get('/readyz');
    const checks = Object.entries(body.checks as Record<string, { status: string }>);
    const bad = checks.filter(([, { status }]) => status !== 'up');
    if (bad.length === 0 || Date.now() >= untilMs) return Object.fromEntries(bad);
    await new Promise((later) => setTimeout(later, 50));
  }
}

/** A small file system of its own; undefined where mounting is not permitted. */
function smallDisk(): Disk | undefined {
  const path = directory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  opened.push(() => execFileSync('umount', ['-l', path]));
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const file = openSync(filler, 'a');
      for (const size of [1 << 20, 4_096, 1]) {
        try {
          for (;;) writeSync(file, Buffer.alloc(size));
        } catch {
          // full, to this size
        }
      }
      closeSync(file);
    },
    release: () => rmSync(filler),
  };
}

/** The kernel refuses to let files of the process grow: for whoever writes, a disk without room. */
function limitedFiles(): Disk {
  const path = directory();
  const limit = (pid: number, bytes: string) =>
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  return {
    path,
    fill: (pid) => {
      const sizes = ['log.db', 'log.db-wal'].map((file) => statSync(join(path, file)).size);
      limit(pid, String(Math.max(...sizes)));
    },
    release: (pid) => limit(pid, 'unlimited'),
  };
}

describe.each<[string, () => Disk | undefined]>([
  ['a disk without room', smallDisk],
  ['files that may not grow', limitedFiles],
])('on %s', (what, make) => {
  it('reads go on, writes are answered 503 and are taken again once there is room; nothing acknowledged is lost', async () => {
    const made = make();
    if (!made) announce(`MOUNTING IS NOT PERMITTED HERE: "${what}" is proved by a limit on the size of files instead`);
    const disk = made ?? limitedFiles();
    const [server, client] = await serve(disk.path);
    const pid = server.process.pid ?? 0;
    let release: (() => void) | undefined;
    const held = new Promise<void>((go) => (release = go));
    const path = `/disk-${what.length}`;
    provider.on(path, () => held.then(() => [200, { ok: true }] as const));
    const config = await client.provider('p', { base_url: provider.url, api_key: 'k' });
    const id = await client.active(
      chain('waits', executor('call', config, { path: path.slice(1) }), setOutput('o', {})),
    );
    const run = (await client.start(id, {}, 'full')).body.executionId;
    while (provider.to(path).length === 0) await new Promise((later) => setTimeout(later, 10));

    disk.fill(pid);
    const acknowledged: string[] = [];
    const create = (name: string) => client.post('/v1/workflows', { name, metadata: { filler: 'x'.repeat(200_000) } });
    let refused = await create('full-0');
    for (let index = 1; refused.status === 201 && index < 400; index += 1) {
      acknowledged.push(refused.body.id);
      refused = await create(`full-${index}`);
    }
    expect([refused.status, refused.body]).toEqual([503, problem('STORE_UNAVAILABLE', 'Service Unavailable')]);
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    release?.();
    for (const read of [
      '/v1/workflows',
      `/v1/workflows/${id}`,
      `/v1/executions/${run}`,
      '/v1/executions',
      '/v1/audit-events',
      '/v1/dashboards/executions',
      '/v1/provider-configurations',
      '/metrics',
    ]) {
      const answer = await client.get(read);
      expect([read, answer.status]).toEqual([read, 200]);
    }
    expect([200, 503]).toContain((await client.get('/health')).status);
    expect((await create('still full')).status).toBe(503);
    expect((await client.get(`/v1/executions/${run}`)).body.status).toBe('running');

    disk.release(pid);
    const until = Date.now() + 15_000;
    let taken = await create('room again');
    while (taken.status !== 201 && Date.now() < until) {
      await new Promise((later) => setTimeout(later, 100));
      taken = await create('room again');
    }
    expect(taken.status).toBe(201);
    for (const each of acknowledged) expect((await client.get(`/v1/workflows/${each}`)).status).toBe(200);
    expect((await client.ended(run)).status).toBe('completed');
    expect(provider.to(path)).toHaveLength(1);
    expect(await complaints(client, until + 10_000)).toEqual({});
    expect((await client.get('/v1/audit-events?q=room')).body.items.length).toBeGreaterThan(0);
    expect(await server.stop()).toBe(0);
    const [, after] = await serve(disk.path);
    for (const each of acknowledged) expect((await after.get(`/v1/workflows/${each}`)).status).toBe(200);
  }, 90_000);
});

it('a data directory that cannot be written to is refused in one line', async () => {
  const path = directory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,ro', 'tmpfs', path], { stdio: 'ignore' });
    opened.push(() => execFileSync('umount', ['-l', path]));
  } catch {
    announce('MOUNTING IS NOT PERMITTED HERE: a file where the directory should be stands for a read-only directory');
    rmSync(path, { recursive: true });
    writeFileSync(path, '');
  }
  const { code, output } = await start({ DATA_DIR: path });
  expect([code, output]).toEqual([1, expect.stringMatching(oneLine)]);
  expect(output).toContain(path);
});
