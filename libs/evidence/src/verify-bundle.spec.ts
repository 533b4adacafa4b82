import type { RecordedEvent } from '@app/kernel';
import { sha256 } from '@app/kernel';
import type { Signers } from '../../../test/support/sample-log.js';
import {
  bytesOf,
  logSigner,
  ORIGIN,
  otherSigner,
  otherWitness,
  recorded,
  SampleLog,
  sampleEvents,
  START_MS,
  uuid,
  witnessSigner,
} from '../../../test/support/sample-log.js';
import type { BundleContents, BundledLeaf } from './bundle-writer.js';
import { writeBundle } from './bundle-writer.js';
import { readBundleEvents } from './bundle-events.js';
import { verifyEd25519 } from './node.signature.js';
import type { StreamRule } from './stream-rule.js';
import { verifyBundle } from './verify-bundle.js';
import type { VerifyOptions } from './verify-options.js';
import type { Level, VerifyReport } from './verify-report.js';
import type { KnownCheckpoint } from './verify-signatures.js';
import { openKnown } from './verify-signatures.js';

const DAY_MS = 86_400_000;
const base: VerifyOptions = { sha256, verify: verifyEd25519, nowMs: START_MS + DAY_MS / 2, key: logSigner.key };

async function write(contents: BundleContents, leaves: Iterable<BundledLeaf>): Promise<Uint8Array> {
  return bytesOf(writeBundle(contents, leaves, sha256));
}

async function verify(
  contents: BundleContents,
  leaves: Iterable<BundledLeaf>,
  options: Partial<VerifyOptions> = {},
): Promise<VerifyReport> {
  return verifyBundle([await write(contents, leaves)], { ...base, ...options });
}

async function known(log: SampleLog, size: number, signers: Signers = {}): Promise<KnownCheckpoint> {
  return openKnown('kept', await log.checkpoint(size, signers), (signers.log ?? logSigner).key, verifyEd25519);
}

const codes = ({ defects }: VerifyReport): string[] => [...new Set(defects.map(({ code }) => code))];
const reached = ({ levels }: VerifyReport): Level[] => levels.filter((one) => one.reached).map(({ level }) => level);

/** A stream must alternate between two types. */
const alternation: StreamRule = {
  category: 'execution',
  name: 'order',
  start: () => -1,
  step: (state, { revision, type }) => ({
    state: revision,
    defects:
      revision === 0 && type !== 'ExecutionStarted' && state === -1
        ? [{ code: 'wrong_beginning', sentence: `it begins with ${type}` }]
        : [],
  }),
};

const log = new SampleLog(sampleEvents(600));
const run = `execution-${uuid(3)}`;

describe('a whole log', () => {
  it('is verified up to the level that what the auditor holds allows', async () => {
    const signers = { witness: witnessSigner, witnessedMs: START_MS + 60_000 };
    const contents = await log.contents([100, 256], signers);
    const bare = await verify(contents, log.leaves, { key: undefined as never });
    expect([bare.verdict, bare.level, codes(bare)]).toEqual(['incomplete', 'L0', ['no_key']]);
    const keyed = await verify(contents, log.leaves);
    expect([keyed.verdict, keyed.exitCode, keyed.level]).toEqual(['verified', 0, 'L1']);
    const held = await verify(contents, log.leaves, { known: [await known(log, 77), await known(log, 600)] });
    expect([held.verdict, held.level]).toEqual(['verified', 'L2']);
    const witnesses = [witnessSigner.key];
    const whole = await verify(contents, log.leaves, { known: [await known(log, 0), await known(log, 77)], witnesses });
    expect([whole.verdict, whole.level, whole.shown.length]).toEqual(['verified', 'L4', 5]);
    const stale = await verify(contents, log.leaves, {
      known: [await known(log, 77)],
      witnesses,
      freshMs: 1,
      nowMs: START_MS + DAY_MS,
    });
    expect([stale.verdict, stale.level]).toEqual(['verified', 'L3']);
    expect(whole).toMatchObject({
      bundle: { kind: 'log', from: 0, to: 600 },
      checkpoint: { log: ORIGIN, size: 600, signedBy: [ORIGIN], cosignedBy: [{ name: 'witness.example' }] },
      counts: { leaves: 600, streams: 120, checkpoints: 3, files: 1 + 3 + 2 + 9 },
      defects: [],
      observations: [],
    });
    expect(whole.notShown).toContain('that the log did not go on after its first 600 leaves');
  });

  it.each([0, 1, 2, 255, 256, 257, 512])('is verified with %i events', async (count) => {
    const some = new SampleLog(sampleEvents(count));
    const report = await verify(await some.contents(), some.leaves, { rules: [alternation] });
    expect([report.verdict, report.level, report.counts.leaves]).toEqual(['verified', 'L1', count]);
  });

  it('is verified however its bytes are cut into chunks', async () => {
    const bytes = await write(await log.contents(), log.leaves);
    for (const size of [1, 511, 512, 1_000, 65_536]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );
      expect((await verifyBundle(chunks, base)).verdict).toBe('verified');
    }
  });

  it('yields its events again as they were recorded', async () => {
    const bytes = await write(await log.contents(), log.leaves);
    const found: RecordedEvent[] = [];
    for await (const event of readBundleEvents([bytes], sha256, () => true)) found.push(event);
    expect(found).toEqual([...sampleEvents(600)]);
  });
});

describe('a part of a log', () => {
  it.each([
    [0, 600],
    [0, 1],
    [599, 600],
    [100, 400],
    [256, 512],
    [333, 334],
    [1, 600],
  ])('from %i to %i is shown to be part of the signed tree', async (from, to) => {
    const held = await Promise.all([known(log, to), known(log, 600)]);
    const contents = await log.rangeContents(from, to);
    const report = await verify(contents, log.leaves.slice(from, to), { known: held });
    expect([report.verdict, report.level, codes(report)]).toEqual(['verified', 'L2', []]);
    expect(report.notShown[0]).toMatch(/what the leaves before/);
  });

  it('says that it cannot be compared with a checkpoint that it holds nothing about, unless a proof comes along', async () => {
    const contents = await log.rangeContents(300, 400);
    const held = { known: [await known(log, 77), await known(log, 500)] };
    const report = await verify(contents, log.leaves.slice(300, 400), held);
    expect([report.verdict, report.level, codes(report)]).toEqual(['incomplete', 'L1', ['known_not_compared']]);
    const checkpoint = await log.checkpoint();
    const consistencies = [77, 500].map((size1) => ({ size1, proof: log.consistency(size1), checkpoint }));
    const proved = await verify({ ...contents, consistencies }, log.leaves.slice(300, 400), held);
    expect([proved.verdict, proved.level]).toEqual(['verified', 'L2']);
  });

  it.each<[string, (contents: BundleContents) => BundleContents, string]>([
    ['without its proof', ({ range: _range, ...rest }) => rest, 'proof_missing'],
    [
      'with a proof of another part',
      (c) => ({ ...c, range: { ...c.range!, begin: 0, left: [] } }),
      'proof_of_something_else',
    ],
    ['with a hash too few', (c) => ({ ...c, range: { ...c.range!, proof: c.range!.proof.slice(1) } }), 'root_mismatch'],
    [
      'with a wrong left side',
      (c) => ({ ...c, range: { ...c.range!, left: c.range!.left.map(() => new Uint8Array(32)) } }),
      'root_mismatch',
    ],
  ])('%s is not verified', async (_name, change, code) => {
    const report = await verify(change(await log.rangeContents(300, 400)), log.leaves.slice(300, 400));
    expect(codes(report)).toEqual([code]);
    expect(report.level).toBe('none');
  });
});

describe('a bundle of one run', () => {
  it('shows the whole run by a proof of its last leaf', async () => {
    const contents = await log.streamsContents([run]);
    const report = await verify(contents, log.leavesOf([run]), {
      rules: [alternation],
      known: [await known(log, 600)],
    });
    expect([report.verdict, report.level, codes(report)]).toEqual(['verified', 'L2', []]);
    expect(report).toMatchObject({
      bundle: { kind: 'streams' },
      counts: { leaves: 5, streams: 1, replayed: 1, proofs: 1 },
    });
    expect(report.notShown[0]).toBe('that these streams hold no event after the last one in this bundle');
  });

  it('of several runs likewise', async () => {
    const names = [run, `execution-${uuid(90)}`, `execution-${uuid(4)}`];
    const report = await verify(await log.streamsContents(names), log.leavesOf(names));
    expect([report.verdict, report.level, report.counts.proofs]).toEqual(['verified', 'L1', 3]);
  });

  it('is incomplete without the proof, and tampered with a wrong one', async () => {
    const contents = await log.streamsContents([run]);
    const without = await verify({ ...contents, inclusions: [] }, log.leavesOf([run]));
    expect([without.verdict, without.level, codes(without)]).toEqual(['incomplete', 'none', ['proof_missing']]);
    const [one] = contents.inclusions ?? [];
    const wrong = { ...contents, inclusions: [{ ...one!, proof: one!.proof.map(() => new Uint8Array(32)) }] };
    expect(codes(await verify(wrong, log.leavesOf([run])))).toEqual(['root_mismatch']);
  });

  it('that lacks an event in the midst, at its beginning or at its end is found out', async () => {
    const contents = { ...(await log.streamsContents([run])), entries: 4 };
    const leaves = log.leavesOf([run]);
    expect(codes(await verify(contents, leaves.toSpliced(2, 1)))).toEqual(['revision_gap', 'chain_broken']);
    expect(codes(await verify(contents, leaves.slice(1)))).toContain('stream_without_beginning');
    expect(codes(await verify(contents, leaves.slice(0, 4)))).toEqual(
      expect.arrayContaining(['manifest_contradicts_leaves', 'proof_missing']),
    );
  });
});

describe('somebody who changes a log without its key', () => {
  type Change = (leaves: BundledLeaf[]) => BundledLeaf[];
  const replaced =
    (at: number, about: Partial<BundledLeaf>): Change =>
    (leaves) =>
      leaves.with(at, { ...leaves[at]!, ...about });
  const utf8 = new TextEncoder();

  it.each<[string, Change, string[]]>([
    ['data', replaced(5, { data: utf8.encode('{"a":1}') }), ['data_changed']],
    ['metadata', replaced(5, { metadata: utf8.encode('{}') }), ['metadata_changed']],
    ['an entry', replaced(5, { entry: utf8.encode('{}') }), ['malformed_entry', 'root_mismatch']],
    ['the order', (leaves) => leaves.with(5, leaves[6]!).with(6, leaves[5]!), ['index_out_of_order']],
    ['the number of times', (leaves) => leaves.toSpliced(5, 0, leaves[5]!).slice(0, 600), ['index_out_of_order']],
    ['a gap', (leaves) => leaves.toSpliced(5, 1), ['leaves_missing']],
    ['the end', (leaves) => leaves.slice(0, 400), ['leaves_missing']],
    ['everything', () => [], ['leaves_missing']],
  ])('by %s is found out', async (_name, change, expected) => {
    const leaves = change([...log.leaves]);
    const contents = { ...(await log.contents()), entries: leaves.length };
    const bytes = await write(contents, leaves);
    const report = await verifyBundle([bytes], { ...base, known: [await known(log, 600)] });
    expect(report.verdict).toBe('tampered');
    expect(report.level).toBe('none');
    const patched = await verifyBundle([bytes], base);
    expect(codes(patched).length).toBeGreaterThan(0);
    if (leaves.length === 600) expect(codes(patched)).toEqual(expect.arrayContaining(expected));
  });

  it('and hashes all of it again lacks the signature', async () => {
    const forged = new SampleLog(
      [...sampleEvents(600)].with(7, recorded(7, `execution-${uuid(7)}`, 0, 'ExecutionStarted', { forged: true })),
    );
    const contents = { ...(await forged.contents([], { log: otherSigner })), keys: [otherSigner.key] };
    const report = await verify(contents, forged.leaves);
    expect([report.verdict, report.level, codes(report)]).toEqual(['tampered', 'L0', ['not_signed']]);
    const stolen = { ...contents, checkpoints: new Map([[600, await log.checkpoint()]]) };
    const root = await verify(stolen, forged.leaves);
    expect([root.level, codes(root)]).toEqual(['none', ['root_mismatch']]);
  });

  it('and signs in the name of the key is found out', async () => {
    const contents = await log.contents();
    const own = await log.checkpoint();
    const broken = own.replace(/.{7}=\n$/, 'AAAAAAA=\n');
    expect(codes(await verify({ ...contents, checkpoints: new Map([[600, broken]]) }, log.leaves))).toContain(
      'bad_signature',
    );
  });
});

describe('somebody who changes a log with its key', () => {
  it('cannot continue a checkpoint that somebody holds', async () => {
    const forged = new SampleLog(
      [...sampleEvents(700)].with(8, recorded(8, `execution-${uuid(0)}`, 1, 'StepStarted', {})),
    );
    const report = await verify(await forged.contents(), forged.leaves, { known: [await known(log, 600)] });
    expect([report.verdict, report.exitCode, report.level, codes(report)]).toEqual([
      'tampered',
      1,
      'L1',
      ['inconsistent_with_known'],
    ]);
    expect(report.defects[0]?.sentence).toMatch(/two histories/);
  });

  it('shows an older state, or another log, and is asked for more', async () => {
    const held = new SampleLog(sampleEvents(700));
    const old = await verify(await log.contents(), log.leaves, { known: [await known(held, 700)] });
    expect([old.verdict, codes(old)]).toEqual(['incomplete', ['older_than_known']]);
    const elsewhere = new SampleLog(sampleEvents(700), 'elsewhere.example/log');
    const other = await verify(await log.contents(), log.leaves, { known: [await known(elsewhere, 600)] });
    expect([other.verdict, codes(other)]).toEqual(['incomplete', ['known_not_compared']]);
  });

  it('cannot say that an event was recorded in a stream without naming the one before it', async () => {
    const forged = new SampleLog(sampleEvents(20));
    forged.append(recorded(20, `execution-${uuid(0)}`, 3, 'X', {}), (entry) => ({ ...entry, prev: '-' }));
    forged.append(recorded(21, `execution-${uuid(500)}`, 2, 'X', {}));
    forged.append(recorded(22, `execution-${uuid(1)}`, 7, 'X', {}));
    forged.append(recorded(22, 'lease-a', 0, 'X', {}));
    forged.append(recorded(24, 'access-20260502', 0, 'X', {}), (entry) => ({
      ...entry,
      actor: 'user:somebody',
      log: 'x',
    }));
    const report = await verify(await forged.contents(), forged.leaves);
    expect(codes(report)).toEqual([
      'chain_broken',
      'stream_without_beginning',
      'revision_gap',
      'position_out_of_order',
      'no_leaf_stream',
      'other_log',
      'entry_contradicts_metadata',
    ]);
  });

  it('cannot make a state machine do what it does not do', async () => {
    const forged = new SampleLog([recorded(0, run, 0, 'ExecutionCompleted', {})]);
    const report = await verify(await forged.contents(), forged.leaves, { rules: [alternation] });
    expect([report.verdict, codes(report)]).toEqual(['tampered', ['wrong_beginning']]);
    expect(report.defects[0]).toMatchObject({ index: 0, stream: run });
  });

  it('who puts a time back is seen by whoever knows a witness', async () => {
    const forged = new SampleLog(sampleEvents(100));
    const late = { ...recorded(100, 'workflow-x', 0, 'X', {}), recordedAt: new Date(START_MS - DAY_MS).toISOString() };
    forged.append(late);
    const signers = { witness: witnessSigner, witnessedMs: START_MS + 60_000 };
    const report = await verify(await forged.contents([100], signers), forged.leaves, {
      witnesses: [witnessSigner.key],
    });
    expect(report.verdict).toBe('verified');
    expect(report.observations.map(({ code }) => code)).toEqual(['clock_went_back', 'recorded_before_witnessed']);
  });
});

describe('contents that events name by their hash only', () => {
  const naming: StreamRule = { ...alternation, namesContent: (data) => (data as { blob?: string }).blob !== undefined };
  const some = new SampleLog([
    ...sampleEvents(20),
    recorded(20, `execution-${uuid(900)}`, 0, 'ExecutionStarted', { blob: 'a' }),
    recorded(21, `execution-${uuid(900)}`, 1, 'StepStarted', {}),
    recorded(22, `execution-${uuid(900)}`, 2, 'StepCompleted', { blob: 'b' }),
    recorded(23, 'workflow-x', 0, 'X', { blob: 'no content, there' }),
  ]);
  const told = ({ counts, notShown }: VerifyReport): unknown[] => [
    counts.contentsNamed,
    notShown.filter((sentence) => /large contents/.test(sentence)),
  ];

  it('are said not to be shown, with how many events name one, also of streams that begin earlier', async () => {
    const rules = [naming];
    const one = [
      expect.stringMatching(/^the large contents that 1 event names by SHA-256: they are not in the bundle/),
    ];
    const two = [expect.stringMatching(/^the large contents that 2 events name by SHA-256/)];
    expect(told(await verify(await some.contents(), some.leaves, { rules }))).toEqual([2, two]);
    const part = await verify(await some.rangeContents(21, 24), some.leaves.slice(21), { rules });
    expect([part.verdict, ...told(part)]).toEqual(['verified', 1, one]);
  });

  it('are not spoken of where no event names any, or where its data are not what was recorded', async () => {
    expect(told(await verify(await log.contents(), log.leaves, { rules: [naming] }))).toEqual([0, []]);
    const forged = { ...some.leaves[22]!, data: new TextEncoder().encode('{"blob":"b","c":1}') };
    const report = await verify(await some.contents(), some.leaves.with(22, forged), { rules: [naming] });
    expect([codes(report), report.counts.contentsNamed]).toEqual([['data_changed'], 1]);
  });
});

describe('witnesses', () => {
  const signers = { witness: witnessSigner, witnessedMs: START_MS };
  it.each<[string, Partial<VerifyOptions>, string[], Level[]]>([
    ['that signed lately', { witnesses: [witnessSigner.key] }, [], ['L0', 'L1', 'L3', 'L4']],
    ['that nobody named count for nothing', {}, [], ['L0', 'L1']],
    ['of the same name with another key', { witnesses: [otherWitness.key] }, ['not_witnessed'], ['L0', 'L1']],
    ['that signed long ago', { witnesses: [witnessSigner.key], nowMs: START_MS + 2 * DAY_MS }, [], ['L0', 'L1', 'L3']],
    ['that signed in the future', { witnesses: [witnessSigner.key], nowMs: START_MS - DAY_MS }, [], ['L0', 'L1', 'L3']],
  ])('%s', async (_name, options, expected, levels) => {
    const report = await verify(await log.contents([], signers), log.leaves, options);
    expect([codes(report), reached(report)]).toEqual([expected, levels]);
  });

  it('are quoted, not believed: what they did not cosign is their own word', async () => {
    const report = await verify(await log.contents([], signers), log.leaves, { witnesses: [witnessSigner.key] });
    expect(report.levels[4]?.sentence).toBe(
      'witness.example cosigned the last checkpoint at 2026-05-02T13:00:00.000Z, and by that says: "I cosigned no other history of this log until then"',
    );
  });

  it('of an earlier tree anchor only that', async () => {
    const contents = await log.contents();
    const checkpoints = new Map([...contents.checkpoints, [100, await log.checkpoint(100, signers)] as const]);
    const keys = [...contents.keys, witnessSigner.key];
    const report = await verify({ ...contents, checkpoints, keys }, log.leaves, { witnesses: [witnessSigner.key] });
    expect(reached(report)).toEqual(['L0', 'L1', 'L3']);
    expect(report.levels[3]?.sentence).toMatch(/^the first 100 leaves/);
  });
});

describe('what is asked for', () => {
  it('is incomplete when its level is not reached', async () => {
    const report = await verify(await log.contents(), log.leaves, { levelMin: 'L2' });
    expect([report.verdict, report.exitCode, codes(report)]).toEqual(['incomplete', 2, ['level_not_reached']]);
    const enough = await verify(await log.contents(), log.leaves, { levelMin: 'L1' });
    expect(enough.verdict).toBe('verified');
  });

  it('is refused when a kept checkpoint is no checkpoint of that key', async () => {
    const text = await log.checkpoint(100, { log: otherSigner });
    await expect(openKnown('kept', text, logSigner.key, verifyEd25519)).rejects.toThrow(/no signature/);
    await expect(openKnown('kept', 'nonsense', logSigner.key, verifyEd25519)).rejects.toThrow(/not a signed note/);
  });
});
