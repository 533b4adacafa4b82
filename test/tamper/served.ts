// A server on files that somebody edits: while it runs, or before it starts - and what it answers then.
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isStoreError } from '@app/event-store';
import { formatSignerKey } from '@app/evidence';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { chain, conditional, setOutput, trigger, workflow } from '../acceptance/definitions.js';
import { V1Client } from '../acceptance/v1-client.js';
import { logSigner, ORIGIN, seedOf } from '../support/sample-log.js';
import { noStores } from '../support/server-process.js';
import type { Attack, Scene } from './attack.js';
import { sceneOf } from './attempt.js';
import type { EventRow, Rows } from './rows.js';
import { differenceOf } from './rows.js';
import { SqliteAdministrator } from './sqlite.administrator.js';
import { allEvents } from './subject.js';

const env = {
  ...noStores,
  ...{ PORT: '0', LOG_LEVEL: 'silent', AUTH: 'off', EVIDENCE_SCRUB_RATE: '1000000' },
  EVIDENCE_ORIGIN: ORIGIN,
};

const RUNS = 8;
/** A pass of the scrub rests ten seconds before the next one. */
const SCRUB_WAIT_MS = 14_000;
const AFTER_WRITE_MS = 6_000;

export interface Answers {
  /** Of the event that was touched. */
  readonly verify: string;
  /** Of one that was not. */
  readonly other: string;
  readonly ready: string;
  readonly write: string;
  /** Reads and exports that are not answered 200. */
  readonly refused: readonly string[];
}

export type Noticed = 'by itself' | 'at the next event' | 'never' | 'does not start';

export interface Served extends Answers {
  /** Tables of which rows are other ones, read back. */
  readonly happened: string;
  readonly noticed: Noticed;
}

export function directoryFor(word: string): string {
  return mkdtempSync(join(tmpdir(), `runledger-${word}-`));
}

export function open(directory: string, more: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  return startServer(parseSettings({ ...env, ...more, DATA_DIR: directory }));
}

/**
 * Some of everything, with checkpoints in between; resolves to the data directory once its server has stopped.
 * @param atRest called before it stops, when all is signed
 */
export async function makeOriginal(
  more: (directory: string) => Readonly<Record<string, string>> = () => ({}),
  atRest: (directory: string) => void = () => undefined,
): Promise<string> {
  const directory = directoryFor('served');
  const { name, algorithm, keyId } = logSigner.key;
  const key = formatSignerKey({ name, algorithm, keyId, seed: seedOf(1) });
  writeFileSync(join(directory, 'evidence.key'), `${key}\n`, { mode: 0o600 });
  const server = await open(directory, more(directory));
  const client = new V1Client(server.url);
  try {
    const branches = workflow(
      'branches',
      [trigger, conditional('low', 'workflow.score < 50'), setOutput('approve', {}), setOutput('review', {})],
      ['in>low', 'low>approve:true', 'low>review:false'],
    );
    const ids = [await client.active(branches), await client.active(chain('plain', setOutput('out', { a: 1 })))];
    for (let run = 0; run < RUNS; run += 1) {
      await client.run(ids[run % ids.length] ?? '', { score: run * 20 }, `run-${run}`);
      if (run % 3 === 2) await signedAll(client);
    }
    await signedAll(client);
    atRest(directory);
  } finally {
    client.close();
    await server.close();
  }
  return directory;
}

/** Resolves once everything that was recorded is signed. */
export async function signedAll(client: V1Client): Promise<void> {
  const [last] = (await client.made(client.get('/v1/audit-events?limit=1'))).items;
  while ((await client.get(`/v1/evidence/events/${last.eventId}/proof`)).status !== 200) await wait(100);
}

/** The files are edited under a server that is up, and nobody asks it anything until it has noticed by itself. */
export async function whileItRuns(original: string, attack: Attack): Promise<Served> {
  const directory = copyOf(original);
  const server = await open(directory);
  return observed(server, directory, async (client) => {
    await signedAll(client);
    return carriedOut(original, directory, attack);
  });
}

export async function atItsStart(original: string, attack: Attack): Promise<Served> {
  const directory = copyOf(original);
  const edited = await carriedOut(original, directory, attack);
  try {
    return await observed(await open(directory), directory, () => Promise.resolve(edited));
  } catch (error) {
    if (!isStoreError(error)) throw error;
    await rm(directory, { recursive: true, force: true });
    const ready = `does not start: ${general(error.message, directory)}`;
    const { happened } = edited;
    return { happened, noticed: 'does not start', verify: '-', other: '-', ready, write: '-', refused: [] };
  }
}

async function observed(
  server: RunningServer,
  directory: string,
  edit: (client: V1Client) => Promise<Edited>,
): Promise<Served> {
  const client = new V1Client(server.url);
  const about = { client, directory };
  try {
    const edited = await edit(client);
    const { happened } = edited;
    const isNoticed = await isDown(client, SCRUB_WAIT_MS);
    const answers = await asked(about, edited);
    if (isNoticed) return { happened, noticed: 'by itself', ...answers };
    // What was written just now is something to make evidence of.
    if (!(await isDown(client, AFTER_WRITE_MS))) return { happened, noticed: 'never', ...answers };
    return { happened, noticed: 'at the next event', ...answers, ready: `then ${await readinessOf(about)}` };
  } finally {
    client.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Edited {
  readonly happened: string;
  readonly before: Rows;
  readonly after: Rows;
}

/** On the rows that are there now; read back. */
async function carriedOut(original: string, directory: string, attack: Attack): Promise<Edited> {
  const administrator = new SqliteAdministrator(directory, directory);
  const before = await administrator.read();
  const { rows, memory } = await attack.act(await sceneIn(original, before));
  await administrator.change(before, rows);
  if (memory !== undefined) writeFileSync(join(directory, 'evidence.key.signed'), memory);
  const after = await administrator.read();
  // How many checkpoints there are depends on how fast the machine is.
  const happened = differenceOf(before, after).replace(/ [-+]\w+/g, '');
  return { happened, before, after };
}

/** What an attacker finds; what he needs to try he tries on a copy. */
async function sceneIn(original: string, before: Rows): Promise<Scene> {
  const recorded = async (events: readonly EventRow[]): ReturnType<Scene['recorded']> => {
    const copy = copyOf(original);
    const administrator = new SqliteAdministrator(copy, copy);
    try {
      await administrator.write({ ...before, events });
      return await allEvents(administrator);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  };
  const administrator = new SqliteAdministrator(original, original);
  const keptSize = before.checkpoints.at(-3)?.size ?? 0;
  return sceneOf({ administrator, before, recorded, kept: { checkpoint: { size: keptSize } } });
}

function copyOf(original: string): string {
  const copy = directoryFor('edited');
  cpSync(original, copy, { recursive: true });
  return copy;
}

async function isDown(client: V1Client, limitMs: number): Promise<boolean> {
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    const { body } = await client.get('/readyz');
    if (body.checks.evidence.status === 'down') return true;
    await wait(100);
  }
  return false;
}

interface About {
  readonly client: V1Client;
  readonly directory: string;
}

async function asked(about: About, { before, after }: Edited): Promise<Answers> {
  const { touched, untouched } = eventsIn(before, after);
  return {
    verify: await verifyOf(about, touched),
    other: await verifyOf(about, untouched),
    ready: await readinessOf(about),
    write: await writeOf(about.client),
    refused: await refusedReads(about.client),
  };
}

/** The first event of which row or leaf are other ones now, and the last one of another stream of which both are the same. */
function eventsIn(before: Rows, after: Rows): { readonly touched: string; readonly untouched: string } {
  const left = new Set([...after.events, ...after.leaves].map((row) => JSON.stringify(row)));
  const isLeft = (row: object): boolean => left.has(JSON.stringify(row));
  const leaves = new Map(before.leaves.map((leaf) => [leaf.eventId, leaf]));
  const told = before.events.filter(({ id }) => leaves.has(id));
  const isSame = (event: EventRow): boolean => isLeft(event) && isLeft(leaves.get(event.id) as object);
  const touched = told.find((event) => !isLeft(event)) ?? told.find((event) => !isSame(event)) ?? told[0];
  const others = told.filter((event) => /^execution-/.test(event.stream) && event.stream !== touched?.stream);
  const untouched = others.findLast(isSame) ?? others.at(-1);
  return { touched: touched?.id ?? '', untouched: untouched?.id ?? '' };
}

async function verifyOf({ client, directory }: About, eventId: string): Promise<string> {
  const { status, body } = await client.get(`/v1/audit-events/${eventId}/verify`);
  if (status !== 200) return `${status} ${body.code}`;
  if (body.isValid) return 'valid';
  expect(body.firstInvalidId).toBe(eventId);
  return `invalid: ${general(body.message, directory)}`;
}

async function readinessOf({ client, directory }: About): Promise<string> {
  const { status, body } = await client.get('/readyz');
  const { reason } = body.checks.evidence;
  return reason === undefined ? String(status) : `${status}: ${general(reason, directory)}`;
}

async function writeOf(client: V1Client): Promise<string> {
  const { status, body } = await client.post('/v1/workflows', chain('after the attack'));
  return status === 201 ? 'taken' : `${status} ${body.code}`;
}

const reads = ['/v1/workflows', '/v1/audit-events', '/v1/evidence/status', '/v1/evidence/checkpoint', '/metrics'];

async function refusedReads(client: V1Client): Promise<string[]> {
  const refused: string[] = [];
  for (const path of [...reads, '/v1/audit-events/export', '/v1/evidence/export']) {
    const told = await client.get(path).then(
      ({ status, body }) => (status === 200 ? undefined : `${status} ${body.code}`),
      () => 'breaks off',
    );
    if (told !== undefined) refused.push(`${path}: ${told}`);
  }
  return refused;
}

/** Without what is another one in every log. */
function general(text: string, directory: string): string {
  return text
    .replaceAll(directory, 'DATA_DIR')
    .replace(/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/g, '...')
    .replace(/[A-Za-z0-9+/]{43}=/g, '...')
    .replace(/\b\d+\b/g, 'N')
    .replaceAll('|', '/');
}

/** Ids of all events that have a leaf. Nobody may have the files open. */
export async function leafIds(directory: string): Promise<string[]> {
  return (await new SqliteAdministrator(directory, directory).read()).leaves.map(({ eventId }) => eventId);
}
