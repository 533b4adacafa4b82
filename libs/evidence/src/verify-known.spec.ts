import { sha256 } from '@app/kernel';
import {
  bytesOf,
  logSigner,
  otherSigner,
  recorded,
  SampleLog,
  sampleEvents,
  START_MS,
  uuid,
} from '../../../test/support/sample-log.js';
import type { BundleContents, BundledLeaf } from './bundle-writer.js';
import { writeBundle } from './bundle-writer.js';
import { verifyEd25519 } from './node.signature.js';
import { beginningShownBy } from './proof-check.js';
import { verifyBundle } from './verify-bundle.js';
import type { VerifyReport } from './verify-report.js';
import type { KnownCheckpoint } from './verify-signatures.js';
import { openKnown } from './verify-signatures.js';

const log = new SampleLog(sampleEvents(600));
/** Of the same holder of the key, from its ninth leaf on. */
const fork = new SampleLog([...sampleEvents(600)].with(8, recorded(8, `execution-${uuid(0)}`, 1, 'StepStarted', {})));
const run = `execution-${uuid(3)}`;

async function known(of: SampleLog, size: number): Promise<KnownCheckpoint> {
  return openKnown('kept', await of.checkpoint(size), logSigner.key, verifyEd25519);
}

async function verify(
  contents: BundleContents,
  leaves: Iterable<BundledLeaf>,
  held: readonly KnownCheckpoint[],
): Promise<VerifyReport> {
  const bytes = await bytesOf(writeBundle(contents, leaves, sha256));
  return verifyBundle([bytes], { sha256, verify: verifyEd25519, nowMs: START_MS, key: logSigner.key, known: held });
}

const codes = ({ defects }: VerifyReport): string[] => defects.map(({ code }) => code);
const isShown = ({ levels }: VerifyReport): boolean => levels[2]?.reached === true;
const changedProof = (proof: readonly Uint8Array[]): Uint8Array[] => proof.map(() => new Uint8Array(32).fill(7));

/** A bundle of one run, with a proof from `size`. */
async function runWith(size: number, proof: readonly Uint8Array[], of = log): Promise<BundleContents> {
  return {
    ...(await of.streamsContents([run])),
    consistencies: [{ size1: size, proof, checkpoint: await of.checkpoint() }],
  };
}

describe('a checkpoint that somebody holds, against a bundle with all leaves', () => {
  it('is settled by the leaves alone: a broken proof in the bundle is a broken proof and not a second history', async () => {
    const consistencies = [{ size1: 77, proof: changedProof(log.consistency(77)), checkpoint: await log.checkpoint() }];
    const report = await verify({ ...(await log.contents()), consistencies }, log.leaves, [await known(log, 77)]);
    expect([report.verdict, codes(report), isShown(report)]).toEqual(['tampered', ['proof_fails'], true]);
    expect(report.defects[0]?.sentence).not.toMatch(/histor/);
    expect(report.defects[0]?.file).toBe('proofs/00000000000000000077.consistency');
  });

  it('that is of another history is told to be that, whatever proof comes along', async () => {
    for (const proof of [fork.consistency(77), changedProof(fork.consistency(77))]) {
      const consistencies = [{ size1: 77, proof, checkpoint: await fork.checkpoint() }];
      const report = await verify({ ...(await fork.contents()), consistencies }, fork.leaves, [await known(log, 77)]);
      expect([codes(report).at(-1), isShown(report)]).toEqual(['inconsistent_with_known', false]);
      expect(report.defects.at(-1)?.sentence).toMatch(/the log showed two histories$/);
    }
  });

  it('is not accused of a second history by leaves that somebody put into the bundle', async () => {
    const report = await verify(await log.contents(), fork.leaves, [await known(log, 77)]);
    expect([report.verdict, codes(report), isShown(report)]).toEqual([
      'tampered',
      ['root_mismatch', 'known_not_compared'],
      false,
    ]);
  });

  it('accuses nobody by a bundle that the key did not sign', async () => {
    const report = await verify(await fork.contents([], { log: otherSigner }), fork.leaves, [await known(log, 77)]);
    expect(codes(report)).toEqual(['not_signed', 'inconsistent_with_known']);
    expect(report.defects[1]?.sentence).toMatch(/one of the two is not of this log$/);
  });

  it('needs no proof to continue the empty tree, and no other is taken', async () => {
    const checkpoint = await log.checkpoint();
    for (const [proof, expected] of [
      [[], []],
      [log.consistency(3), ['proof_fails']],
    ] as const) {
      const consistencies = [{ size1: 0, proof, checkpoint }];
      const report = await verify({ ...(await log.contents()), consistencies }, log.leaves, [await known(log, 0)]);
      expect(codes(report)).toEqual(expected);
    }
  });
});

describe('a checkpoint that somebody holds, against a bundle that shows it by a proof only', () => {
  it.each([64, 77, 300, 512, 599])('of size %i is continued', async (size) => {
    const report = await verify(await runWith(size, log.consistency(size)), log.leavesOf([run]), [
      await known(log, size),
    ]);
    expect([report.verdict, codes(report), isShown(report)]).toEqual(['verified', [], true]);
  });

  it.each([64, 77, 300, 512, 599])('of size %i by a broken proof is told to be not shown', async (size) => {
    const report = await verify(await runWith(size, changedProof(log.consistency(size))), log.leavesOf([run]), [
      await known(log, size),
    ]);
    expect([report.verdict, codes(report), isShown(report)]).toEqual(['tampered', ['proof_fails'], false]);
    expect(report.defects[0]?.sentence).toMatch(/either the proof is broken, or there are two histories/);
  });

  it('of another history is told to be that by a sound proof, but where the proof leaves the old root out', async () => {
    const of = async (size: number): Promise<string[]> =>
      codes(
        await verify(await runWith(size, fork.consistency(size), fork), fork.leavesOf([run]), [await known(log, size)]),
      );
    expect(await of(77)).toEqual(['inconsistent_with_known']);
    expect(await of(599)).toEqual(['inconsistent_with_known']);
    expect(await of(64)).toEqual(['proof_fails']);
  });

  it('and by a proof about another checkpoint is not compared', async () => {
    const contents = await log.streamsContents([run]);
    const consistencies = [{ size1: 77, proof: log.consistency(77, 500), checkpoint: await log.checkpoint(500) }];
    const report = await verify({ ...contents, consistencies }, log.leavesOf([run]), [await known(log, 77)]);
    expect(codes(report)).toEqual(['proof_of_something_else', 'known_not_compared']);
  });
});

describe('an earlier checkpoint in a bundle', () => {
  const withEarlier = async (of: SampleLog, proof: readonly Uint8Array[] | undefined): Promise<BundleContents> => {
    const contents = await log.streamsContents([run]);
    const checkpoints = new Map([...contents.checkpoints, [77, await of.checkpoint(77)] as const]);
    const checkpoint = await log.checkpoint();
    return { ...contents, checkpoints, ...(proof ? { consistencies: [{ size1: 77, proof, checkpoint }] } : {}) };
  };

  it.each<[string, SampleLog, readonly Uint8Array[] | undefined, string[]]>([
    ['with a proof', log, log.consistency(77), []],
    ['without one', log, undefined, ['proof_missing']],
    ['with a broken one', log, changedProof(log.consistency(77)), ['proof_fails']],
    ['of another history', fork, log.consistency(77), ['inconsistent_checkpoint']],
  ])('%s', async (_name, of, proof, expected) => {
    expect(codes(await verify(await withEarlier(of, proof), log.leavesOf([run]), []))).toEqual(expected);
  });
});

describe('the beginning that a proof of consistency shows', () => {
  it('is the root of the smaller tree, for all sizes but powers of two', () => {
    for (let size2 = 2; size2 <= 40; size2 += 1) {
      for (let size1 = 1; size1 < size2; size1 += 1) {
        const claim = { size1, size2, root2: log.rootAt(size2), proof: log.consistency(size1, size2) };
        const isPower = Number.isInteger(Math.log2(size1));
        expect([size1, size2, beginningShownBy(log.hasher, claim)]).toEqual([
          size1,
          size2,
          isPower ? undefined : log.rootAt(size1),
        ]);
      }
    }
  });

  it('is nothing in a proof with a hash too few, too many or changed, nor for sizes that make no sense', () => {
    const claim = { size1: 21, size2: 40, root2: log.rootAt(40), proof: log.consistency(21, 40) };
    const { proof } = claim;
    const wrong = [
      { ...claim, proof: [] },
      { ...claim, proof: proof.slice(1) },
      { ...claim, proof: proof.slice(0, -1) },
      { ...claim, proof: [...proof, proof[0]!] },
      { ...claim, proof: proof.with(1, new Uint8Array(31)) },
      ...proof.map((_, at) => ({ ...claim, proof: proof.with(at, new Uint8Array(32)) })),
      { ...claim, root2: log.rootAt(39) },
      { ...claim, size1: 0 },
      { ...claim, size1: 40 },
      { ...claim, size1: 41 },
      { ...claim, size2: 1.5 },
    ];
    for (const one of wrong) expect(beginningShownBy(log.hasher, one)).toBeUndefined();
  });
});
