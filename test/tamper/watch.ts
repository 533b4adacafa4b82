// What watches in the server: the look at the start, and the scrub. Both run here as they run there, over whatever the
// stores hold now.
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isStoreError } from '@app/event-store';
import { EvidenceError, openNote, parseNote } from '@app/evidence';
import type { HeldHead } from '@app/evidence/nest';
import { evidenceWatching, verifyEd25519 } from '@app/evidence/nest';
import { logSigner } from '../support/sample-log.js';
import type { Subject } from './subject.js';
import { clock, placing } from './subject.js';

const { CheckpointSigner, EvidenceFailure, FileSignerMemory, Scrub, Sequencer } = await evidenceWatching();

/** Why it was found; undefined: it was not. */
export type Found = string | undefined;

export interface Standing {
  /** Of the signer's memory. */
  readonly memory: string;
  readonly held: readonly HeldHead[];
}

/** How long the sequencer rests once it has followed the log to its end: after a few events, after many. */
const GATHERING_MS: readonly number[] = [50, 250];
const RATE = 1_000_000;

/** A server that starts: what it has is taken up, the log is followed to its end, what is due is signed. */
export async function lookAtStart({ administrator, memoryPath }: Subject, { memory, held }: Standing): Promise<Found> {
  writeFileSync(memoryPath, memory);
  return whatIsFound(async () => {
    const [store, events] = [await administrator.openEvidence(), await administrator.openLog()];
    const stop = new AbortController();
    try {
      const signer = await CheckpointSigner.open(placing.hasher, logSigner, new FileSignerMemory(memoryPath));
      const sequencer = new Sequencer({
        ...{ store, events, signer, placing, clock, held, patienceMs: 0, checkSignature },
        pause: async (ms) => {
          if (GATHERING_MS.includes(ms)) stop.abort();
          await wait(1);
        },
        progressed: () => undefined,
      });
      await sequencer.open(stop.signal);
      await sequencer.run(stop.signal);
      await sequencer.finish(60_000);
    } finally {
      await Promise.all([store.close(), events.close()]);
    }
  });
}

/** One pass over everything that was signed, in a server that made all of it. */
export async function scrubOnce({ administrator, size }: Subject): Promise<Found> {
  return whatIsFound(async () => {
    const [store, events] = [await administrator.openEvidence(), await administrator.openLog()];
    const stop = new AbortController();
    try {
      const scrub = new Scrub({
        ...{ store, events, placing, clock, rate: () => RATE, patienceMs: 0, checkSignature, sequenced: () => size },
        // The rest after a pass, or before there is anything to look at.
        pause: async (ms) => {
          if (ms >= 1_000) stop.abort();
        },
        progressed: () => undefined,
      });
      await scrub.run(stop.signal);
    } finally {
      await Promise.all([store.close(), events.close()]);
    }
  });
}

/** Throws EvidenceFailure for a note that the log's key did not sign. */
export async function checkSignature(note: string): Promise<void> {
  try {
    await openNote(parseNote(note), [logSigner.key], verifyEd25519);
  } catch (error) {
    if (error instanceof EvidenceError) throw new EvidenceFailure(error.message);
    throw error;
  }
}

/** A failure of the evidence and a store that says it is damaged are findings; anything else is a bug, and passed on. */
async function whatIsFound(look: () => Promise<void>): Promise<Found> {
  try {
    await look();
    return undefined;
  } catch (error) {
    if (error instanceof EvidenceFailure) return error.message;
    if (isStoreError(error, 'Corrupt')) return error.message;
    throw error;
  }
}
