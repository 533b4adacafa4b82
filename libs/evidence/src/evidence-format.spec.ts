// The worked example of docs/evidence-format.md is true.
import { readFileSync } from 'node:fs';
import type { EventMetadata } from '@app/kernel';
import { sha256 } from '@app/kernel';
import { hexOf, utf8Of } from './byte-text.js';
import { parseCheckpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { entryTexts } from './entry-text.js';
import { encodeLeafEntry, leafContentOf, leafEntryOf, parseLeafEntry } from './leaf.js';
import { hasher } from './merkle-reference.contract.js';
import { parseNote } from './note.js';
import { formatVerifierKey } from './note-key.js';
import { cosignNote, openNote, signNote } from './note-signature.js';
import { ed25519Signer, verifyEd25519 } from './node.signature.js';

const example = readFileSync('docs/evidence-format.md', 'utf8').split('\n## Example\n')[1]!;
const [content, entries, hashes, note, keys] = [...example.matchAll(/```(?:json)?\n([\s\S]*?)```\n/g)].map(
  ([, block]) => block!,
) as [string, string, string, string, string];
const linesOf = (block: string): string[] => block.trimEnd().split('\n');

describe('the example of the format', () => {
  const [data, metadata] = linesOf(content).map((line) => JSON.parse(line)) as [object, EventMetadata];
  const [first, second] = linesOf(entries).map((line) => parseLeafEntry(utf8Of(line)));

  it('has the entry of its event', () => {
    const event = {
      id: first!.id,
      type: first!.type,
      stream: first!.stream,
      revision: 0,
      position: first!.pos,
      recordedAt: first!.rec,
      data,
      metadata,
    };
    const place = { index: 0, log: 'example.com/runledger', previousLeafHash: undefined };
    const entry = leafEntryOf(event, leafContentOf(event), place, sha256);
    expect(entry).toEqual(first);
    expect(first).toMatchObject(entryTexts(metadata, sha256));
  });

  it('has the hashes of its entries', () => {
    const range = new CompactRange(hasher);
    const leaves = [first!, second!].map((entry) => hasher.leaf(encodeLeafEntry(entry)));
    for (const leaf of leaves) range.append(leaf);
    expect([...leaves, range.root()].map(hexOf)).toEqual(linesOf(hashes));
    expect(Buffer.from(second!.prev, 'base64url').toString('hex')).toBe(linesOf(hashes)[0]);
    expect(hexOf(parseCheckpoint(parseNote(note).text).root)).toBe(linesOf(hashes)[2]);
  });

  it('is signed by its keys', async () => {
    const log = ed25519Signer('example.com/runledger', new Uint8Array(32).fill(1));
    const witness = ed25519Signer('witness.example/w1', new Uint8Array(32).fill(2), 'cosignature/v1');
    expect(linesOf(keys)).toEqual([log, witness].map(({ key }) => formatVerifierKey(key)));
    const parsed = parseNote(note);
    const { verified } = await openNote(parsed, [log.key, witness.key], verifyEd25519);
    const timestamp = verified[1]!.timestamp!;
    expect(parsed.signatures).toEqual([
      await signNote(parsed.text, log),
      await cosignNote(parsed.text, witness, timestamp),
    ]);
  });
});
