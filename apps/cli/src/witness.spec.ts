import fc from 'fast-check';
import { formatConsistency, formatNote, isConsistent } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import {
  logSigner,
  otherSigner,
  recorded,
  SampleLog,
  signed,
  witnessSigner,
} from '../../../test/support/sample-log.js';
import { checkContinues, submissionIn, trustedNote, WitnessRefusal } from './witness.js';
import type { Submission } from './witness.js';

const leavesOf = (count: number, history: string) =>
  Array.from({ length: count }, (_, at) => recorded(at, 'access-20260502', at, 'AccessDenied', { history }));
const log = new SampleLog(leavesOf(40, 'told'));
const other = new SampleLog(leavesOf(40, 'rewritten'));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What somebody brings who says that the witness stands at `from`. */
async function bring(from: number, size: number, by = log, proof?: readonly Uint8Array[]) {
  return utf8(
    formatConsistency({
      size1: from,
      proof: proof ?? (from === 0 || from > size ? [] : by.consistency(from, size)),
      checkpoint: await by.checkpoint(size),
    }),
  );
}

const headAt = (size: number, by = log) => ({ origin: by.origin, size, root: by.rootAt(size) });

/** Status and words; 200 when it would be cosigned. */
function outcome(cosigned: number | undefined, submission: Submission): [status: number, body: string] {
  try {
    checkContinues(log.hasher, cosigned === undefined ? undefined : headAt(cosigned), submission);
    return [200, ''];
  } catch (error) {
    if (error instanceof WitnessRefusal) return [error.answer.status, error.answer.body];
    throw error;
  }
}

describe('what a witness cosigns', () => {
  it.each([
    ['the first tree that it sees', undefined, 0, 7],
    ['an empty tree', undefined, 0, 0],
    ['a tree after the empty one', 0, 0, 7],
    ['a tree that continues the last one', 7, 7, 12],
    ['the last tree again', 12, 12, 12],
  ])('%s', async (_what, cosigned, from, size) => {
    expect(outcome(cosigned, submissionIn(await bring(from, size)))).toEqual([200, '']);
  });

  it.each<[string, number | undefined, () => Promise<Uint8Array>, number, RegExp]>([
    ['a proof from elsewhere', 7, () => bring(5, 12), 409, /^7\n$/],
    ['a proof from nowhere', 7, () => bring(0, 12), 409, /^7\n$/],
    ['an older tree', 12, () => bring(7, 9), 409, /^12\n$/],
    ['an older tree, with the right size before', 12, () => bring(12, 9), 400, /old size 12 is larger/],
    ['a proof of something never cosigned', undefined, () => bring(5, 12), 409, /^0\n$/],
    ['another tree of the same size', 12, () => bring(12, 12, other), 409, /two histories/],
    ['the other history', 7, () => bring(7, 12, other), 422, /does not show/],
    ['no proof', 7, () => bring(7, 12, log, []), 422, /does not show/],
    ['a proof where none is due', undefined, () => bring(0, 7, log, [log.rootAt(3)]), 422, /does not show/],
    ['half a proof', 7, () => bring(7, 12, log, log.consistency(7, 12).slice(1)), 422, /does not show/],
    ['a proof of other trees', 7, () => bring(7, 12, log, log.consistency(7, 13)), 422, /does not show/],
  ])('not %s', async (_what, cosigned, body, status, words) => {
    expect(outcome(cosigned, submissionIn(await body()))).toEqual([status, expect.stringMatching(words)]);
  });

  it('not two histories, whatever is brought in whatever order', () => {
    const sizes = fc.integer({ min: 0, max: 40 });
    const step = fc.record({ size: sizes, isOther: fc.boolean(), lie: fc.option(sizes) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let last: { size: number; root: Uint8Array; origin: string } | undefined;
        const cosigned: SampleLog[] = [];
        for (const { size, isOther, lie } of steps) {
          const by = isOther ? other : log;
          const from = lie ?? last?.size ?? 0;
          const proof = from === 0 || from > size ? [] : by.consistency(from, size);
          const checkpoint = { ...headAt(size, by), extensions: [] };
          try {
            checkContinues(log.hasher, last, {
              oldSize: from,
              proof,
              checkpoint,
              note: { text: '', signatures: [] },
            });
          } catch (error) {
            expect(error).toBeInstanceOf(WitnessRefusal);
            continue;
          }
          if (last && last.size > 0) {
            expect(
              isConsistent(log.hasher, {
                size1: last.size,
                root1: last.root,
                size2: size,
                root2: checkpoint.root,
                proof,
              }),
            ).toBe(true);
          }
          last = checkpoint;
          if (size > 0) cosigned.push(by);
        }
        expect(new Set(cosigned).size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  it('calls it a contradiction when the log has signed two trees of one size, and only then', async () => {
    const contradicts = async (cosigned: number, body: Promise<Uint8Array>): Promise<boolean> => {
      try {
        checkContinues(log.hasher, headAt(cosigned), submissionIn(await body));
      } catch (error) {
        return (error as WitnessRefusal).isContradiction;
      }
      throw new Error('it was taken');
    };
    expect(await contradicts(12, bring(12, 12, other))).toBe(true);
    expect(await contradicts(12, bring(3, 12, other))).toBe(true);
    expect(await contradicts(12, bring(3, 12))).toBe(false);
    expect(await contradicts(7, bring(7, 12, other))).toBe(false);
  });
});

describe('whom a witness believes', () => {
  const status = async (checkpoint: string, keys = [logSigner.key]): Promise<unknown> => {
    const submission = submissionIn(utf8(formatConsistency({ size1: 0, proof: [], checkpoint })));
    return trustedNote(submission, keys, verifyEd25519).then(
      ({ signatures }) => signatures.length,
      (error: unknown) => (error as WitnessRefusal).answer.status,
    );
  };

  it('only the keys of the logs that it was given', async () => {
    expect(await status(await log.checkpoint(7))).toBe(1);
    expect(await status(await new SampleLog(leavesOf(3, 'x'), 'elsewhere.example').checkpoint())).toBe(404);
    expect(await status(await log.checkpoint(7), [])).toBe(404);
    expect(await status(await log.checkpoint(7, { log: otherSigner }))).toBe(403);
    expect(await status(await log.checkpoint(7), [logSigner.key, otherSigner.key])).toBe(1);
  });

  it('no signature that was made for another text', async () => {
    const text = log.checkpointText(7);
    const foreign = (await signed(log.checkpointText(8))).split('\n\n')[1]!;
    expect(await status(`${text}\n${foreign}`)).toBe(403);
  });

  it('and it leaves the signatures of strangers out', async () => {
    expect(await status(await log.checkpoint(7, { witness: witnessSigner }))).toBe(1);
  });
});

describe('what is no submission', () => {
  it.each<[string, (body: string) => string | Uint8Array]>([
    ['nothing', () => ''],
    ['no checkpoint', () => 'old 0\n\n'],
    ['no old size', (body) => body.replace(/^old 0\n/, '')],
    ['a negative size', (body) => body.replace('old 0', 'old -1')],
    ['a size with a leading zero', (body) => body.replace('old 0', 'old 00')],
    ['a proof that is no base64', (body) => body.replace('old 0\n', 'old 0\n!\n')],
    ['a hash that is too short', (body) => body.replace('old 0\n', 'old 0\nAAAA\n')],
    ['64 hashes', (body) => body.replace('old 0\n', `old 0\n${`${'A'.repeat(43)}=\n`.repeat(64)}`)],
    ['carriage returns', (body) => body.replaceAll('\n', '\r\n')],
    ['no signature', (body) => body.slice(0, body.indexOf('\u2014'))],
    ['bytes that are no text', () => Uint8Array.of(0x6f, 0xff, 0xfe)],
    [
      'a checkpoint without a root',
      () =>
        `old 0\n\n${formatNote({ text: 'x\n1\n', signatures: [{ name: 'x', keyId: 1, signature: new Uint8Array(64) }] })}`,
    ],
  ])('%s', async (_what, spoil) => {
    const spoilt = spoil(new TextDecoder().decode(await bring(0, 7)));
    const body = typeof spoilt === 'string' ? utf8(spoilt) : spoilt;
    expect(() => submissionIn(body)).toThrow(
      expect.objectContaining({ answer: expect.objectContaining({ status: 400 }) }),
    );
  });
});
