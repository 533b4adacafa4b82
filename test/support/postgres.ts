// The one PostgreSQL that all the test files of a run share, and private ones for those that must break it.
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createCluster } from './postgres-cluster.js';

export { startPostgres } from './postgres-cluster.js';
export type { ClusterOptions, PostgresCluster } from './postgres-cluster.js';

const START_LIMIT_MS = 60_000;

export interface PostgresForTests {
  readonly url: string;
  readonly adminUrl: string;
  /** The name of a schema that nobody else has. */
  schema(): string;
}

let shared: Promise<PostgresForTests> | undefined;

/** The one cluster that all the test files of a run share; started by the first that asks. Never stop it. */
export function postgresForTests(): Promise<PostgresForTests> {
  shared ??= sharedCluster();
  return shared;
}

async function sharedCluster(): Promise<PostgresForTests> {
  // Jest's workers are forked; where there are none, the run is this process.
  const owner = process.send ? process.ppid : process.pid;
  const directory = join(tmpdir(), `runledger-postgres-${owner}-${beginningOf(owner)}`);
  const result = join(directory, 'result.json');
  if (await mkdir(directory).then(yes, no)) {
    const text = await createCluster(directory, owner, { max_connections: '300' }).then(
      ({ url, adminUrl }) => ({ url, adminUrl }),
      (error: unknown) => ({ failed: (error as Error).message }),
    );
    await mkdir(directory, { recursive: true });
    writeFileSync(`${result}.new`, JSON.stringify(text), { mode: 0o600 });
    renameSync(`${result}.new`, result);
  }
  const found = JSON.parse(await firstText(result)) as { failed?: string; url: string; adminUrl: string };
  if (found.failed !== undefined) throw new Error(found.failed);
  return { url: found.url, adminUrl: found.adminUrl, schema: () => `test_${randomBytes(8).toString('hex')}` };
}

const yes = (): boolean => true;
const no = (error: NodeJS.ErrnoException): boolean => {
  if (error.code === 'EEXIST') return false;
  throw error;
};

async function firstText(path: string): Promise<string> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
    await pause(50);
  }
  throw new Error('another test file began to start PostgreSQL and did not finish');
}

/** Tells processes apart that had the same id one after the other; empty where the kernel does not say. */
function beginningOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
