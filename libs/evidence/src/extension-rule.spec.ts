import { mayExtend } from './extension-rule.js';
import { hasher, referenceConsistency, referenceRoot, sampleLeaves } from './merkle-reference.contract.js';

const leaves = sampleLeaves(12);
const other = [...leaves.slice(0, 3), ...sampleLeaves(9, 'other')];
const head = (size: number, of = leaves, origin = 'log') => ({ origin, size, root: referenceRoot(of.slice(0, size)) });
const proof = (from: number, to: number, of = leaves) => referenceConsistency(from, of.slice(0, to));

describe('a signer', () => {
  it.each<[string, ReturnType<typeof mayExtend>]>([
    ['signs its first tree', mayExtend(hasher, undefined, head(5), [])],
    ['signs the empty tree first', mayExtend(hasher, undefined, head(0), [])],
    ['signs any tree after the empty one', mayExtend(hasher, head(0), head(7), [])],
    ['signs the same tree again', mayExtend(hasher, head(5), head(5), [])],
    ['signs a continuation', mayExtend(hasher, head(5), head(12), proof(5, 12))],
    ['signs a continuation of a whole subtree', mayExtend(hasher, head(4), head(5), proof(4, 5))],
  ])('%s', (_, refusal) => {
    expect(refusal).toBeUndefined();
  });

  it.each<[string, ReturnType<typeof mayExtend>, ReturnType<typeof mayExtend>]>([
    ['a smaller tree', mayExtend(hasher, head(5), head(4), proof(4, 5)), 'smaller'],
    ['the empty tree after another', mayExtend(hasher, head(5), head(0), []), 'smaller'],
    ['another tree of the same size', mayExtend(hasher, head(5), head(5, other), []), 'forked'],
    ['a larger tree with another past', mayExtend(hasher, head(5), head(12, other), proof(5, 12, other)), 'unproven'],
    ['a continuation without proof', mayExtend(hasher, head(5), head(12), []), 'unproven'],
    ['a continuation with a proof of another', mayExtend(hasher, head(5), head(12), proof(4, 12)), 'unproven'],
    ['its own tree with a proof of something', mayExtend(hasher, head(5), head(5), proof(4, 5)), 'unproven'],
    ['a first tree with a proof of something', mayExtend(hasher, undefined, head(5), proof(4, 5)), 'unproven'],
    ['a tree after the empty one with a proof', mayExtend(hasher, head(0), head(5), proof(4, 5)), 'unproven'],
    ["another log's tree", mayExtend(hasher, head(5), head(12, leaves, 'other'), proof(5, 12)), 'other_log'],
    ['no leaves with a root', mayExtend(hasher, undefined, { ...head(0), root: head(1).root }, []), 'not_empty'],
    ['no leaves with a root again', mayExtend(hasher, head(0), { ...head(0), root: head(1).root }, []), 'not_empty'],
  ])('refuses %s', (_, refusal, expected) => {
    expect(refusal).toBe(expected);
  });

  it('signs nothing that does not continue what it signed, whatever the sizes', () => {
    for (let from = 4; from <= 12; from += 1) {
      for (let to = 4; to <= 12; to += 1) {
        const claimed = from < to ? proof(from, to, other) : [];
        expect(mayExtend(hasher, head(from), head(to, other), claimed)).toBeDefined();
      }
    }
  });
});
