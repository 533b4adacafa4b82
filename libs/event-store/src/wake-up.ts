/** Lets any number of readers sleep until there may be something new. */
export class WakeUp {
  private rung = 0;
  private readonly sleepers = new Set<() => void>();

  /** Take it before looking for something new: a ring between the look and the sleep is then not missed. */
  get ticket(): number {
    return this.rung;
  }

  ring(): void {
    this.rung += 1;
    const woken = [...this.sleepers];
    this.sleepers.clear();
    for (const wake of woken) wake();
  }

  /** Resolves at the first ring after `ticket`, or when the signal aborts. */
  async since(ticket: number, signal: AbortSignal): Promise<void> {
    if (this.rung !== ticket || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.sleepers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
