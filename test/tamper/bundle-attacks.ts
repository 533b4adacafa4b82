// All attacks on bundles; here those of somebody who holds the log's key and makes it what he likes.
import type { RecordedEvent } from '@app/kernel';
import type { Signers } from '../support/sample-log.js';
import { otherSigner, recorded, SampleLog, sampleEvents, uuid } from '../support/sample-log.js';
import { bundleEdits } from './bundle-edits.js';
import type { BundleAttack } from './bundle-making.js';
import {
  contents,
  EARLY,
  KEPT_SIZE,
  LATE,
  log,
  rewritten,
  SIZE,
  witnessedBefore,
  witnessedNow,
  written,
} from './bundle-making.js';
import { partialBundles } from './bundle-parts.js';

async function signedBundle(forged: SampleLog, signers: Signers = {}): Promise<Uint8Array> {
  const about = await contents(forged, signers);
  const true200 = forged.checkpointText(KEPT_SIZE) === log.checkpointText(KEPT_SIZE);
  // What the witness signed before still stands where it still is true.
  const earlier = true200
    ? await log.checkpoint(KEPT_SIZE, witnessedBefore)
    : await forged.checkpoint(KEPT_SIZE, signers);
  return written({ ...about, checkpoints: new Map([...about.checkpoints, [KEPT_SIZE, earlier]]) }, forged.leaves);
}

const withKey: readonly BundleAttack[] = [
  {
    name: 'everything is hashed again and signed with another key of the same name',
    level: 'L1',
    make: async () => {
      const forged = rewritten(log.leaves[EARLY]!.parsed, SIZE);
      return signedBundle(forged, { log: otherSigner });
    },
  },
  {
    name: 'the checkpoint of another, true state: older than what the auditor kept',
    level: 'L2',
    make: async () => {
      const old = new SampleLog(sampleEvents(KEPT_SIZE - 50));
      return written({ ...(await old.contents([], witnessedBefore)) }, old.leaves);
    },
  },
  {
    name: 'the checkpoint of another, true state: the very one that the auditor kept',
    level: 'L4',
    make: async () => {
      const old = new SampleLog(sampleEvents(KEPT_SIZE));
      return written({ ...(await old.contents([], witnessedBefore)) }, old.leaves);
    },
    remark: 'the witness signed it too long ago',
  },
  {
    name: 'with the key: an event is edited that the auditor holds a checkpoint over',
    level: 'L2',
    make: () => signedBundle(rewritten(log.leaves[EARLY]!.parsed, SIZE)),
  },
  {
    name: 'with the key: an event is edited that is newer than his checkpoint',
    level: 'L4',
    make: () => signedBundle(rewritten(log.leaves[LATE]!.parsed, SIZE)),
    remark: 'the witness has not signed this tree',
  },
  {
    name: 'with the key: the newest events are left out',
    level: 'L4',
    make: () => signedBundle(new SampleLog(sampleEvents(LATE))),
    remark: 'the witness has not signed this tree',
  },
  {
    name: 'with the keys of the log and of the witness: an event is edited that is newer than his checkpoint',
    level: 'none',
    make: () => signedBundle(rewritten(log.leaves[LATE]!.parsed, SIZE), witnessedNow),
    remark: 'nothing can show it; a second witness, or a checkpoint that somebody kept, would',
  },
  {
    name: 'two auditors are shown two histories, and compare what they kept',
    level: 'L2',
    make: () => signedBundle(new SampleLog([...sampleEvents(EARLY), ...shifted(EARLY)])),
  },
];

/** Another history from there on. */
function* shifted(from: number): Generator<RecordedEvent> {
  for (let number = from; number < SIZE; number += 1) {
    yield recorded(number, `execution-${uuid(5_000 + number)}`, 0, 'ExecutionStarted', started);
  }
}

const started = {
  ...{ workflowId: uuid(5), workflowName: 'screening', workflowVersion: 1, definitionHash: 'a'.repeat(64) },
  ...{ trigger: { kind: 'rest', nodeId: 'in' }, input: {}, requestHash: 'b'.repeat(64), totalSteps: 2 },
};

/** A log that contradicts itself, signed by whoever holds the key and seen by the witness: only its own rules speak. */
function contradiction(name: string, build: (forged: SampleLog) => void): BundleAttack {
  const make = async (): Promise<Uint8Array> => {
    const forged = new SampleLog(sampleEvents(KEPT_SIZE));
    build(forged);
    return signedBundle(forged, witnessedNow);
  };
  return { name: `signed by all, but contradicts itself: ${name}`, level: 'L0', make };
}

const other = `workflow-${uuid(9_000)}`;

const contradictions: readonly BundleAttack[] = [
  contradiction('an event names no event before it', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}));
    forged.append(recorded(SIZE + 1, other, 1, 'WorkflowActivated', {}), (entry) => ({ ...entry, prev: '-' }));
  }),
  contradiction('an event names another one before it', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}));
    const prev = log.leaves[1]!.parsed.data;
    forged.append(recorded(SIZE + 1, other, 1, 'WorkflowActivated', {}), (entry) => ({ ...entry, prev }));
  }),
  contradiction('a number is left out', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}), (entry) => ({
      ...entry,
      idx: String(Number(entry.idx) + 1),
    }));
  }),
  contradiction('a number is there twice', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}), (entry) => ({
      ...entry,
      idx: String(Number(entry.idx) - 1),
    }));
  }),
  contradiction('a revision is left out', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}));
    forged.append(recorded(SIZE + 1, other, 2, 'WorkflowActivated', {}));
  }),
  contradiction('a stream begins in its midst', (forged) => {
    forged.append(recorded(SIZE, other, 4, 'WorkflowActivated', {}), (entry) => ({
      ...entry,
      prev: log.leaves[1]!.parsed.data,
    }));
  }),
  contradiction('an event of another log', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}), (entry) => ({
      ...entry,
      log: 'another.example/log',
    }));
  }),
  contradiction('a place in the store that was taken', (forged) => {
    forged.append(recorded(EARLY, other, 0, 'WorkflowCreated', {}));
  }),
  contradiction('the entry names another actor than the metadata', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}), (entry) => ({ ...entry, actor: 'user:x' }));
  }),
  contradiction('the entry is of other data', (forged) => {
    forged.append(recorded(SIZE, other, 0, 'WorkflowCreated', {}), (entry) => ({ ...entry, data: entry.meta }));
  }),
  contradiction('a run ends that never began', (forged) => {
    forged.append(recorded(SIZE, `execution-${uuid(9_001)}`, 0, 'ExecutionCompleted', {}));
  }),
];

export const bundleAttacks: readonly BundleAttack[] = [
  ...bundleEdits,
  ...partialBundles,
  ...withKey,
  ...contradictions,
];
