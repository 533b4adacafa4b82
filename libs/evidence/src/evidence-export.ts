// Bundles cut from the evidence that is served: the whole log, a stretch of it, or one stream.
import type { RecordedEvent, Refusal } from '@app/kernel';
import { isRefusal, refuse } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import type { BundleContents, BundledLeaf } from './bundle-writer.js';
import { writeBundle } from './bundle-writer.js';
import { utf8Of } from './byte-text.js';
import { EvidenceError } from './evidence-error.js';
import type { EvidenceReader } from './evidence-reader.js';
import type { StoredCheckpoint, StoredLeaf } from './evidence-store.js';
import { leafContentOf } from './leaf.js';
import { LogCheck } from './log-check.js';
import { parseNote } from './note.js';
import type { VerifierKey } from './note-key.js';

/** Leaves that are in memory at once: a shard. */
const PAGE = 256;
/** A cosigned checkpoint that is so much older than the last one is still the better one to be measured against. */
const COSIGNED_WITHIN_MS = 300_000;

export interface Exporting {
  /** Keys of the log and of witnesses, whoever of them signed. */
  readonly keys: () => readonly VerifierKey[];
}

export interface Bundle {
  readonly kind: BundleContents['kind'];
  readonly from: number;
  readonly to: number;
  readonly size: number;
  /** Whoever reads slowly holds one shard, not the whole. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Checkpoints of a bundle by size; the one that everything is measured against is the largest. */
interface Measured {
  readonly top: StoredCheckpoint;
  readonly note: string;
  readonly checkpoints: ReadonlyMap<number, string>;
}

export class EvidenceExport {
  private readonly check: LogCheck;

  constructor(
    private readonly reader: EvidenceReader,
    private readonly exporting: Exporting,
  ) {
    const { store, events, keeper, hasher } = reader.parts;
    this.check = new LogCheck(store, events, { log: keeper.status().origin, hasher });
  }

  /** The leaves `[from, to)`, 0 and all by default. */
  async stretch(from = 0, to?: number): Promise<Bundle | Refusal> {
    const latest = await this.reader.checkpoint();
    if (isRefusal(latest)) return latest;
    const { top, note, checkpoints } = await this.measured(latest, to ?? 0);
    const end = to ?? top.size;
    const defect = boundsDefect(from, end, top.size);
    if (defect) return defect;
    const isWhole = from === 0 && end === top.size;
    const shared = { log: this.origin, from, to: end, entries: end - from, streams: [], checkpoints };
    const contents: BundleContents = isWhole
      ? { ...shared, kind: 'log', keys: this.signersOf(checkpoints) }
      : {
          ...shared,
          kind: 'range',
          keys: this.signersOf(checkpoints),
          range: {
            begin: from,
            left: (await this.reader.tree.range(0, from)).hashes(),
            end,
            proof: await this.reader.tree.consistency(end, top.size),
            checkpoint: note,
          },
          consistencies: await this.consistencies(checkpoints, top, note),
        };
    return this.bundle(contents, top.size, this.leavesBetween(from, end));
  }

  /**
   * All events of a stream so far, as far as they are signed. Undefined: there is no such stream.
   * @param definitions canonical JSON of what its events refer to by hash
   */
  async stream(stream: string, definitions: readonly Uint8Array[]): Promise<Bundle | Refusal | undefined> {
    const last = await lastOf(this.reader.parts.events, stream);
    if (!last) return undefined;
    const { store } = this.reader.parts;
    await this.reader.signed(async () => (await store.leavesAt([last]))[0]);
    const latest = await this.reader.latest();
    const leaves = latest ? await this.indexesOf(stream, latest.size) : undefined;
    if (!latest || !leaves) return this.reader.pending();
    const { top, note, checkpoints } = await this.measured(latest, leaves.to);
    const contents: BundleContents = {
      kind: 'streams',
      log: this.origin,
      ...leaves,
      streams: [stream],
      checkpoints,
      keys: this.signersOf(checkpoints),
      inclusions: [
        { index: leaves.to - 1, proof: await this.reader.tree.inclusion(leaves.to - 1, top.size), checkpoint: note },
      ],
      consistencies: await this.consistencies(checkpoints, top, note),
      definitions,
    };
    return this.bundle(contents, top.size, this.leavesOf(stream, leaves.entries));
  }

  private get origin(): string {
    return this.reader.parts.keeper.status().origin;
  }

  private bundle(contents: BundleContents, size: number, leaves: AsyncIterable<BundledLeaf>): Bundle {
    const { kind, from, to } = contents;
    return { kind, from, to, size, chunks: writeBundle(contents, leaves, this.reader.parts.hasher.sha256) };
  }

  /** Against a checkpoint that witnesses have signed, when there is one that covers `needed` leaves and is nearly as new. */
  private async measured(latest: StoredCheckpoint, needed: number): Promise<Measured> {
    const cosigned = await this.reader.parts.store.cosignedCheckpoint();
    const isUsable = cosigned && cosigned.size <= latest.size;
    const isRecent = isUsable && latest.signedAtMs - cosigned.signedAtMs <= COSIGNED_WITHIN_MS;
    const top = isRecent && cosigned.size >= needed ? cosigned : latest;
    const note = await this.reader.noteOf(top);
    const checkpoints = new Map([[top.size, note]]);
    if (isUsable && cosigned.size < top.size) checkpoints.set(cosigned.size, await this.reader.noteOf(cosigned));
    return { top, note, checkpoints };
  }

  private async consistencies(
    checkpoints: ReadonlyMap<number, string>,
    top: StoredCheckpoint,
    note: string,
  ): Promise<NonNullable<BundleContents['consistencies']>> {
    const earlier = [...checkpoints.keys()].filter((size) => size < top.size);
    return Promise.all(
      earlier.map(async (size1) => ({
        size1,
        proof: await this.reader.tree.consistency(size1, top.size),
        checkpoint: note,
      })),
    );
  }

  private signersOf(checkpoints: ReadonlyMap<number, string>): VerifierKey[] {
    const signatures = [...checkpoints.values()].flatMap((note) => parseNote(note).signatures);
    return this.exporting
      .keys()
      .filter((key) => signatures.some(({ name, keyId }) => name === key.name && keyId === key.keyId));
  }

  private async indexesOf(
    stream: string,
    size: number,
  ): Promise<{ readonly from: number; readonly to: number; readonly entries: number } | undefined> {
    let [from, to, entries] = [0, 0, 0];
    for (;;) {
      const page = await this.reader.parts.store.leavesOfStream(stream, entries, PAGE);
      const covered = page.filter(({ index }) => index < size);
      if (entries === 0) from = covered[0]?.index ?? 0;
      to = (covered.at(-1)?.index ?? to - 1) + 1;
      entries += covered.length;
      if (covered.length < PAGE) break;
    }
    return entries === 0 ? undefined : { from, to, entries };
  }

  private async *leavesBetween(from: number, to: number): AsyncGenerator<BundledLeaf, void, undefined> {
    for (let at = from; at < to; at += PAGE) {
      const leaves = await this.reader.parts.store.leaves(at, Math.min(at + PAGE, to));
      const paired = await this.check.paired(leaves, at);
      for (const { leaf, event } of paired.leaves) yield bundled(leaf, event);
    }
  }

  private async *leavesOf(stream: string, count: number): AsyncGenerator<BundledLeaf, void, undefined> {
    const { store, events } = this.reader.parts;
    for (let from = 0; from < count; from += PAGE) {
      const limit = Math.min(PAGE, count - from);
      const found = new Map<number, RecordedEvent>();
      for await (const event of events.readStream(stream, { from, limit })) found.set(event.revision, event);
      const leaves = await store.leavesOfStream(stream, from, limit);
      for (const leaf of leaves) yield bundled(leaf, found.get(leaf.revision));
    }
  }
}

/** What an event that is gone, or cannot be told as JSON, leaves behind: whoever verifies the bundle must find it so. */
const nothing = { data: utf8Of('null'), metadata: utf8Of('null') };

function bundled({ entry }: StoredLeaf, event: RecordedEvent | undefined): BundledLeaf {
  try {
    return { entry, ...(event ? leafContentOf(event) : nothing) };
  } catch (error) {
    if (error instanceof TypeError || error instanceof EvidenceError) return { entry, ...nothing };
    throw error;
  }
}

async function lastOf(events: EventStore, stream: string): Promise<RecordedEvent | undefined> {
  try {
    for await (const event of events.readStream(stream, { direction: 'backward', limit: 1 })) return event;
  } catch (error) {
    if (!isStoreError(error, 'StreamNotFound')) throw error;
  }
  return undefined;
}

function boundsDefect(from: number, to: number, size: number): Refusal | undefined {
  if (to > size) return outOfBounds('to', `to must be at most ${size}, the size of the signed tree`);
  return from < to ? undefined : outOfBounds('from', `from must be less than ${to}, where the export ends`);
}

function outOfBounds(field: string, message: string): Refusal {
  return refuse('invalid', 'FLK-0304', message, [{ field, message }]);
}
