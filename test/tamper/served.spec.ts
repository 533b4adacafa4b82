// What a real server answers once somebody has edited its files, under it or before it starts: docs/tamper.md shows it.
import { rm } from 'node:fs/promises';
import type { Attack } from './attack.js';
import { evidenceAttacks } from './evidence-attacks.js';
import { forgeries } from './forgeries.js';
import { logAttacks } from './log-attacks.js';
import type { Noticed, Served } from './served.js';
import { atItsStart, makeOriginal, whileItRuns } from './served.js';
import type { ServedRow } from './tamper-table.js';
import { checkLines, checkPart, servedTable } from './tamper-table.js';

/** Who notices: a server that runs, and one that starts. */
type Expected = readonly [name: string, runs: Noticed, starts: Noticed];

const byItself = (name: string): Expected => [name, 'by itself', 'by itself'];
const expected: readonly Expected[] = [
  byItself('edit of an event: id'),
  byItself('edit of an event: type'),
  byItself('edit of an event: stream'),
  byItself('edit of an event: revision'),
  byItself('edit of an event: recorded_at, put back by an hour'),
  byItself('edit of an event: data: one value'),
  byItself('edit of an event: metadata: the actor'),
  byItself('absence: data becomes null'),
  ['absence: data becomes NULL in the table', 'by itself', 'does not start'],
  ['an event in the middle is deleted', 'by itself', 'does not start'],
  byItself('the last 12 events are deleted'),
  byItself('a copy of an old event is put at the end'),
  byItself('a stored leaf is replaced, entry and hash'),
  byItself('an event and its stored leaf are replaced, entry and hash'),
  byItself('a stored leaf in the middle is deleted'),
  byItself('the root in a checkpoint is replaced'),
  byItself('the signature of a checkpoint is replaced'),
  ['the last checkpoint is deleted', 'never', 'never'],
  byItself('everything is hashed again, the signed checkpoints are left'),
  byItself('everything is hashed again, new checkpoints carry the old signatures'),
  ['everything is hashed again and signed with the key; the signer still remembers', 'at the next event', 'by itself'],
  ['log and evidence are put back to an earlier state (an old backup)', 'at the next event', 'by itself'],
];

const cutTail: Attack = {
  name: 'the last 12 events are deleted',
  expected: { start: true, scrub: true, level: 'L0' },
  act: ({ before }) => ({ rows: { ...before, events: before.events.slice(0, -12) } }),
};
const attacks = [...logAttacks, cutTail, ...evidenceAttacks, ...forgeries];
const attackOf = (name: string): Attack => attacks.find((attack) => attack.name === name) as Attack;

/** TAMPER_SERVED=all: every one of them, which takes minutes; else one of each kind. */
const ofEachKind: ReadonlySet<string> = new Set([
  'edit of an event: data: one value',
  'absence: data becomes null',
  'an event and its stored leaf are replaced, entry and hash',
  'log and evidence are put back to an earlier state (an old backup)',
]);
const isAll = process.env['TAMPER_SERVED'] === 'all';
const chosen = expected.filter(([name]) => isAll || ofEachKind.has(name));
/** Most of the time they wait for the next pass of the scrub. */
const AT_ONCE = 4;

let original: string;
const outcomes = new Map<string, readonly [runs: Served, starts: Served]>();

beforeAll(async () => {
  original = await makeOriginal();
  const waiting = chosen.values();
  const work = async (): Promise<void> => {
    for (const [name] of waiting) {
      const attack = attackOf(name);
      outcomes.set(name, [await whileItRuns(original, attack), await atItsStart(original, attack)]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}, 900_000);
afterAll(() => rm(original, { recursive: true, force: true }));

it.each(chosen)('%s: noticed %s, at a start %s', (name, runs, starts) => {
  const both = outcomes.get(name) ?? [];
  for (const { happened } of both) expect(happened).not.toBe('');
  expect(both.map(({ noticed }) => noticed)).toEqual([runs, starts]);
  for (const { noticed, ready, write } of both) {
    expect(write).toBe({ 'by itself': '503 EVIDENCE_FAILED', 'does not start': '-' }[noticed as string] ?? 'taken');
    expect(ready).toMatch(noticed === 'never' ? /^200$/ : /^(then )?503: |^does not start: /);
  }
});

it('docs/tamper.md shows what was answered', () => {
  const rows: ServedRow[] = [...outcomes].flatMap(([name, [runs, starts]]) => [
    { ...runs, name, when: 'while it runs' },
    { ...starts, name, when: 'before it starts' },
  ]);
  rows.sort((one, other) => orderOf(one) - orderOf(other));
  if (isAll) checkPart('served', servedTable(rows));
  else checkLines('served', servedTable(rows));
});

function orderOf({ name }: ServedRow): number {
  return expected.findIndex(([one]) => one === name);
}
