// How many steps may run at the same time: over the server, and per key (a workflow) below that.

export interface SlotKey {
  readonly key: string;
  /** >= 1; undefined: only the server's limit holds. */
  readonly max?: number;
}

/** Counts claims and lets those who found none wait in line. In memory; owned by one runner. */
export class Slots {
  private used = 0;
  private readonly usedByKey = new Map<string, number>();
  private readonly line = new Map<string, { readonly key: SlotKey; readonly called: () => void }>();

  /** @param max >= 1 */
  constructor(private readonly max: number) {}

  get inUse(): number {
    return this.used;
  }

  get waiting(): number {
    return this.line.size;
  }

  /** Whether `tryAcquire` would succeed. */
  hasFree({ key, max }: SlotKey): boolean {
    return this.used < this.max && (max === undefined || (this.usedByKey.get(key) ?? 0) < max);
  }

  tryAcquire(slot: SlotKey): boolean {
    if (!this.hasFree(slot)) return false;
    this.used += 1;
    this.usedByKey.set(slot.key, (this.usedByKey.get(slot.key) ?? 0) + 1);
    return true;
  }

  /** Gives one claim back and calls those who may use it, in the order in which they came; each looks for itself again. */
  release({ key }: SlotKey): void {
    const ofKey = (this.usedByKey.get(key) ?? 1) - 1;
    if (ofKey === 0) this.usedByKey.delete(key);
    else this.usedByKey.set(key, ofKey);
    this.used -= 1;
    this.callNext();
  }

  /** Puts `who` in line, once; `called` runs when a slot may be free. */
  wait(who: string, key: SlotKey, called: () => void): void {
    if (!this.line.has(who)) this.line.set(who, { key, called });
  }

  leave(who: string): void {
    this.line.delete(who);
  }

  /** Who waits for a full key keeps its place; those behind it that wait for another one are not held up. */
  private callNext(): void {
    let left = this.line.size;
    for (const [who, { key, called }] of this.line) {
      if (left === 0 || this.used >= this.max) return;
      left -= 1;
      if (!this.hasFree(key)) continue;
      this.line.delete(who);
      called();
    }
  }
}
