// Work that many want at the same time, done once for all of them.

interface UnderWay {
  readonly begunMs: number;
  readonly now: Promise<unknown>;
  /** Not begun yet: whoever asks from now on is content with it. */
  next?: Promise<unknown>;
}

/** Whoever asks gets the outcome of work that began after he asked, unless he is content with less. */
export class SharedWork {
  private readonly underWay = new Map<string, UnderWay>();

  /** @param nowMs a clock */
  constructor(private readonly nowMs: () => number) {}

  /**
   * @param work is always the same for a key
   * @param isContent with work that is under way since then, by the clock; default: with none
   */
  do<T>(key: string, work: () => Promise<T>, isContent: (begunMs: number) => boolean = () => false): Promise<T> {
    const known = this.underWay.get(key);
    if (!known) return this.begin(key, work);
    if (isContent(known.begunMs)) return known.now as Promise<T>;
    known.next ??= known.now.then(
      () => this.begin(key, work),
      () => this.begin(key, work),
    );
    return known.next as Promise<T>;
  }

  private begin<T>(key: string, work: () => Promise<T>): Promise<T> {
    const begunMs = this.nowMs();
    const now = work();
    const entry: UnderWay = { begunMs, now };
    this.underWay.set(key, entry);
    const over = (): void => {
      if (!entry.next) this.underWay.delete(key);
    };
    now.then(over, over);
    return now;
  }
}
