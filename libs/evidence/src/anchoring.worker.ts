// Brings checkpoints to every anchor, each at its own pace. What an anchor does or does not never holds anything else up.
import type { Clock } from '@app/kernel';
import type { Anchor } from './anchor.js';
import { AnchorError } from './anchor.js';
import type { AnchorStatus } from './evidence-status.js';
import type { EvidenceStore, StoredCheckpoint } from './evidence-store.js';
import type { TreeHasher } from './tree-hasher.js';
import type { Pause } from './pause.thread.js';
import { StoredTree } from './stored-tree.js';

const LOOK_MS = 500;
const RETRY_MIN_MS = 2_000;
const RETRY_MAX_MS = 60_000;
const KEEP_EVERY_MS = 10_000;

export interface AnchoringParts {
  readonly store: EvidenceStore;
  readonly anchors: readonly Anchor[];
  readonly hasher: TreeHasher;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly progressed: () => void;
}

export class Anchoring {
  private readonly ropes: Rope[];
  private keptAtMs = 0;
  private kept = '';

  constructor(private readonly parts: AnchoringParts) {
    this.ropes = parts.anchors.map((anchor) => new Rope(anchor, parts));
  }

  status(): readonly AnchorStatus[] {
    return this.ropes.map((rope) => rope.status);
  }

  /** Until the signal aborts. Throws StoreError. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.ropes.length === 0) return;
    const under = new Set<Promise<void>>();
    while (!signal.aborted) {
      const latest = await this.parts.store.checkpoint();
      for (const rope of latest ? this.ropes : []) {
        if (!rope.isDue((latest as StoredCheckpoint).size)) continue;
        const work = rope.publish(latest as StoredCheckpoint, signal).finally(() => under.delete(work));
        under.add(work);
      }
      await this.keepNowAndThen();
      await this.parts.pause(LOOK_MS, signal);
    }
    await Promise.all(under);
  }

  /** Servers that only follow read it there. */
  private async keepNowAndThen(): Promise<void> {
    const text = JSON.stringify(this.status());
    if (text === this.kept || this.parts.clock.nowMs() - this.keptAtMs < KEEP_EVERY_MS) return;
    await this.parts.store.setMark('anchors', text);
    [this.kept, this.keptAtMs] = [text, this.parts.clock.nowMs()];
  }
}

/** One anchor, and what became of the last attempt. */
class Rope {
  status: AnchorStatus;
  private nextAtMs = 0;
  private failures = 0;
  private isBusy = false;
  private readonly tree: StoredTree;

  constructor(
    private readonly anchor: Anchor,
    private readonly parts: AnchoringParts,
  ) {
    this.status = { name: anchor.name };
    this.tree = new StoredTree(parts.store, parts.hasher);
  }

  isDue(size: number): boolean {
    if (this.isBusy || this.parts.clock.nowMs() < this.nextAtMs) return false;
    if (size > (this.status.size ?? -1) || this.status.problem !== undefined) return true;
    const { repeatMs } = this.anchor;
    return repeatMs !== undefined && this.parts.clock.nowMs() >= (this.status.atMs ?? 0) + repeatMs;
  }

  /** Never rejects. */
  async publish({ size, note }: StoredCheckpoint, signal: AbortSignal): Promise<void> {
    const { store, clock, progressed } = this.parts;
    const { name, intervalMs } = this.anchor;
    this.isBusy = true;
    try {
      const consistencyFrom = (size1: number) => this.tree.consistency(size1, size);
      const cosignatures = await this.anchor.publish({ size, note, consistencyFrom }, signal);
      if (cosignatures.length > 0) await store.saveCosignatures(size, cosignatures);
      this.status = { name, size, atMs: clock.nowMs() };
      this.failures = 0;
      this.nextAtMs = clock.nowMs() + intervalMs;
    } catch (error) {
      this.failures += 1;
      this.nextAtMs = clock.nowMs() + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.failures - 1, 10));
      if (!signal.aborted) this.status = { ...this.status, problem: problemOf(error) };
    } finally {
      this.isBusy = false;
      progressed();
    }
  }
}

/** The text of an unexpected error may hold anything. */
function problemOf(error: unknown): string {
  return error instanceof AnchorError
    ? error.message
    : `the checkpoint could not be brought to it (${errorName(error)})`;
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
