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
  private readonly line = new Map<string, () => void>();

  /** @param max >= 1 */
  constructor(private readonly max: number) {}

  get inUse(): number {
    return this.used;
  }

  get waiting(): number {
    return this.line.size;
  }

  tryAcquire({ key, max }: SlotKey): boolean {
    const ofKey = this.usedByKey.get(key) ?? 0;
    if (this.used >= this.max || (max !== undefined && ofKey >= max)) return false;
    this.used += 1;
    this.usedByKey.set(key, ofKey + 1);
    return true;
  }

  /** Gives one claim back and calls whoever waits, in the order in which they came; each looks for itself again. */
  release({ key }: SlotKey): void {
    const ofKey = (this.usedByKey.get(key) ?? 1) - 1;
    if (ofKey === 0) this.usedByKey.delete(key);
    else this.usedByKey.set(key, ofKey);
    this.used -= 1;
    this.callNext();
  }

  /** Puts `who` in line, once; `called` runs when a slot may be free. */
  wait(who: string, called: () => void): void {
    if (!this.line.has(who)) this.line.set(who, called);
  }

  leave(who: string): void {
    this.line.delete(who);
  }

  /** Calls those in front until the free slots are used; one that waits for a full key lines up again behind the others. */
  private callNext(): void {
    for (let tries = this.line.size; tries > 0 && this.used < this.max; tries -= 1) {
      const [front] = this.line;
      if (!front) return;
      this.line.delete(front[0]);
      front[1]();
    }
  }
}
