// Carries over what cannot be derived from the log: its name, its keys, what was signed. Leaves are derived again.
import { sameBytes } from './byte-text.js';
import type { TreeHead } from './checkpoint.js';
import { parseCheckpoint } from './checkpoint.js';
import type { EvidenceStore, StoredCheckpoint } from './evidence-store.js';
import { parseNote } from './note.js';

export type SignedTree = Pick<TreeHead, 'size' | 'root'>;

/** The evidence that is to be carried over, or that is there already, says something else. */
export class EvidenceDiffers extends Error {
  override readonly name = 'EvidenceDiffers';
}

export interface CarriedEvidence {
  /** Of the log; undefined: nothing was ever sequenced, and there is nothing to carry. */
  readonly origin: string | undefined;
  /** What was signed, smallest first. */
  readonly signed: readonly SignedTree[];
}

const PAGE = 1_000;
/** Of the marks, what holds wherever the log is. */
const lastingMarks = ['origin', 'keys'] as const;

/** Throws EvidenceDiffers when it has been found that log and evidence contradict each other. */
export async function evidenceToCarry(source: EvidenceStore): Promise<CarriedEvidence> {
  if ((await source.mark('failure')) !== undefined) {
    throw new EvidenceDiffers('the evidence of this log has failed to verify: its server says why in /readyz');
  }
  const signed: SignedTree[] = [];
  for await (const page of pagesOf(source)) signed.push(...page.map(treeOf));
  return { origin: await source.mark('origin'), signed };
}

/** May be repeated. Throws EvidenceDiffers when the target belongs to another log or has signed something else. */
export async function copyEvidence(source: EvidenceStore, target: EvidenceStore): Promise<void> {
  for (const name of lastingMarks) await copyMark(source, target, name);
  for await (const page of pagesOf(source)) {
    await target.saveCheckpoints(page);
    for (const { size } of page) {
      const cosignatures = await source.cosignatures(size);
      if (cosignatures.length > 0) await target.saveCosignatures(size, cosignatures);
    }
  }
  const there = new Map<number, Uint8Array>();
  for await (const page of pagesOf(target)) for (const { size, root } of page.map(treeOf)) there.set(size, root);
  for await (const page of pagesOf(source)) {
    for (const { size, root } of page.map(treeOf)) {
      const kept = there.get(size);
      if (!kept || !sameBytes(kept, root))
        throw new EvidenceDiffers(`the target has signed another tree of ${size} leaves`);
    }
  }
}

async function* pagesOf(store: EvidenceStore): AsyncGenerator<readonly StoredCheckpoint[], void, undefined> {
  let after = -1;
  for (;;) {
    const page = await store.checkpointsAfter(after, PAGE);
    yield page;
    after = page.at(-1)?.size ?? after;
    if (page.length < PAGE) return;
  }
}

function treeOf({ note }: StoredCheckpoint): SignedTree {
  const { size, root } = parseCheckpoint(parseNote(note).text);
  return { size, root };
}

async function copyMark(
  source: EvidenceStore,
  target: EvidenceStore,
  name: (typeof lastingMarks)[number],
): Promise<void> {
  const [text, there] = [await source.mark(name), await target.mark(name)];
  if (text === undefined || text === there) return;
  if (name === 'origin' && there !== undefined) {
    throw new EvidenceDiffers(`the evidence in the target is that of the log ${there}, not of ${text}`);
  }
  await target.setMark(name, text);
}
