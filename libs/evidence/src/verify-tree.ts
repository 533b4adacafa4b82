// The tree behind the leaves of a bundle: its roots at the sizes that somebody signed, and the proofs for what is not there.
import { CompactRange } from './compact-range.js';
import type { TreeHasher } from './tree-hasher.js';

interface Snapshot {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** Leaves `[from, ...)` without gaps. */
export class TreeOfBundle {
  private readonly range: CompactRange;
  private readonly snapshots: Snapshot[] = [];
  private readonly wanted: readonly number[];
  private next = 0;

  /** @param sizes at which a root may be asked for later. */
  constructor(
    private readonly hasher: TreeHasher,
    readonly from: number,
    sizes: readonly number[],
  ) {
    this.range = new CompactRange(hasher, from);
    this.wanted = [...new Set(sizes)].filter((size) => size >= from).sort((a, b) => a - b);
    this.keep();
  }

  /** Size of the tree that the leaves so far make up, with those before them. */
  get end(): number {
    return this.range.end;
  }

  append(leafHash: Uint8Array): void {
    this.range.append(leafHash);
    if (this.range.end === this.wanted[this.next]) this.keep();
  }

  /**
   * Root of the tree of `size` leaves; undefined when the leaves do not reach so far, begin behind it, or nobody wanted it.
   * @param left hashes of the nodes before the first leaf, as `rangeNodes(0, from)` has them. Throws out_of_range.
   */
  rootAt(size: number, left: readonly Uint8Array[]): Uint8Array | undefined {
    const found = this.snapshots.find((snapshot) => snapshot.size === size);
    if (!found) return undefined;
    const whole = CompactRange.restore(this.hasher, { begin: 0, end: this.from, hashes: left });
    whole.join(CompactRange.restore(this.hasher, { begin: this.from, end: size, hashes: found.hashes }));
    return whole.root();
  }

  private keep(): void {
    while (this.wanted[this.next] === this.range.end) {
      this.snapshots.push({ size: this.range.end, hashes: this.range.hashes() });
      this.next += 1;
    }
  }
}
