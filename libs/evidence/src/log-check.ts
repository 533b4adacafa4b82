// Holds a stretch of leaves against the log and against each other, event by event, from the bytes that are stored now.
import type { GlobalPosition, RecordedEvent } from '@app/kernel';
import type { EventStore, ReadAllOptions } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { EvidenceFailure } from './evidence-failure.js';
import type { EventPlace, EvidenceStore, StoredLeaf } from './evidence-store.js';
import { isLeafStream } from './leaf.js';
import type { LeafPlacing } from './leaf-match.js';
import { eventDefect, leafDefect } from './leaf-match.js';

/** Leaves in one stretch; a store looks up no more places at once. */
export const STRETCH_LEAVES = 1_000;

export interface PairedLeaf {
  readonly leaf: StoredLeaf;
  /** What stands in the log where the leaf's event was; undefined: nothing. */
  readonly event: RecordedEvent | undefined;
}

export class LogCheck {
  constructor(
    private readonly store: Pick<EvidenceStore, 'leaves' | 'leavesAt'>,
    private readonly events: Pick<EventStore, 'readAll'>,
    private readonly placing: LeafPlacing,
  ) {}

  /**
   * The leaves `[from, to)`, each of which was found to be what the log says; `to - from` is at most `STRETCH_LEAVES`.
   * Throws EvidenceFailure for the first that is not, for one that is missing, and for events in the log between them that
   * were never made leaves.
   */
  async stretch(from: number, to: number, signal?: AbortSignal): Promise<StoredLeaf[]> {
    const leaves = await this.store.leaves(from, to);
    for (let at = 0; at < to - from; at += 1) {
      if (leaves[at]?.index !== from + at) throw new EvidenceFailure(`leaf ${from + at} is missing`, from + at);
    }
    const paired = await this.paired(leaves, from, signal);
    await this.checkChains(leaves);
    for (const { leaf, event } of paired.leaves) this.checkEvent(leaf, event);
    if (paired.strangers.length === 0) return leaves;
    const stranger = paired.strangers[0] as RecordedEvent;
    throw new EvidenceFailure(
      `the log holds event ${stranger.revision} of ${stranger.stream} among events that were recorded before, but it was not recorded there`,
      from,
    );
  }

  /** Each leaf with its event in the log, whether they agree or not, and the events among them that have no leaf. */
  async paired(
    leaves: readonly StoredLeaf[],
    from: number,
    signal?: AbortSignal,
  ): Promise<{ readonly leaves: PairedLeaf[]; readonly strangers: RecordedEvent[] }> {
    const last = leaves.at(-1);
    if (!last) return { leaves: [], strangers: [] };
    const before = from === 0 ? undefined : (await this.store.leaves(from - 1, from))[0]?.position;
    const found = await this.eventsBetween(before, last.position, signal);
    const paired = leaves.map((leaf) => {
      const event = found.get(leaf.position);
      found.delete(leaf.position);
      return { leaf, event };
    });
    return { leaves: paired, strangers: [...found.values()] };
  }

  /**
   * Throws EvidenceFailure when the log can be read, but not from that place, which the evidence says it was followed to: no
   * record ends there any more. A node answers that as if it were a fault that passes.
   */
  async place(position: GlobalPosition, signal?: AbortSignal): Promise<void> {
    const options = { limit: 1, ...(signal ? { signal } : {}) };
    const there = { ...options, after: position };
    if ((await this.canRead(there)) || !(await this.canRead(options)) || (await this.canRead(there))) return;
    throw new EvidenceFailure(
      `the log can be read, but not from ${position}, to where it was followed: what was recorded was moved, or taken out`,
    );
  }

  private async canRead(options: ReadAllOptions): Promise<boolean> {
    try {
      for await (const _event of this.events.readAll(options)) break;
      return true;
    } catch (error) {
      if (isStoreError(error, 'StoreUnavailable')) return false;
      throw error;
    }
  }

  private checkEvent(leaf: StoredLeaf, event: RecordedEvent | undefined): void {
    const defect = eventDefect(event, leaf, this.placing);
    if (defect === undefined) return;
    const told = `leaf ${leaf.index} (event ${leaf.revision} of ${leaf.stream}): ${defect}`;
    throw new EvidenceFailure(told, leaf.index);
  }

  /** Each leaf names the one before it in its stream, which is looked up where it stands before these. */
  private async checkChains(leaves: readonly StoredLeaf[]): Promise<void> {
    const ends = await this.endsBefore(leaves);
    for (const leaf of leaves) {
      const defect =
        leaf.revision > 0 && !ends.has(placeKey({ stream: leaf.stream, revision: leaf.revision - 1 }))
          ? 'the leaf before it in its stream is missing'
          : leafDefect(leaf, ends.get(placeKey({ stream: leaf.stream, revision: leaf.revision - 1 })), this.placing);
      if (defect !== undefined) throw new EvidenceFailure(`leaf ${leaf.index}: ${defect}`, leaf.index);
      ends.set(placeKey(leaf), leaf.hash);
    }
  }

  private async endsBefore(leaves: readonly StoredLeaf[]): Promise<Map<string, Uint8Array>> {
    const met = new Set<string>();
    const wanted: EventPlace[] = [];
    for (const { stream, revision } of leaves) {
      if (met.has(stream)) continue;
      met.add(stream);
      if (revision > 0) wanted.push({ stream, revision: revision - 1 });
    }
    const found = await this.store.leavesAt(wanted);
    return new Map(found.map((leaf) => [placeKey(leaf), leaf.hash]));
  }

  private async eventsBetween(
    after: GlobalPosition | undefined,
    last: GlobalPosition,
    signal: AbortSignal | undefined,
  ): Promise<Map<GlobalPosition, RecordedEvent>> {
    const found = new Map<GlobalPosition, RecordedEvent>();
    const options = { ...(after === undefined ? {} : { after }), ...(signal ? { signal } : {}) };
    try {
      for await (const event of this.events.readAll(options)) {
        if (event.position > last) break;
        if (isLeafStream(event.stream)) found.set(event.position, event);
      }
    } catch (error) {
      if (after !== undefined && isStoreError(error, 'StoreUnavailable')) await this.place(after, signal);
      throw error;
    }
    return found;
  }
}

function placeKey({ stream, revision }: EventPlace): string {
  return `${revision} ${stream}`;
}
