// Attacks on a real store by whoever administers its database: each is seen to have happened, and then looked for by a server
// that starts, by the scrub, and by auditors who are given bundles made of what is there. docs/tamper.md is what came out.
import { storeConfigurations } from '../support/store-configurations.js';
import { nodeProgram } from '../support/event-store-node.js';
import type { Attack, Expected, Scene } from './attack.js';
import type { Outcome } from './attempt.js';
import { attempt, sceneOf, trueBundle } from './attempt.js';
import { evidenceAttacks } from './evidence-attacks.js';
import type { Exhibit } from './exhibits.js';
import { forgeries } from './forgeries.js';
import { auditorsOf, judge } from './judge.js';
import { logAttacks } from './log-attacks.js';
import { hashedAgain } from './means.js';
import { differenceOf } from './rows.js';
import type { Subject } from './subject.js';
import { allEvents, openSubject } from './subject.js';
import type { TableRow } from './tamper-table.js';
import { checkPart, storeTable } from './tamper-table.js';
import { lookAtStart, scrubOnce } from './watch.js';
import { verifyBundle } from '@app/evidence';
import { ORIGIN } from '../support/sample-log.js';

const attacks: readonly Attack[] = [...logAttacks, ...evidenceAttacks, ...forgeries];
// TAMPER_STORES=all: on servers too, which takes minutes; on a double, for nobody can edit the rows of a real node from outside.
const onServers = process.env['TAMPER_STORES'] === 'all' && nodeProgram === undefined;
const configurations = storeConfigurations().filter(({ shared }) => !shared || onServers);

describe.each(configurations)('on $name', ({ open, name, shared }) => {
  let subject: Subject;
  let scene: Scene;
  let genuine: Exhibit;
  const rows: TableRow[] = [];
  const here = attacks.filter(({ only }) => only === undefined || !shared);

  beforeAll(async () => {
    subject = await openSubject({ open, name, shared });
    scene = sceneOf(subject);
    genuine = await trueBundle(subject);
  }, 180_000);
  afterAll(() => subject.close(), 30_000);

  it('an untouched log verifies, for everybody', async () => {
    const { administrator, before, memory } = subject;
    await administrator.write(before);
    expect(differenceOf(before, await administrator.read())).toBe('');
    expect(await scrubOnce(subject)).toBeUndefined();
    expect(await lookAtStart(subject, { memory, held: [] })).toBeUndefined();
    expect(await judge(genuine.bytes, auditorsOf(subject), verifyBundle)).toEqual({ level: 'none', code: '' });
  }, 60_000);

  it('the sequencer made what anybody can derive from the events', async () => {
    const { leaves, nodes, position } = hashedAgain(await allEvents(subject.administrator), ORIGIN);
    expect(differenceOf(subject.before, { ...subject.before, leaves, nodes, position })).toBe('');
  }, 60_000);

  it.each(here.map((attack) => [attack.name, attack] as const))(
    '%s',
    async (_name, attack) => {
      const outcome = await attempt(subject, scene, genuine, attack);
      expect(outcome.happened).not.toBe('');
      const { start: atStart, scrub } = outcome;
      expect({ ...foundBy(outcome), why: [atStart, scrub] }).toEqual({ ...attack.expected, why: [atStart, scrub] });
      rows.push({ ...outcome, ...foundBy(outcome), name: attack.name, remark: attack.remark ?? '' });
    },
    60_000,
  );

  if (!shared) {
    it('docs/tamper.md shows what was found', () => checkPart('stores', storeTable(rows)));
  }
});

function foundBy({ start, scrub, level }: Outcome): Expected {
  return { start: start !== undefined, scrub: scrub !== undefined, level };
}
