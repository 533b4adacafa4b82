import { sha256 } from '@app/kernel';
import type { TreeHead } from './checkpoint.js';
import { parseCheckpoint } from './checkpoint.js';
import { CheckpointSigner, SignerMemory } from './checkpoint-signer.js';
import { CompactRange } from './compact-range.js';
import { ed25519Signer, verifyEd25519 } from './node.signature.js';
import { parseNote } from './note.js';
import { openNote } from './note-signature.js';
import { treeHasher } from './tree-hasher.js';

const hasher = treeHasher(sha256);
const log = ed25519Signer('example.com/log', new Uint8Array(32).fill(1));

class Memory extends SignerMemory {
  constructor(public kept?: TreeHead) {
    super();
  }
  async last(): Promise<TreeHead | undefined> {
    return this.kept;
  }
  async keep(head: TreeHead): Promise<void> {
    this.kept = head;
  }
}

function headOf(size: number, history = 'a', origin = 'example.com/log'): TreeHead {
  const range = new CompactRange(hasher);
  for (let index = 0; index < size; index += 1)
    range.append(hasher.leaf(new TextEncoder().encode(`${history}${index}`)));
  return { origin, size, root: range.root() };
}

/** From a tree of one leaf to one of two: the second leaf. */
const proofOneToTwo = (history = 'a'): Uint8Array[] => [hasher.leaf(new TextEncoder().encode(`${history}1`))];

describe('the signer of the log', () => {
  it('signs a tree, and remembers it before anybody can know', async () => {
    const memory = new Memory();
    const signer = await CheckpointSigner.open(hasher, log, memory);
    const note = await signer.sign(headOf(1), []);
    const { text } = await openNote(parseNote(note), [log.key], verifyEd25519);
    expect(parseCheckpoint(text)).toMatchObject(headOf(1));
    expect(memory.kept).toEqual(headOf(1));
  });

  it('signs nothing that it could not remember', async () => {
    const memory = new Memory();
    memory.keep = () => Promise.reject(new Error('the disk is full'));
    const signer = await CheckpointSigner.open(hasher, log, memory);
    await expect(signer.sign(headOf(1), [])).rejects.toThrow('the disk is full');
  });

  it('signs what continues its last word, over a restart too, and the same tree again', async () => {
    const memory = new Memory();
    await (await CheckpointSigner.open(hasher, log, memory)).sign(headOf(1), []);
    const again = await CheckpointSigner.open(hasher, log, memory);
    await again.sign(headOf(1), []);
    await again.sign(headOf(2), proofOneToTwo());
    expect(memory.kept?.size).toBe(2);
  });

  it.each([
    ['a smaller tree', headOf(1), [], /a larger tree was signed already.*signed: size 2, now: size 1/],
    ['another tree of the same size', headOf(2, 'b'), [], /another tree of this size was signed already/],
    ['a tree that does not continue', headOf(3, 'b'), proofOneToTwo(), /does not continue the last one/],
    ['another log', headOf(3, 'a', 'example.com/other'), [], /belongs to another log/],
  ])('refuses %s, and remembers what it had', async (_what, next, proof, reason) => {
    const memory = new Memory(headOf(2));
    const signer = await CheckpointSigner.open(hasher, log, memory);
    await expect(signer.sign(next, proof)).rejects.toThrow(reason);
    await expect(signer.sign(next, proof)).rejects.toMatchObject({ name: 'EvidenceFailure' });
    expect(memory.kept).toEqual(headOf(2));
  });

  it('goes on from what another server has signed', async () => {
    const signer = await CheckpointSigner.open(hasher, log, new Memory(headOf(1)));
    signer.learn(headOf(2));
    signer.learn(headOf(1));
    expect(signer.lastHead?.size).toBe(2);
    await expect(signer.sign(headOf(1), [])).rejects.toThrow(/larger tree/);
  });
});
