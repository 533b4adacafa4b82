// Attacks on the log alone: somebody edits the tables of events and leaves the evidence as it is.
import { randomUUID } from 'node:crypto';
import type { Attack, Expected, Scene } from './attack.js';
import { changed, shifted, withMember, without } from './means.js';
import type { EventRow, Rows } from './rows.js';

const HOUR_MS = 3_600_000;

type Change = (event: EventRow, scene: Scene) => EventRow;
/** In the midst of the log, where only the scrub looks. */
const byScrub: Expected = { start: false, scrub: true, level: 'L0' };
const everywhere: Expected = { start: true, scrub: true, level: 'L0' };

function edit(name: string, change: Change, more: Partial<Attack> = {}): Attack {
  const act: Attack['act'] = (scene) => inLog(scene, edited(scene.before.events, scene.early, scene, change));
  return { name, expected: byScrub, act, ...more };
}

function edited(events: readonly EventRow[], target: EventRow, scene: Scene, change: Change): EventRow[] {
  return inOrder(
    changed(
      events,
      ({ position }) => position === target.position,
      (event) => change(event, scene),
    ),
  );
}

function inLog({ before }: Scene, events: readonly EventRow[]): { readonly rows: Rows } {
  return { rows: { ...before, events } };
}

function inOrder(events: readonly EventRow[]): EventRow[] {
  return [...events].sort((one, other) => one.position - other.position);
}

const fields: readonly Attack[] = [
  edit('id', (event) => ({ ...event, id: randomUUID() })),
  edit('type', (event) => ({ ...event, type: 'StepFailed' })),
  edit('stream', (event) => ({ ...event, stream: `${event.stream}0` })),
  edit('revision', (event) => ({ ...event, revision: event.revision + 1_000 })),
  edit('position (moved to the end)', (event, { before }) => ({ ...event, position: endOf(before) + 1 }), {
    expected: everywhere,
  }),
  edit('recorded_at, put back by an hour', (event) => ({ ...event, recordedAtMs: event.recordedAtMs - HOUR_MS })),
  edit('data: one value', (event) => ({
    ...event,
    data: withMember(event.data, (data) => ({ ...data, output: { decision: 'DENY' } })),
  })),
  edit('data: one member more', (event) => ({
    ...event,
    data: withMember(event.data, (data) => ({ ...data, extra: 1 })),
  })),
  edit('metadata: the actor', (event) => ({
    ...event,
    metadata: withMember(event.metadata, (metadata) => ({
      ...metadata,
      actor: { type: 'user', id: 'u', name: 'Somebody else', via: 'none' },
    })),
  })),
  edit('metadata: when it happened', (event) => ({
    ...event,
    metadata: withMember(event.metadata, (metadata) => ({ ...metadata, occurredAt: '2020-01-01T00:00:00.000Z' })),
  })),
  edit('metadata: what the caller was', (event) => ({
    ...event,
    metadata: withMember(event.metadata, (metadata) => ({ ...metadata, userAgent: 'another' })),
  })),
].map((attack) => ({ ...attack, name: `edit of an event: ${attack.name}` }));

const absences: readonly Attack[] = [
  edit('data becomes null', (event) => ({ ...event, data: 'null' })),
  edit('data becomes {}', (event) => ({ ...event, data: '{}' })),
  edit('data becomes an empty text', (event) => ({ ...event, data: '' })),
  edit('data becomes NULL in the table', (event) => ({ ...event, data: null }), { only: 'sqlite' }),
  edit('metadata becomes {}', (event) => ({ ...event, metadata: '{}' })),
  edit('metadata becomes null', (event) => ({ ...event, metadata: 'null' })),
  edit('metadata becomes NULL in the table', (event) => ({ ...event, metadata: null }), { only: 'sqlite' }),
  edit('a member of data becomes null', (event) => ({
    ...event,
    data: withMember(event.data, (data) => ({ ...data, [Object.keys(data)[0] ?? '']: null })),
  })),
  edit('a member of data is left out', (event) => ({
    ...event,
    data: withMember(event.data, (data) => Object.fromEntries(Object.entries(data).slice(1))),
  })),
  edit('the actor becomes null', (event) => ({
    ...event,
    metadata: withMember(event.metadata, (metadata) => ({ ...metadata, actor: null })),
  })),
  edit('the actor is left out', (event) => ({
    ...event,
    metadata: withMember(event.metadata, ({ actor: _actor, ...metadata }) => metadata),
  })),
  edit('the correlation is left out', (event) => ({
    ...event,
    metadata: withMember(event.metadata, ({ correlationId: _id, ...metadata }) => metadata),
  })),
  edit('data is no JSON', (event) => ({ ...event, data: '{"a":' })),
].map((attack) => ({ ...attack, name: `absence: ${attack.name}` }));

const spellings: readonly Attack[] = [
  edit(
    'the same data with other spaces',
    (event) => ({ ...event, data: JSON.stringify(JSON.parse(event.data ?? ''), undefined, 2) }),
    {
      expected: { start: false, scrub: false, level: 'same' },
      remark: 'the value is the same, and so is every bundle, answer and entry made of it',
    },
  ),
  edit('a mark as if it had been carried over from elsewhere', (event, { positionText }) => ({
    ...event,
    metadata: withMember(event.metadata, (metadata) => ({
      $carried: { position: positionText(1), recordedAt: '2020-01-01T00:00:00.000Z' },
      ...metadata,
    })),
  })),
];

const places: readonly Attack[] = [
  {
    name: 'two events change places',
    expected: byScrub,
    act: (scene) => {
      const { early, before } = scene;
      const other = after(before, early);
      const swapped = edited(before.events, early, scene, (event) => ({ ...event, position: 0 }));
      const moved = edited(swapped, other, scene, (event) => ({ ...event, position: early.position }));
      return inLog(
        scene,
        edited(moved, { ...early, position: 0 }, scene, (e) => ({ ...e, position: other.position })),
      );
    },
  },
  {
    name: 'the contents of two events change places',
    expected: byScrub,
    act: (scene) => {
      const { early, before } = scene;
      const other = after(before, early);
      const one = edited(before.events, early, scene, (event) => ({ ...event, data: other.data }));
      return inLog(
        scene,
        edited(one, other, scene, (event) => ({ ...event, data: early.data })),
      );
    },
  },
  {
    name: 'an event is put between two others, and all later ones are moved by one',
    expected: everywhere,
    act: (scene) => {
      const { early, before } = scene;
      return inLog(scene, inOrder([...shifted(before.events, early.position), strangerAt(early.position)]));
    },
  },
  {
    name: 'an event is put where a lease was',
    expected: { ...byScrub, level: 'same' },
    remark: 'it has no leaf, so no bundle holds it; a server that shows it is found out by the scrub',
    act: (scene) => {
      const { lease, before } = scene;
      return inLog(scene, inOrder([...without(before.events, samePlace(lease)), strangerAt(lease.position)]));
    },
  },
  {
    name: 'a copy of an old event is put at the end',
    expected: { start: true, scrub: false, level: 'same' },
    remark: 'the sequencer refuses it as soon as it comes to it; nothing of it is ever signed',
    act: (scene) => inLog(scene, [...scene.before.events, { ...scene.early, position: endOf(scene.before) + 1 }]),
  },
  {
    name: 'an event is put at the end, as the engine would append it',
    expected: { start: false, scrub: false, level: 'same' },
    remark: 'once it is signed it is part of the history, and cannot be taken back: false input is recorded faithfully',
    act: (scene) => inLog(scene, [...scene.before.events, strangerAt(endOf(scene.before) + 1)]),
  },
  {
    name: 'an event is put at the end that skips a revision',
    expected: { start: true, scrub: false, level: 'same' },
    remark: 'the sequencer refuses it as soon as it comes to it; nothing of it is ever signed',
    act: (scene) => inLog(scene, [...scene.before.events, { ...strangerAt(endOf(scene.before) + 1), revision: 3 }]),
  },
];

const removals: readonly Attack[] = [
  {
    name: 'an event in the middle is deleted',
    expected: byScrub,
    act: (scene) => inLog(scene, without(scene.before.events, samePlace(scene.early))),
  },
  {
    name: 'an event in the middle is deleted, and all later ones are moved by one',
    expected: everywhere,
    act: (scene) => {
      const left = without(scene.before.events, samePlace(scene.early));
      const closed = left.map((event) =>
        event.position > scene.early.position ? { ...event, position: event.position - 1 } : event,
      );
      return inLog(scene, closed);
    },
  },
  {
    name: 'a whole run is deleted',
    expected: byScrub,
    act: (scene) =>
      inLog(
        scene,
        without(scene.before.events, ({ stream }) => stream === scene.early.stream),
      ),
  },
  {
    name: 'the last event is deleted',
    expected: everywhere,
    act: (scene) => inLog(scene, scene.before.events.slice(0, -1)),
  },
  {
    name: 'the last 200 events are deleted',
    expected: everywhere,
    act: (scene) => inLog(scene, scene.before.events.slice(0, -200)),
  },
  { name: 'all events are deleted', expected: everywhere, act: (scene) => inLog(scene, []) },
  {
    name: 'edit of one of the last events',
    expected: everywhere,
    act: (scene) =>
      inLog(
        scene,
        edited(scene.before.events, scene.late, scene, (event) => ({ ...event, data: '{"forged":true}' })),
      ),
  },
];

export const logAttacks: readonly Attack[] = [...fields, ...absences, ...spellings, ...places, ...removals];

function samePlace({ position }: EventRow): (event: EventRow) => boolean {
  return (event) => event.position === position;
}

function endOf({ events }: Rows): number {
  return events.at(-1)?.position ?? 0;
}

/** The next leaf of another stream. */
function after({ events }: Rows, { position, stream }: EventRow): EventRow {
  const found = events.find(
    (event) => event.position > position && event.stream !== stream && /^execution-/.test(event.stream),
  );
  if (!found) throw new Error('there is no other event');
  return found;
}

/** An event that nobody recorded. */
function strangerAt(position: number): EventRow {
  const actor = { type: 'user', id: 'u', name: 'Nobody', via: 'none' };
  const recordedAtMs = Date.now();
  const about = { actor, channel: 'rest', correlationId: 'c', occurredAt: new Date(recordedAtMs).toISOString() };
  return {
    position,
    stream: `workflow-${randomUUID()}`,
    revision: 0,
    id: randomUUID(),
    type: 'WorkflowCreated',
    recordedAtMs,
    data: '{"name":"never made"}',
    metadata: JSON.stringify({ ...about, schemaVersion: 1 }),
  };
}
