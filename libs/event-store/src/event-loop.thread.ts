// The only timers of this library, which stands below the heartbeat: the adapters' share of the event loop.

/** Runs once everything that is ready now has had its turn. */
export function nextTurn(work: () => void): void {
  setImmediate(work);
}

/** Lets the rest of the program have its turn. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** @returns what calls it off. */
export function later(delayMs: number, work: () => void): () => void {
  const timer = setTimeout(work, delayMs);
  return () => clearTimeout(timer);
}

/** @returns what calls it off. */
export function every(intervalMs: number, work: () => void): () => void {
  const timer = setInterval(work, intervalMs);
  return () => clearInterval(timer);
}
