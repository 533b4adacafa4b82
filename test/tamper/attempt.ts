// One attack on the stores: done, proved to be done, and looked for by everybody who looks.
import type { RecordedEvent } from '@app/kernel';
import { isStoreError } from '@app/event-store';
import { verifyBundle } from '@app/evidence';
import type { Attack, Scene } from './attack.js';
import type { Exhibit } from './exhibits.js';
import { exhibitsOf } from './exhibits.js';
import type { FirstLevel, Judgement } from './judge.js';
import { auditorsOf, judge } from './judge.js';
import type { EventRow, LeafRow } from './rows.js';
import { differenceOf } from './rows.js';
import type { Subject } from './subject.js';
import { allEvents } from './subject.js';
import type { Found } from './watch.js';
import { lookAtStart, scrubOnce } from './watch.js';

export interface Outcome {
  /** Which rows are other ones than before, read back from the stores. */
  readonly happened: string;
  readonly start: Found;
  readonly scrub: Found;
  readonly level: FirstLevel | 'same';
  readonly code: string;
}

const EARLY_LEAVES = 300;

type Attacked = Pick<Subject, 'administrator' | 'before' | 'recorded'> & {
  readonly kept: { readonly checkpoint: { readonly size: number } };
};

export function sceneOf({ administrator, before, kept, recorded }: Attacked): Scene {
  const completed = before.leaves.filter(({ entry }) => Buffer.from(entry).includes('"type":"StepCompleted"'));
  const earlyLeaf = completed.find(({ index }) => index < EARLY_LEAVES) as LeafRow;
  const lateLeaf = completed.at(-1) as LeafRow;
  const eventOf = (leaf: LeafRow): EventRow =>
    before.events.find(({ position }) => administrator.positionText(position) === leaf.position) as EventRow;
  const lease = before.events.find(({ stream }) => stream.startsWith('lease-')) as EventRow;
  return {
    ...{ before, earlyLeaf, lateLeaf, lease, recorded, keptSize: kept.checkpoint.size },
    early: eventOf(earlyLeaf),
    late: eventOf(lateLeaf),
    positionText: (position) => administrator.positionText(position),
  };
}

/** The bundle of the untouched stores. */
export async function trueBundle(subject: Subject): Promise<Exhibit> {
  await subject.administrator.write(subject.before);
  const [whole] = await exhibitsOf(subject, subject.before, await allEvents(subject.administrator));
  if (!whole) throw new Error('the untouched stores yield no bundle');
  return whole;
}

export async function attempt(subject: Subject, scene: Scene, genuine: Exhibit, attack: Attack): Promise<Outcome> {
  const { administrator, before } = subject;
  const { rows, memory = subject.memory } = await attack.act(scene);
  await administrator.write(rows);
  const now = await administrator.read();
  const made = await exhibitsOf(subject, now, await readable(subject));
  const exhibits = made.filter((one) => one !== undefined && !isSame(one, genuine)) as Exhibit[];
  const judged = made.includes(undefined)
    ? [{ level: 'L0', code: 'no bundle' } as Judgement]
    : await Promise.all(exhibits.map(({ bytes }) => judge(bytes, auditorsOf(subject), verifyBundle)));
  const worst = judged.reduce<Judgement | undefined>(
    (found, one) => (found && found.level >= one.level ? found : one),
    undefined,
  );
  const scrub = await scrubOnce(subject);
  // Last: what a server that starts does not refuse it goes on from.
  const start = await lookAtStart(subject, { memory, held: attack.held?.(scene) ?? [] });
  return { happened: differenceOf(before, now), start, scrub, level: worst?.level ?? 'same', code: worst?.code ?? '' };
}

function isSame({ bytes }: Exhibit, other: Exhibit): boolean {
  return Buffer.from(bytes).equals(other.bytes);
}

/** Undefined: the log says itself that it is damaged. */
async function readable({ administrator }: Subject): Promise<readonly RecordedEvent[] | undefined> {
  try {
    return await allEvents(administrator);
  } catch (error) {
    if (isStoreError(error, 'Corrupt')) return undefined;
    throw error;
  }
}
