// One bit flipped, anywhere in any file of a server that has stopped or was broken off: somebody notices, or nothing that can be
// read is another. TAMPER_FLIPS sets how many there are for each file, TAMPER_SEED which ones.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { EvidenceStatus } from '@app/evidence';
import { openKnown, parseVerifierKey, verifyBundle } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import { numbers } from './bit-flips.js';
import type { Content } from './flips.js';
import { ANCHOR, anchoredNotes, contentOf, flipped, plainly, removed, watched } from './flips.js';
import { leafIds, makeOriginal, open } from './served.js';
import type { FlipRow } from './tamper-table.js';
import { checkNames, flipTable } from './tamper-table.js';

const FLIPS = Number(process.env['TAMPER_FLIPS'] ?? 16);
const SEED = Number(process.env['TAMPER_SEED'] ?? 20_260_502);

interface Original {
  readonly directory: string;
  readonly ids: readonly string[];
  readonly status: EvidenceStatus;
  readonly content: Content;
  readonly notes: readonly string[];
}

const made: string[] = [];
let stopped: Original;
let brokenOff: Original;

beforeAll(async () => {
  process.stdout.write(`\nbits to flip: ${FLIPS} a file, TAMPER_SEED=${SEED}\n`);
  let left = '';
  const directory = await makeOriginal(
    (at) => ({ EVIDENCE_ANCHOR_FILE: join(at, ANCHOR) }),
    (running) => {
      left = `${running}-left`;
      // By another process: one that opens and closes a file of SQLite takes away the locks that it has on it itself.
      execFileSync('cp', ['-r', running, left]);
    },
  );
  made.push(directory, left);
  for (const one of made) {
    for (const name of ['views.db', 'views.db-wal', 'views.db-shm', 'log.db-shm', 'evidence.db-shm']) {
      rmSync(join(one, name), { force: true });
    }
  }
  stopped = await originalIn(directory);
  brokenOff = await originalIn(left);
}, 120_000);
afterAll(() => made.forEach(removed));

async function originalIn(directory: string): Promise<Original> {
  const copy = `${directory}-watched`;
  execFileSync('cp', ['-r', directory, copy]);
  const status = await watched(copy);
  if (typeof status === 'string') throw new Error(status);
  expect([status.state, status.reason]).toEqual(['working', undefined]);
  const ids = await leafIds(copy);
  const content = await contentOf(copy, status, ids);
  expect(ids.length).toBe(status.size);
  removed(copy);
  const notes = await anchoredNotes(directory, status.keys[0]?.vkey ?? '');
  expect(notes.length).toBeGreaterThan(1);
  return { directory, ids, status, content, notes };
}

const files = [
  ['log.db', 'stopped'],
  ['evidence.db', 'stopped'],
  ['evidence.key', 'stopped'],
  ['evidence.key.signed', 'stopped'],
  [ANCHOR, 'stopped'],
  ['log.db', 'broken off'],
  ['log.db-wal', 'broken off'],
  ['evidence.db', 'broken off'],
  ['evidence.db-wal', 'broken off'],
] as const;
const rows: FlipRow[] = [];

it.each(files.map(([file, how], at): [string, string, number] => [file, how, at]))(
  'in %s of a server that was %s',
  async (file, how, at) => {
    const original = how === 'stopped' ? stopped : brokenOff;
    const path = join(original.directory, file);
    expect(existsSync(path)).toBe(true);
    const next = numbers(SEED + at);
    const tally = { server: 0, reader: 0, again: 0, same: 0 };
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const bit = next(statSync(path).size * 8);
      const { by, told } = await whoNotices(original, file, bit);
      expect({ file, how, bit, by, told }).toEqual({
        file,
        how,
        bit,
        by: expect.stringMatching(/^(server|reader|again|same)$/),
        told,
      });
      expect(told).not.toMatch(/met a bug/);
      tally[by as keyof typeof tally] += 1;
    }
    rows.push({ name: `${file}, of a server that was ${how}`, flips: FLIPS, ...tally });
  },
  600_000,
);

it('docs/tamper.md shows what was found', () => checkNames('flips', flipTable(rows)));

interface Outcome {
  readonly by: string;
  readonly told: string;
}

async function whoNotices(original: Original, file: string, bit: number): Promise<Outcome> {
  const directory = flipped(original.directory, file, bit);
  const vkey = original.status.keys[0]?.vkey ?? '';
  try {
    // Before the server writes to it itself.
    const notes = await anchoredNotes(directory, vkey).catch((error: unknown) => plainly(error));
    const status = await watched(directory);
    if (typeof status === 'string') return { by: 'server', told: status };
    if (status.state !== 'working') return { by: 'server', told: status.reason ?? '' };
    expect([status.origin, status.keys.map((key) => key.vkey)]).toEqual([original.status.origin, [vkey]]);
    if (typeof notes === 'string') return { by: 'reader', told: notes };
    const content = await contentOf(directory, status, original.ids);
    const differing = differencesOf(content, original.content);
    if (JSON.stringify(notes) !== JSON.stringify(original.notes)) differing.push('the anchor');
    if (differing.length === 0) return { by: 'same', told: '' };
    const isAgain =
      differing.every((part) => part === 'bundle' || part === 'notes') && (await continues(content, original));
    if (isAgain) return { by: 'again', told: '' };
    // What a whole server looks at besides: the file itself.
    const refused = await open(directory).then((server) => server.close(), plainly);
    return typeof refused === 'string'
      ? { by: 'server', told: refused }
      : { by: `nobody, and another is: ${differing.join(', ')}`, told: '' };
  } finally {
    removed(directory);
  }
}

function differencesOf(content: Content, before: Content): string[] {
  const parts = Object.keys(content) as (keyof Content)[];
  return parts.filter((part) => !isDeepStrictEqual(content[part], before[part]));
}

/** Checkpoints are fewer, but the last one is there, and whoever kept one of the others sees that the log went on from it. */
async function continues({ bundle, notes }: Content, { content, status }: Original): Promise<boolean> {
  if (notes.at(-1) !== content.notes.at(-1) || notes.some((note) => !content.notes.includes(note))) return false;
  const key = parseVerifierKey(status.keys[0]?.vkey ?? '', sha256);
  const opened = content.notes.map((note, at) => openKnown(`kept ${at}`, note, key, verifyEd25519));
  const known = await Promise.all(opened);
  const report = await verifyBundle([bundle], { sha256, verify: verifyEd25519, key, known, nowMs: Date.now() });
  return report.level === 'L2' && report.defects.length === 0;
}
