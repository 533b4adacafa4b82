// Attacks on bundles of one run and of a part of the log.
import type { BundleContents } from '@app/evidence';
import { uuid } from '../support/sample-log.js';
import type { BundleAttack } from './bundle-making.js';
import {
  EARLY,
  LATE,
  log,
  rangeContents,
  rewritten,
  run,
  runContents,
  SIZE,
  witnessedNow,
  written,
} from './bundle-making.js';

export const partialBundles: readonly BundleAttack[] = [
  {
    name: 'one run: an event in the middle is left out',
    level: 'L0',
    make: async () => written({ ...(await runContents()), entries: 4 }, log.leavesOf([run]).toSpliced(2, 1)),
  },
  {
    name: 'one run: its end is left out, with the proof of an earlier event',
    level: 'none',
    remark: 'the verifier prints that the run may have gone on: only the whole log shows that it did not',
    make: async () => {
      const about = await runContents();
      const cut = log.leavesOf([run]).slice(0, 3);
      const index = Number(cut.at(-1)?.parsed.idx);
      const proofs = [{ index, proof: log.inclusion(index), checkpoint: await log.checkpoint(SIZE, witnessedNow) }];
      return written({ ...about, entries: 3, to: index + 1, inclusions: proofs }, cut);
    },
  },
  {
    name: 'one run: the proof is that of another run',
    level: 'L0',
    make: async () => {
      const other = await log.streamsContents([`execution-${uuid(3)}`], witnessedNow);
      return written({ ...(await runContents()), inclusions: other.inclusions ?? [] }, log.leavesOf([run]));
    },
  },
  {
    name: 'one run: an event is edited and the later ones hashed again',
    level: 'L0',
    make: async () => {
      const forged = rewritten(log.leavesOf([run])[2]!.parsed, SIZE);
      const about = await forged.streamsContents([run]);
      return written(
        { ...(await runContents()), inclusions: inclusionsLike(about, await runContents()) },
        forged.leavesOf([run]),
      );
    },
  },
  {
    name: 'a part of the log: the proof is that of another part',
    level: 'L0',
    make: async () => {
      const about = await rangeContents();
      const { range } = await log.rangeContents(EARLY + 1, LATE, witnessedNow);
      return written({ ...about, range: { ...range!, begin: EARLY } }, log.leaves.slice(EARLY, LATE));
    },
  },
  {
    name: 'a part of the log: an event is edited and hashed again',
    level: 'L0',
    make: async () => {
      const forged = rewritten(log.leaves[EARLY + 5]!.parsed, SIZE);
      // A proof of what the auditor kept, which is about the true leaves, would give it away.
      return written({ ...(await rangeContents()), consistencies: [] }, forged.leaves.slice(EARLY, LATE));
    },
  },
];

function inclusionsLike(forged: BundleContents, genuine: BundleContents): NonNullable<BundleContents['inclusions']> {
  const checkpoint = genuine.inclusions?.[0]?.checkpoint ?? '';
  return (forged.inclusions ?? []).map((one) => ({ ...one, checkpoint }));
}
