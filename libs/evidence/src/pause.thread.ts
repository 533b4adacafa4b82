// The pauses of the evidence's thread, which stands apart from the heartbeat.
import { setTimeout as wait } from 'node:timers/promises';

/** Resolves after `ms`, or as soon as the signal aborts; never rejects. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export const pause: Pause = async (ms, signal) => {
  await wait(ms, undefined, { signal }).catch(() => undefined);
};
