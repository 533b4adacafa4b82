// The roots of a log, computed from its events alone: what a copy of the log must have too.
import type { RecordedEvent } from '@app/kernel';
import { sameBytes } from './byte-text.js';
import { CompactRange } from './compact-range.js';
import type { SignedTree } from './evidence-copy.js';
import { encodeLeafEntry, isLeafStream, leafContentOf, leafEntryOf } from './leaf.js';
import type { TreeHasher } from './tree-hasher.js';

export class LogRoot {
  private readonly range: CompactRange;
  private readonly ends = new Map<string, Uint8Array>();
  private expected = new Map<number, Uint8Array>();
  private contradicted: number | undefined;

  /**
   * @param origin of the log
   * @param signed trees whose roots must come out as they are said to be
   */
  constructor(
    private readonly hasher: TreeHasher,
    private readonly origin: string,
    signed: readonly SignedTree[] = [],
  ) {
    this.range = new CompactRange(hasher);
    this.expected = new Map(signed.map(({ size, root }) => [size, root]));
    this.compare();
  }

  /** Leaves. */
  get size(): number {
    return this.range.end;
  }

  get root(): Uint8Array {
    return this.range.root();
  }

  /** Size of the first signed tree that is another one, or that the log does not reach. */
  get contradiction(): number | undefined {
    return this.contradicted ?? [...this.expected.keys()].find((size) => size > this.size);
  }

  /** The next event of the log; those that are no leaves count for nothing. Throws TypeError: it is not strict JSON. */
  take(event: RecordedEvent): void {
    const { stream } = event;
    if (!isLeafStream(stream)) return;
    const place = { index: this.size, log: this.origin, previousLeafHash: this.ends.get(stream) };
    const entry = leafEntryOf(event, leafContentOf(event), place, this.hasher.sha256);
    const hash = this.hasher.leaf(encodeLeafEntry(entry));
    this.ends.set(stream, hash);
    this.range.append(hash);
    this.compare();
  }

  private compare(): void {
    const expected = this.expected.get(this.size);
    if (expected && !sameBytes(expected, this.range.root())) this.contradicted ??= this.size;
  }
}
