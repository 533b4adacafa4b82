// Attacks on the evidence alone: leaves, subtrees and checkpoints edited.
import { formatCheckpoint, formatNote, parseCheckpoint, parseNote, utf8Of } from '@app/evidence';
import type { Aftermath, Attack, Expected, Scene } from './attack.js';
import { placing } from './subject.js';
import { changed, without } from './means.js';
import type { EventRow, LeafRow } from './rows.js';

const byScrub: Expected = { start: false, scrub: true, level: 'L0' };
const everywhere: Expected = { start: true, scrub: true, level: 'L0' };
const same = (expected: Omit<Expected, 'level'>): Expected => ({ ...expected, level: 'same' });
const unseen = { start: false, scrub: true };
const seen = { start: true, scrub: true };

function leaf(scene: Scene, target: LeafRow, change: (leaf: LeafRow) => LeafRow): Aftermath {
  const leaves = changed(scene.before.leaves, ({ index }) => index === target.index, change);
  return { rows: { ...scene.before, leaves } };
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 7 ? byte ^ 1 : byte));
const replacedIn = (bytes: Uint8Array, from: string, to: string): Uint8Array =>
  utf8Of(Buffer.from(bytes).toString().replace(from, to));

const leaves: readonly Attack[] = [
  {
    name: 'a stored leaf hash is replaced',
    expected: byScrub,
    act: (scene) => leaf(scene, scene.earlyLeaf, (one) => ({ ...one, hash: flipped(one.hash) })),
  },
  {
    name: 'a stored leaf entry is replaced',
    expected: byScrub,
    act: (scene) => leaf(scene, scene.earlyLeaf, (one) => ({ ...one, entry: replacedIn(one.entry, '"v":', '"v" :') })),
  },
  {
    name: 'a stored leaf is replaced, entry and hash',
    expected: byScrub,
    act: (scene) =>
      leaf(scene, scene.earlyLeaf, (one) => {
        const entry = replacedIn(one.entry, '"StepCompleted"', '"StepFailed"');
        return { ...one, entry, hash: placing.hasher.leaf(entry) };
      }),
  },
  {
    name: 'an event and its stored leaf are replaced, entry and hash',
    expected: byScrub,
    act: async (scene) => {
      const type = (event: EventRow): EventRow => ({ ...event, type: 'StepFailed' });
      const events = changed(scene.before.events, ({ position }) => position === scene.early.position, type);
      const { rows } = leaf(scene, scene.earlyLeaf, (one) => {
        const entry = replacedIn(one.entry, '"StepCompleted"', '"StepFailed"');
        return { ...one, entry, hash: placing.hasher.leaf(entry) };
      });
      return { rows: { ...rows, events } };
    },
  },
  {
    name: 'a stored leaf is said to be of another event',
    expected: same(unseen),
    act: (scene) =>
      leaf(scene, scene.earlyLeaf, (one) => ({ ...one, eventId: '00000000-0000-4000-8000-000000000000' })),
  },
  {
    name: 'a stored leaf is said to be elsewhere in the log',
    expected: byScrub,
    act: (scene) => leaf(scene, scene.earlyLeaf, (one) => ({ ...one, position: scene.lateLeaf.position })),
  },
  {
    name: 'a stored leaf in the middle is deleted',
    expected: byScrub,
    act: (scene) => without1(scene, scene.earlyLeaf.index),
  },
  {
    name: 'the last stored leaf is deleted',
    expected: { start: false, scrub: true, level: 'L0' },
    remark: 'a start derives it from the log again, to the same root',
    act: (scene) => without1(scene, (scene.before.leaves.at(-1) as LeafRow).index),
  },
  {
    name: 'one of the last stored leaves is replaced',
    expected: everywhere,
    act: (scene) =>
      leaf(scene, scene.lateLeaf, (one) => {
        const entry = replacedIn(one.entry, '"StepCompleted"', '"StepFailed"');
        return { ...one, entry, hash: placing.hasher.leaf(entry) };
      }),
  },
];

function without1({ before }: Scene, index: number): Aftermath {
  const left = without(before.leaves, (one) => one.index === index);
  const last = left.at(-1) as LeafRow;
  return { rows: { ...before, leaves: left, position: index > last.index ? last.position : before.position } };
}

const trees: readonly Attack[] = [
  {
    name: 'a stored subtree is replaced',
    expected: same(seen),
    act: ({ before }) => ({
      rows: {
        ...before,
        nodes: changed(
          before.nodes,
          ({ index }) => index === 0,
          (node) => ({ ...node, hash: flipped(node.hash) }),
        ),
      },
    }),
  },
  {
    name: 'a stored subtree is deleted',
    expected: same(seen),
    act: ({ before }) => ({ rows: { ...before, nodes: before.nodes.slice(1) } }),
  },
  {
    name: 'how far the log was looked at is put back',
    expected: same({ start: true, scrub: false }),
    remark: 'every leaf is still there, and right',
    act: ({ before, earlyLeaf }) => ({ rows: { ...before, position: earlyLeaf.position } }),
  },
];

/** The last checkpoint, or the one of that index, edited. */
function checkpoint({ before }: Scene, change: (note: string) => string, index = -1): Aftermath {
  const found = before.checkpoints.at(index);
  if (!found) throw new Error('there is no checkpoint');
  const checkpoints = before.checkpoints.with(index, { ...found, note: change(found.note) });
  return { rows: { ...before, checkpoints } };
}

/** Another text over the signatures that are there. */
export function retold(note: string, change: (root: Uint8Array) => Uint8Array): string {
  const { text, signatures } = parseNote(note);
  const told = parseCheckpoint(text);
  return formatNote({ text: formatCheckpoint({ ...told, root: change(told.root) }), signatures });
}

const checkpoints: readonly Attack[] = [
  {
    name: 'the root in a checkpoint is replaced',
    expected: everywhere,
    act: (scene) => checkpoint(scene, (note) => retold(note, flipped)),
  },
  {
    name: 'the signature of a checkpoint is replaced',
    expected: everywhere,
    remark: 'the bundle names the key',
    act: (scene) => checkpoint(scene, (note) => note.replace(/.{7}=\n$/, 'AAAAAAA=\n')),
  },
  {
    name: 'the root in an older checkpoint is replaced',
    expected: byScrub,
    act: (scene) => checkpoint(scene, (note) => retold(note, flipped), 0),
  },
  {
    name: 'the last checkpoint is deleted',
    expected: { start: false, scrub: false, level: 'L4' },
    remark: 'the server signs the same tree again',
    act: ({ before }) => ({ rows: { ...before, checkpoints: before.checkpoints.slice(0, -1) } }),
  },
  {
    name: 'all checkpoints are deleted',
    expected: { start: false, scrub: false, level: 'L0' },
    remark: 'the server signs the same tree again; without a checkpoint there is no bundle',
    act: ({ before }) => ({ rows: { ...before, checkpoints: [] } }),
  },
];

export const evidenceAttacks: readonly Attack[] = [...leaves, ...trees, ...checkpoints];
