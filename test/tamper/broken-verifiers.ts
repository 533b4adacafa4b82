// Verifiers that are broken on purpose: the real source with one check taken out, loaded beside the real one.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Verify } from './judge.js';

export interface BrokenVerifier {
  /** What it does not do. */
  readonly name: string;
  readonly edits: readonly Edit[];
}

interface Edit {
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });

export const brokenVerifiers: readonly BrokenVerifier[] = [
  {
    name: 'takes an unsigned root: does not look whether the key that was given signed the checkpoint',
    edits: [
      edit(
        'verify-signatures.ts',
        'if (trusted.key && !found.isSigned && !found.isBad) {',
        "isSigned = true;\n    if (trusted.key && bundled.file === '') {",
      ),
    ],
  },
  {
    name: 'takes any signature: does not verify those that are there',
    edits: [
      edit(
        'verify-signatures.ts',
        'const opened = await opensWith(note, signature, by, verify);',
        'const opened = (await opensWith(note, signature, by, verify)) ?? { timestamp: 1 };',
      ),
    ],
  },
  {
    name: 'trusts the stored hashes: does not hash data and metadata again',
    edits: [edit('verify-shard.ts', 'if (!named || !sameBytes(named, found)) {', 'if (!named) {')],
  },
  {
    name: 'does not compare the root with that of the leaves',
    edits: [
      edit(
        'verify-proofs.ts',
        'if (sameBytes(found, root)) return true;',
        'if (found.length === root.length) return true;',
      ),
    ],
  },
  {
    name: 'does not check inclusion: takes the leaves of a run for what they say they are',
    edits: [
      edit(
        'verify-proofs.ts',
        '} else if (!isIncluded(hasher, { index, size, leafHash, root, proof: proof.proof })) {',
        '} else if (!isIncluded(hasher, { index, size, leafHash, root, proof: proof.proof }) && size < 0) {',
      ),
    ],
  },
  {
    name: 'does not check that a part belongs to the tree',
    edits: [
      edit(
        'verify-proofs.ts',
        'if (isConsistent(hasher, { size1, root1, size2, root2, proof: range.proof })) return true;',
        'if (size1 <= size2 && root1.length === root2.length && range.proof) return true;',
      ),
    ],
  },
  {
    name: 'does not check prev: which event of its stream an event names before it',
    edits: [
      edit(
        'stream-ledger.ts',
        'if (!this.isLastLeaf(entry.prev, number)) {',
        'if (this.isLastLeaf(entry.prev, number) && number < 0) {',
      ),
    ],
  },
  {
    name: 'does not check that the numbers of the leaves are dense',
    edits: [
      edit(
        'verify-shard.ts',
        'if (this.options.isDense ? index !== this.nextIndex : index < this.nextIndex) {',
        'if (Number.isNaN(index)) {',
      ),
      // Then it takes their order for their numbers, and what the manifest says of them with it.
      edit('verify-shard.ts', 'const taken = Math.max(index, this.nextIndex);', 'const taken = this.nextIndex;'),
    ],
  },
  {
    name: 'does not check that revisions are without gaps',
    edits: [edit('stream-ledger.ts', 'if (revision !== last + 1) {', 'if (Number.isNaN(last)) {')],
  },
  {
    name: 'does not compare with what the auditor kept',
    edits: [
      edit(
        'verify-verdict.ts',
        'if (parts) return compareAll({ ...parts, isRooted, isSigned }, known);',
        "if (parts) return known.map((one) => ({ known: one, comparison: 'consistent' }));",
      ),
    ],
  },
  {
    name: 'does not ask how old the signature of the witness is, nor of which tree',
    edits: [
      edit(
        'verify-levels.ts',
        'const whole = cosignatures.filter((one) => one.size === size);',
        'const whole = cosignatures;',
      ),
      edit('verify-levels.ts', 'if (latest.atMs < nowMs - freshMs) {', 'if (latest.atMs < 0) {'),
    ],
  },
  {
    name: 'does not replay the runs',
    edits: [
      edit(
        'stream-ledger.ts',
        'for (const { code, sentence } of defects) {',
        'for (const { code, sentence } of defects.slice(0, 0)) {',
      ),
    ],
  },
  {
    name: 'does not hold the entry against the metadata',
    edits: [
      edit('verify-shard.ts', 'if (texts[name] === entry[name]) continue;', 'if (texts[name] !== undefined) continue;'),
    ],
  },
  {
    name: 'does not count what the manifest announces',
    edits: [
      edit(
        'verify-reading.ts',
        'if (this.leaves === Number(entries) && (!isSpan || !isLog)) {',
        'if (this.leaves === Number(entries) && !isSpan && !isLog && this.leaves < 0) {',
      ),
    ],
  },
];

const source = fileURLToPath(new URL('../../libs/evidence/src/', import.meta.url));

/** Loads it; whoever calls this removes the copy by calling `remove`. */
export async function loadBroken({
  edits,
}: BrokenVerifier): Promise<{ readonly verify: Verify; readonly remove: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'runledger-verifier-'));
  for (const file of readdirSync(source)) {
    // The pure part: nothing with a suffix belongs to the verifier.
    if (/^[a-z-]+\.ts$/.test(file) && file !== 'nest.ts') copyFileSync(join(source, file), join(directory, file));
  }
  for (const { file, from, to } of edits) {
    const text = readFileSync(join(directory, file), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} does not hold this exactly once: ${from}`);
    writeFileSync(
      join(directory, file),
      text.replace(from, () => to),
    );
  }
  const { verifyBundle } = (await import(pathToFileURL(join(directory, 'verify-bundle.ts')).pathname)) as {
    verifyBundle: Verify;
  };
  return { verify: verifyBundle, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
