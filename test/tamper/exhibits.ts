// What an auditor is given, whatever was done to the stores: bundles made of the rows that are there, and how far each gets.
import type { BundledLeaf } from '@app/evidence';
import {
  encodeLeafEntry,
  formatNote,
  leafContentOf,
  leafEntryOf,
  parseCheckpoint,
  parseNote,
  utf8Of,
  writeBundle,
} from '@app/evidence';
import type { RecordedEvent } from '@app/kernel';
import { sha256 } from '@app/kernel';
import { bytesOf, ORIGIN, witnessSigner } from '../support/sample-log.js';
import { contentsOf } from './judge.js';
import type { LeafRow, Rows } from './rows.js';
import type { Subject } from './subject.js';

export interface Exhibit {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Of the stored leaves, and of leaves made of what the log says now; undefined where not even that can be made. */
export async function exhibitsOf(
  { witnessed }: Pick<Subject, 'witnessed'>,
  rows: Rows,
  events: readonly RecordedEvent[] | undefined,
): Promise<(Exhibit | undefined)[]> {
  const note = rows.checkpoints.at(-1)?.note;
  if (note === undefined || !events) return [undefined];
  const at = new Map(events.map((event) => [event.position, event]));
  const { size } = parseCheckpoint(parseNote(note).text);
  const paired = rows.leaves.slice(0, size).map((leaf) => ({ leaf, event: at.get(leaf.position) }));
  const stored = paired.map(({ leaf, event }) => ({ entry: leaf.entry, ...contentOf(event) }));
  const told = entriesNow(paired);
  const checkpoints = rows.checkpoints.map((one) => [one.size, cosigned(one.note, witnessed)] as const);
  const contents = contentsOf(new Map(checkpoints), size, stored.length);
  return [
    { name: 'stored leaves', bytes: await bytesOf(writeBundle(contents, stored, sha256)) },
    { name: 'leaves of what the log says', bytes: await bytesOf(writeBundle(contents, told, sha256)) },
  ];
}

/** With the signature of the witness, if he signed that text. */
function cosigned(note: string, witnessed: ReadonlyMap<string, string>): string {
  const { text, signatures } = parseNote(note);
  const his = witnessed.get(text);
  const added =
    his === undefined ? [] : parseNote(his).signatures.filter(({ name }) => name === witnessSigner.key.name);
  return formatNote({ text, signatures: [...signatures, ...added] });
}

interface Paired {
  readonly leaf: LeafRow;
  readonly event: RecordedEvent | undefined;
}

const nothing = utf8Of('null');

function contentOf(event: RecordedEvent | undefined): Omit<BundledLeaf, 'entry'> {
  try {
    return event ? leafContentOf(event) : { data: nothing, metadata: nothing };
  } catch {
    return { data: nothing, metadata: nothing };
  }
}

/** Every event as it stands now, in the place of its leaf; the chains as they were. */
function entriesNow(paired: readonly Paired[]): BundledLeaf[] {
  const last = new Map<string, Uint8Array>();
  return paired.map(({ leaf, event }) => {
    const content = contentOf(event);
    const previousLeafHash = last.get(leaf.stream);
    last.set(leaf.stream, leaf.hash);
    if (!event) return { entry: leaf.entry, ...content };
    try {
      const entry = leafEntryOf(event, content, { index: leaf.index, log: ORIGIN, previousLeafHash }, sha256);
      return { entry: encodeLeafEntry(entry), ...content };
    } catch {
      return { entry: leaf.entry, ...content };
    }
  });
}
