// A real PostgreSQL for tests: private clusters on loopback, stopped by their own process ids, gone with whoever started them.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const START_LIMIT_MS = 60_000;

export interface PostgresCluster {
  /** Of the role `runledger`, which owns the database `runledger` and is no superuser. */
  readonly url: string;
  /** Of the superuser, in the same database. */
  readonly adminUrl: string;
  readonly port: number;
  /** Of all its files; the server's own are in `data`. */
  readonly directory: string;
  /** Everything the server has written to its log. */
  readonly log: () => string;
  /** After `stop` or `kill9`; on the same port, with the same contents. */
  start(): Promise<void>;
  /** Cuts all sessions and shuts down cleanly. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** As a machine that loses power, but for its disk's cache. */
  kill9(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

export interface ClusterOptions {
  /** Lines of `postgresql.conf`, as in `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A cluster for one test file alone, which it may stop, restart and kill. Whoever starts it removes it. */
export async function startPostgres({ settings = {} }: ClusterOptions = {}): Promise<PostgresCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'runledger-postgres-'));
  return createCluster(directory, process.pid, settings);
}

/** Makes and starts a cluster in an empty directory, where it stays as long as the process `owner` lives. */
export async function createCluster(
  directory: string,
  owner: number,
  settings: Readonly<Record<string, string>>,
): Promise<PostgresCluster> {
  const guard = guardFiles(directory, owner);
  try {
    return await new Cluster(directory, settings, guard).create();
  } catch (error) {
    guard.kill();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const GUARD = `
  while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
  is_ours() { { cat "/proc/$1/cmdline" || ps -o args= -p "$1"; } 2>/dev/null | grep -qaF "$2/data"; }
  if read -r pid <"$2/data/postmaster.pid" && is_ours "$pid" "$2"; then
    kill -INT "$pid"
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -QUIT "$pid"
  fi
  umount "$2/disk" 2>/dev/null
  rm -rf "$2"`;

/** Whatever becomes of the owner, no server and no files stay behind. */
function guardFiles(directory: string, owner: number): ChildProcess {
  const guard = spawn('bash', ['-c', GUARD, 'guard', String(owner), directory], { detached: true, stdio: 'ignore' });
  guard.unref();
  return guard;
}

class Cluster implements PostgresCluster {
  port = 0;
  private readonly password = randomBytes(16).toString('hex');
  private readonly data: string;
  private readonly logFile: string;
  private programs = '';
  private identity: { readonly uid?: number; readonly gid?: number } = {};
  private server: ChildProcess | undefined;

  constructor(
    readonly directory: string,
    private readonly settings: Readonly<Record<string, string>>,
    private readonly guard: ChildProcess,
  ) {
    this.data = join(directory, 'data');
    this.logFile = join(directory, 'log');
  }

  get url(): string {
    return `postgres://runledger:${this.password}@127.0.0.1:${this.port}/runledger`;
  }

  get adminUrl(): string {
    return `postgres://runledger_admin:${this.password}@127.0.0.1:${this.port}/runledger`;
  }

  log = (): string => readFileSync(this.logFile, 'utf8');

  async create(): Promise<this> {
    this.programs = (await run('bash', ['scripts/postgresql.sh'], { cwd: root })).stdout.trim();
    await this.takeIdentity();
    await this.initialize();
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      try {
        await this.start();
        break;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
    await this.makeDatabase();
    return this;
  }

  async start(): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS;
    for (;;) {
      const server = this.spawn('postgres', ['-D', this.data, '-p', String(this.port)]);
      if (await this.isReady(server)) {
        this.server = server;
        return;
      }
      // After a kill the last backends hold the shared memory for a moment.
      if (Date.now() > deadline || !this.log().includes('still in use')) {
        throw new Error(`PostgreSQL did not start:\n${this.log().slice(-2_000)}`);
      }
      await pause(200);
    }
  }

  async stop(): Promise<void> {
    await this.end('SIGINT');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.end('SIGINT');
    // A small disk, if a test did not come to remove it.
    await run('umount', [join(this.directory, 'disk')]).catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
    this.guard.kill();
  }

  /** PostgreSQL refuses to run as root. */
  private async takeIdentity(): Promise<void> {
    if (process.getuid?.() !== 0) return;
    const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
    const user = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
    if (!user) throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
    this.identity = { uid: Number(user[2]), gid: Number(user[3]) };
    await chown(this.directory, Number(user[2]), Number(user[3]));
  }

  private async initialize(): Promise<void> {
    const passwordFile = join(this.directory, 'password');
    await writeFile(passwordFile, this.password, { mode: 0o600 });
    if (this.identity.uid !== undefined) await chown(passwordFile, this.identity.uid, this.identity.gid ?? 0);
    const program = this.spawn('initdb', [
      ...['-D', this.data, '--auth=scram-sha-256', '--username=runledger_admin', `--pwfile=${passwordFile}`],
      ...['--encoding=UTF8', '--locale=C', '--no-sync'],
    ]);
    // Where nothing else is under way, as in a benchmark, the process would end before it.
    program.ref();
    const [code] = (await once(program, 'exit')) as [number | null];
    await rm(passwordFile);
    if (code !== 0) throw new Error(`initdb failed:\n${this.log().slice(-2_000)}`);
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      shared_buffers: '32MB',
      ...this.settings,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    await writeFile(join(this.data, 'postgresql.conf'), lines.join(''), { flag: 'a' });
  }

  private async makeDatabase(): Promise<void> {
    const client = new pg.Client(this.adminUrl.replace(/runledger$/, 'postgres'));
    await client.connect();
    await client.query(`CREATE ROLE runledger LOGIN PASSWORD '${this.password}'`);
    await client.query('CREATE DATABASE runledger OWNER runledger');
    await client.end();
  }

  private spawn(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.logFile, 'a', 0o600);
    const options: SpawnOptions = {
      cwd: this.directory,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log, log],
      detached: true,
      ...this.identity,
    };
    const child = spawn(join(this.programs, program), args, options);
    closeSync(log);
    child.unref();
    return child;
  }

  /** What the server itself says in the file of its process id. */
  private async isReady(server: ChildProcess): Promise<boolean> {
    const deadline = Date.now() + START_LIMIT_MS;
    while (Date.now() < deadline) {
      if (server.exitCode !== null || server.signalCode !== null) return false;
      const text = await readFile(join(this.data, 'postmaster.pid'), 'utf8').catch(() => '');
      const lines = text.split('\n');
      if (lines[0] === String(server.pid) && lines[7]?.trim() === 'ready') return true;
      await pause(30);
    }
    server.kill('SIGQUIT');
    return false;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.ref();
    server.kill(signal);
    await ended;
  }
}
