// What others published: the vectors of transparency-dev/merkle and the hasher constants of RFC 6962.
import { readFileSync } from 'node:fs';
import { bytesOfBase64, utf8Of } from './byte-text.js';
import { CompactRange } from './compact-range.js';
import { hasher } from './merkle-reference.contract.js';
import { isConsistent, isIncluded } from './proof-check.js';

interface Probe {
  readonly file: string;
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
}
/** Numbers of 2^53 and more are texts in the file. */
type Size = number | string;
interface InclusionProbe extends Probe {
  readonly leafIdx: Size;
  readonly treeSize: Size;
  readonly root: string;
  readonly leafHash: string;
}
interface ConsistencyProbe extends Probe {
  readonly size1: Size;
  readonly size2: Size;
  readonly root1: string;
  readonly root2: string;
}
interface Vectors {
  readonly hasher: Readonly<Record<'empty' | 'emptyLeaf' | 'leafL123456' | 'nodeN123N456', string>>;
  readonly leafInputs: readonly string[];
  readonly nodeHashes: readonly (readonly string[])[];
  readonly rootHashes: readonly string[];
  readonly inclusion: readonly InclusionProbe[];
  readonly consistency: readonly ConsistencyProbe[];
}

const vectors = JSON.parse(readFileSync('test/vectors/merkle.json', 'utf8')) as Vectors;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => bytesOfBase64(text)!;
const proofOf = ({ proof }: Probe): Uint8Array[] => (proof ?? []).map(bytesOf);

describe('the hasher of RFC 6962', () => {
  it('has the published constants', () => {
    expect(hex(hasher.emptyRoot)).toBe(vectors.hasher.empty);
    expect(hex(hasher.leaf(new Uint8Array(0)))).toBe(vectors.hasher.emptyLeaf);
    expect(hex(hasher.leaf(utf8Of('L123456')))).toBe(vectors.hasher.leafL123456);
    expect(hex(hasher.node(utf8Of('N123'), utf8Of('N456')))).toBe(vectors.hasher.nodeN123N456);
  });

  it('tells leaves from nodes, left from right, and hashes leaves of any length', () => {
    const [one, other] = [hasher.leaf(utf8Of('Hello')), hasher.leaf(utf8Of('World'))];
    expect(one).not.toEqual(other);
    expect(hasher.node(one, other)).not.toEqual(hasher.node(other, one));
    expect(hasher.leaf(Uint8Array.of(...one, ...other))).not.toEqual(hasher.node(one, other));
    for (const length of [65_534, 65_535, 65_536, 100_000]) {
      const entry = new Uint8Array(length).fill(length & 0xff);
      expect(hasher.leaf(entry)).toEqual(hasher.sha256(Uint8Array.of(0, ...entry)));
    }
  });
});

describe('the published tree', () => {
  const range = new CompactRange(hasher);
  const nodes: string[][] = [[], [], [], []];
  const roots = [hex(range.root())];
  for (const input of vectors.leafInputs) {
    range.append(hasher.leaf(Buffer.from(input, 'hex')), (level, index, hash) => (nodes[level]![index] = hex(hash)));
    roots.push(hex(range.root()));
  }

  it('has the published nodes and roots', () => {
    expect(nodes).toEqual(vectors.nodeHashes);
    expect(roots).toEqual(vectors.rootHashes);
  });
});

describe('the published proofs', () => {
  it('are all there', () => {
    expect([vectors.inclusion.length, vectors.consistency.length]).toEqual([98, 98]);
    const sound = (probes: readonly Probe[]): number => probes.filter(({ wantErr }) => !wantErr).length;
    expect([sound(vectors.inclusion), sound(vectors.consistency)]).toEqual([6, 6]);
  });

  it.each(vectors.inclusion.map((probe) => [probe.file, probe] as const))('%s', (_, probe) => {
    const claim = {
      index: Number(probe.leafIdx),
      size: Number(probe.treeSize),
      leafHash: bytesOf(probe.leafHash),
      root: bytesOf(probe.root),
      proof: proofOf(probe),
    };
    expect(isIncluded(hasher, claim)).toBe(!probe.wantErr);
  });

  it.each(vectors.consistency.map((probe) => [probe.file, probe] as const))('%s', (_, probe) => {
    const claim = {
      size1: Number(probe.size1),
      root1: bytesOf(probe.root1),
      size2: Number(probe.size2),
      root2: bytesOf(probe.root2),
      proof: proofOf(probe),
    };
    expect(isConsistent(hasher, claim)).toBe(!probe.wantErr);
  });
});
