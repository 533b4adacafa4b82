// What every anchor must keep, whatever it does with a checkpoint.
import { sha256 } from '@app/kernel';
import type { Anchor, Publication } from './anchor.js';
import { formatCheckpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { ed25519Signer } from './node.signature.js';
import { formatNote } from './note.js';
import type { NoteSigner } from './note-signature.js';
import { signNote } from './note-signature.js';
import { consistencyPlan, proofOf } from './proof-plan.js';
import { treeHasher } from './tree-hasher.js';

const hasher = treeHasher(sha256);
export const ANCHORED_ORIGIN = 'example.com/anchored';
export const anchoredLog: NoteSigner = ed25519Signer(ANCHORED_ORIGIN, new Uint8Array(32).fill(1));
const never = new AbortController().signal;

/** A log of small trees whose leaves are told apart by `history`. */
export async function publicationOf(size: number, history = 'a'): Promise<Publication> {
  const range = new CompactRange(hasher);
  const nodes = new Map<string, Uint8Array>();
  for (let index = 0; index < size; index += 1) {
    const leaf = hasher.leaf(new TextEncoder().encode(`${history} ${index}`));
    range.append(leaf, (level, at, hash) => nodes.set(`${level}/${at}`, hash));
  }
  const head = { origin: ANCHORED_ORIGIN, size, root: range.root() };
  const text = formatCheckpoint({ ...head, extensions: [] });
  const note = formatNote({ text, signatures: [await signNote(text, anchoredLog)] });
  const consistencyFrom = async (size1: number): Promise<readonly Uint8Array[]> => {
    const plan = consistencyPlan(size1, size);
    const hashes = plan.nodes.map(({ level, index }) => nodes.get(`${level}/${index}`) as Uint8Array);
    return proofOf(hasher, plan, hashes);
  };
  return { size, note, consistencyFrom };
}

/** @param subject `fail` makes whatever is behind the anchor refuse, `heal` ends that */
export function anchorContract(
  subject: () => { readonly anchor: Anchor; readonly fail: () => void; readonly heal: () => void },
): void {
  it('takes checkpoints of growing trees, and the same one again', async () => {
    const { anchor } = subject();
    for (const size of [1, 2, 7, 7, 300]) {
      await expect(anchor.publish(await publicationOf(size), never)).resolves.toBeDefined();
    }
  });

  it('says in its own words why it did not take one, and takes it later', async () => {
    const { anchor, fail, heal } = subject();
    await anchor.publish(await publicationOf(2), never);
    fail();
    await expect(anchor.publish(await publicationOf(3), never)).rejects.toMatchObject({ name: 'AnchorError' });
    heal();
    await expect(anchor.publish(await publicationOf(3), never)).resolves.toBeDefined();
  });

  it('has a name, and a pace', () => {
    const { anchor } = subject();
    expect(anchor.name).not.toBe('');
    expect(anchor.intervalMs).toBeGreaterThan(0);
  });
}
