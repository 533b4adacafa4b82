// A Runledger server as a process of its own, from the sources or from the build, as an operator would run it.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const START_LIMIT_MS = 60_000;

/** Whatever stores the environment of a test run names, a server of a test has the ones that its test gives it. */
export const noStores = { EVENTSTORE_URL: '', VIEWS_URL: '', VIEWS_SCHEMA: '' };

export type ServerOrigin = 'sources' | 'build';

/** A built server starts in half the time; `npm test` has just built one and says so. */
const usualOrigin: ServerOrigin = process.env['SERVERS_FROM'] === 'build' ? 'build' : 'sources';

/** What Node is to be told to run a server. */
export function serverProgram(from: ServerOrigin = usualOrigin): readonly string[] {
  return from === 'build'
    ? ['--enable-source-maps', 'dist/apps/server/src/main.js']
    : ['--no-warnings', '--import', './test/support/typescript.mjs', 'apps/server/src/main.ts'];
}

export interface ServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything it has written so far, both channels. */
  readonly output: () => string;
  /** Sends the signal (default SIGTERM) and resolves to the exit code, null when the signal ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

export interface ServerOptions {
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  /** `build` needs an up-to-date dist/. Default: SERVERS_FROM, else the sources. */
  readonly from?: ServerOrigin;
  readonly env?: Readonly<Record<string, string>>;
  /** In a process group of its own: Ctrl-C in the terminal does not reach it, whoever started it stops it. */
  readonly ownGroup?: boolean;
}

/** Starts a server and resolves once it listens and `/readyz` answers 200; rejects with its output when it ends before. */
export async function startServer({
  dataDir,
  port,
  from,
  env = {},
  ownGroup = false,
}: ServerOptions): Promise<ServerProcess> {
  const chosen = port ?? (await freePort());
  const child = spawn(process.execPath, serverProgram(from), {
    cwd: root,
    env: {
      ...process.env,
      ...noStores,
      ...{ HOST: '127.0.0.1', AUTH: 'off', ...env, PORT: String(chosen), DATA_DIR: dataDir },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  });
  let written = '';
  const collect = (chunk: Buffer): void => {
    written = (written + chunk.toString()).slice(-200_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const server = { url: `http://127.0.0.1:${chosen}`, process: child, output: () => written, stop: stopper(child) };
  await ready(server);
  return server;
}

function stopper(child: ChildProcess): ServerProcess['stop'] {
  return async (signal = 'SIGTERM') => {
    if (hasEnded(child)) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function ready({ url, process: child, output, stop }: ServerProcess): Promise<void> {
  const until = Date.now() + START_LIMIT_MS;
  while (Date.now() < until) {
    if (hasEnded(child)) throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}:\n${output()}`);
    // Before it says so, whoever answers at its port is somebody else, who was there first.
    const answer = output().includes('listening on ') ? await fetch(`${url}/readyz`).catch(() => undefined) : undefined;
    if (answer?.ok) return;
    await new Promise((later) => setTimeout(later, 25));
  }
  await stop('SIGKILL');
  throw new Error(`the server was not ready within ${START_LIMIT_MS} ms:\n${output()}`);
}
