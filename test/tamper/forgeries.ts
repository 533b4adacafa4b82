// Attacks on log and evidence together: everything made anew, or put back to what it was - without the key, and with it.
import { parseCheckpoint, parseNote } from '@app/evidence';
import { logSigner, ORIGIN, otherSigner } from '../support/sample-log.js';
import type { Aftermath, Attack, Expected, Scene } from './attack.js';
import { retold } from './evidence-attacks.js';
import type { Forged } from './means.js';
import { changed, hashedAgain, signedAgain, withMember } from './means.js';
import type { EventRow, Rows } from './rows.js';

const everywhere: Expected = { start: true, scrub: true, level: 'L0' };

/** An early event told otherwise; what the log's reader makes of it, hashed again from the first leaf on. */
async function rewritten(scene: Scene): Promise<Forged & { readonly events: readonly EventRow[] }> {
  const events = changed(
    scene.before.events,
    ({ position }) => position === scene.early.position,
    (event) => ({ ...event, data: withMember(event.data, (data) => ({ ...data, output: { decision: 'DENY' } })) }),
  );
  return { ...hashedAgain(await scene.recorded(events), ORIGIN), events };
}

function forgedRows(before: Rows, { leaves, nodes, position }: Forged, events: readonly EventRow[]): Rows {
  return { ...before, events, leaves, nodes, position };
}

const withoutKey: readonly Attack[] = [
  {
    name: 'everything is hashed again, the signed checkpoints are left',
    expected: everywhere,
    act: async (scene) => {
      const forged = await rewritten(scene);
      return { rows: forgedRows(scene.before, forged, forged.events) };
    },
  },
  {
    name: 'everything is hashed again, new checkpoints carry the old signatures',
    expected: everywhere,
    remark: 'the bundle names the key',
    act: async (scene) => {
      const forged = await rewritten(scene);
      const told = scene.before.checkpoints.map((one) => ({
        ...one,
        note: retold(one.note, () => forged.log.rootAt(one.size)),
      }));
      return { rows: { ...forgedRows(scene.before, forged, forged.events), checkpoints: told } };
    },
  },
  {
    name: 'everything is hashed again and signed with another key of the same name',
    expected: { ...everywhere, level: 'L1' },
    act: async (scene) => {
      const forged = await rewritten(scene);
      const told = await signedAgain(forged.log, scene.before.checkpoints, otherSigner);
      return { rows: { ...forgedRows(scene.before, forged, forged.events), checkpoints: told } };
    },
  },
  {
    name: 'an event is edited and all evidence deleted, so that the server makes it anew',
    expected: { start: true, scrub: false, level: 'L0' },
    remark: 'the signer remembers what it signed; without a checkpoint there is no bundle',
    act: async (scene) => {
      const { events } = await rewritten(scene);
      return { rows: { events, leaves: [], nodes: [], checkpoints: [], position: undefined } };
    },
  },
  {
    name: 'log and evidence are put back to an earlier state (an old backup)',
    expected: { start: true, scrub: false, level: 'L4' },
    remark: 'what the auditor kept is no newer than the backup',
    act: (scene) => backup(scene, scene.keptSize),
  },
  {
    name: 'log and evidence are put back to a state before the kept checkpoint',
    expected: { start: true, scrub: false, level: 'L2' },
    act: (scene) => backup(scene, scene.before.checkpoints[0]?.size ?? 0),
  },
  {
    name: 'log and evidence are deleted',
    expected: { start: true, scrub: false, level: 'L0' },
    remark: 'without a checkpoint there is no bundle',
    act: () => ({ rows: { events: [], leaves: [], nodes: [], checkpoints: [], position: undefined } }),
  },
];

/** Everything as it was when the log had so many leaves. */
function backup({ before, positionText }: Scene, size: number): Aftermath {
  const left = before.leaves.slice(0, size);
  const position = left.at(-1)?.position;
  return {
    rows: {
      events: before.events.filter((event) => positionText(event.position) <= (position ?? '')),
      leaves: left,
      nodes: before.nodes.filter(({ index }) => (index + 1) * 256 <= size),
      checkpoints: before.checkpoints.filter((one) => one.size <= size),
      position,
    },
  };
}

async function collusion(scene: Scene): Promise<Aftermath & { readonly memory: string }> {
  const forged = await rewritten(scene);
  const checkpoints = await signedAgain(forged.log, scene.before.checkpoints, logSigner);
  const memory = forged.log.checkpointText();
  return { rows: { ...forgedRows(scene.before, forged, forged.events), checkpoints }, memory };
}

/** Newer than anything that an auditor kept. */
async function lateCollusion(scene: Scene): Promise<Aftermath> {
  const late: Scene = { ...scene, early: scene.late };
  return collusion(late);
}

const withKey: readonly Attack[] = [
  {
    name: 'everything is hashed again and signed with the key; the signer still remembers',
    expected: { start: true, scrub: false, level: 'L2' },
    act: async (scene) => ({ rows: (await collusion(scene)).rows }),
  },
  {
    name: 'everything is hashed again and signed with the key, and the memory of the signer is replaced',
    expected: { start: false, scrub: false, level: 'L2' },
    remark: 'whoever has key, stores and memory is found by what others kept',
    act: collusion,
  },
  {
    name: 'the same, where an anchor holds the last checkpoint',
    expected: { start: true, scrub: false, level: 'L2' },
    act: collusion,
    held: ({ before }) => [
      { holder: 'the anchor', head: parseCheckpoint(parseNote(before.checkpoints.at(-1)?.note ?? '').text) },
    ],
  },
  {
    name: 'the same with an event that is newer than the kept checkpoint',
    expected: { start: false, scrub: false, level: 'L4' },
    remark: 'only the witness has seen it',
    act: lateCollusion,
  },
];

export const forgeries: readonly Attack[] = [...withoutKey, ...withKey];
