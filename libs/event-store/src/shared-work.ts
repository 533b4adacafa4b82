// Work that many want at the same time, done once for all of them.

interface UnderWay {
  readonly now: Promise<unknown>;
  /** Not begun yet: whoever asks from now on is content with it. */
  next?: Promise<unknown>;
}

/** Whoever asks gets the outcome of work that began after he asked. */
export class SharedWork {
  private readonly underWay = new Map<string, UnderWay>();

  /** @param work is always the same for a key */
  do<T>(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.underWay.get(key);
    if (!known) return this.begin(key, work);
    known.next ??= known.now.then(
      () => this.begin(key, work),
      () => this.begin(key, work),
    );
    return known.next as Promise<T>;
  }

  private begin<T>(key: string, work: () => Promise<T>): Promise<T> {
    const now = work();
    const entry: UnderWay = { now };
    this.underWay.set(key, entry);
    const over = (): void => {
      if (!entry.next) this.underWay.delete(key);
    };
    now.then(over, over);
    return now;
  }
}
