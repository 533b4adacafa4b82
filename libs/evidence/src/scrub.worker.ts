// Holds everything that was signed against the log again, from the first leaf on, over and over, at a bounded rate.
import type { Clock } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { base64Of, bytesOfBase64, sameBytes } from './byte-text.js';
import { parseCheckpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { EvidenceFailure } from './evidence-failure.js';
import type { ScrubStatus } from './evidence-status.js';
import type { EvidenceStore, StoredCheckpoint, StoredNode } from './evidence-store.js';
import { keptJson } from './kept-json.js';
import type { LeafPlacing } from './leaf-match.js';
import { LogCheck, STRETCH_LEAVES } from './log-check.js';
import { parseNote } from './note.js';
import type { Pause } from './pause.thread.js';
import { TILE_HEIGHT } from './tile.js';

/** Between two passes: as long as the last one took so many times, within these bounds. */
const REST_SHARE = 20;
const REST_MIN_MS = 10_000;
const REST_MAX_MS = 600_000;
const NOTHING_YET_MS = 1_000;
/** How often it is written down how far a pass has come. */
const KEEP_EVERY_MS = 10_000;

export interface ScrubParts {
  readonly store: EvidenceStore;
  readonly events: EventStore;
  readonly placing: LeafPlacing;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly checkSignature: (note: string) => Promise<void>;
  /** Events a second, > 0; asked again and again. */
  readonly rate: () => number;
  /** What does not verify is looked at again after this time, where a replica of the log may be behind; 0: nowhere. */
  readonly patienceMs: number;
  readonly progressed: () => void;
  /** How many leaves the sequencer has made, in its own memory: what is stored must hold as many. */
  readonly sequenced: () => number;
}

interface Pass {
  readonly target: StoredCheckpoint;
  readonly startedAtMs: number;
  readonly range: CompactRange;
}

/** As it is kept. */
interface KeptScrub {
  readonly lastPass?: NonNullable<ScrubStatus['lastPass']>;
  readonly pass?: {
    readonly size: number;
    readonly startedAtMs: number;
    readonly end: number;
    readonly hashes: string[];
  };
}

export class Scrub {
  private readonly check: LogCheck;
  private lastPass: ScrubStatus['lastPass'];
  private checkedTo = 0;
  private keptAtMs = 0;

  constructor(private readonly parts: ScrubParts) {
    this.check = new LogCheck(parts.store, parts.events, parts.placing);
  }

  status(): ScrubStatus {
    const { checkedTo, lastPass } = this;
    return { checkedTo, ...(lastPass ? { lastPass } : {}) };
  }

  /** Everything that was signed, from the first leaf on and as fast as it goes. Throws as `run` does. */
  async wholePass(signal: AbortSignal): Promise<void> {
    const pass = await this.begun();
    if (pass) await this.goThrough(pass, () => Number.POSITIVE_INFINITY, signal);
  }

  /** Until the signal aborts. Throws EvidenceFailure for what does not verify, StoreError. */
  async run(signal: AbortSignal): Promise<void> {
    let pass = await this.takenUp();
    while (!signal.aborted) {
      pass ??= await this.begun();
      if (!pass || !this.isSequenced(pass)) {
        pass = undefined;
        await this.parts.pause(NOTHING_YET_MS, signal);
        continue;
      }
      await this.goThrough(pass, this.parts.rate, signal);
      const tookMs = this.parts.clock.nowMs() - pass.startedAtMs;
      pass = undefined;
      await this.parts.pause(Math.min(REST_MAX_MS, Math.max(REST_MIN_MS, tookMs * REST_SHARE)), signal);
    }
  }

  /** Leaves that were lost, or left behind by a log that was carried over, are derived again first. */
  private isSequenced({ target }: Pass): boolean {
    return this.parts.sequenced() >= target.size;
  }

  private async begun(): Promise<Pass | undefined> {
    const target = await this.parts.store.checkpoint();
    const range = new CompactRange(this.parts.placing.hasher);
    return target && { target, startedAtMs: this.parts.clock.nowMs(), range };
  }

  private async goThrough(pass: Pass, rate: () => number, signal: AbortSignal): Promise<void> {
    const { target, range } = pass;
    while (range.end < target.size && !signal.aborted) {
      const startedMs = this.parts.clock.nowMs();
      const to = Math.min(range.end + STRETCH_LEAVES, target.size);
      const count = to - range.end;
      await this.stretch(range, to, signal);
      this.checkedTo = range.end;
      this.parts.progressed();
      await this.keepNowAndThen(pass);
      const spentMs = this.parts.clock.nowMs() - startedMs;
      await this.parts.pause(Math.max(0, (count * 1_000) / rate() - spentMs), signal);
    }
    if (signal.aborted) return;
    await this.checkRoot(target, range);
    this.lastPass = { size: target.size, endedAtMs: this.parts.clock.nowMs() };
    this.checkedTo = 0;
    await this.keep({ lastPass: this.lastPass });
    this.parts.progressed();
  }

  private async stretch(range: CompactRange, to: number, signal: AbortSignal): Promise<void> {
    const read = () => this.check.stretch(range.end, to, signal);
    const leaves = await read().catch(async (error: unknown) => {
      if (!(error instanceof EvidenceFailure) || this.parts.patienceMs === 0) throw error;
      await this.parts.pause(this.parts.patienceMs, signal);
      return read();
    });
    const signed = await this.signedBetween(range.end, to);
    const nodes: StoredNode[] = [];
    for (const { hash } of leaves) {
      range.append(hash, (level, index, node) => {
        if (level > 0 && level % TILE_HEIGHT === 0) nodes.push({ level, index, hash: node });
      });
      const checkpoint = signed.get(range.end);
      if (checkpoint) await this.checkRoot(checkpoint, range);
    }
    for (const { level, index, hash } of nodes) {
      if (sameBytes(await this.parts.store.hashes(level, index, index + 1), hash)) continue;
      throw new EvidenceFailure(`the stored subtree ${index} of level ${level} is not that of its leaves`);
    }
  }

  /** Checkpoints that are kept, by size: whoever kept an earlier one is answered with them. */
  private async signedBetween(after: number, to: number): Promise<ReadonlyMap<number, StoredCheckpoint>> {
    const found = await this.parts.store.checkpointsAfter(after, to - after);
    return new Map(found.map((checkpoint) => [checkpoint.size, checkpoint]));
  }

  private async checkRoot({ size, note }: StoredCheckpoint, range: CompactRange): Promise<void> {
    await this.parts.checkSignature(note);
    const head = parseCheckpoint(parseNote(note).text);
    if (head.size !== size) {
      throw new EvidenceFailure(`the checkpoint that is kept for size ${size} is about size ${head.size}`);
    }
    if (sameBytes(range.root(), head.root)) return;
    const told = `the first ${size} leaves have the root ${base64Of(range.root())}; ${base64Of(head.root)} was signed`;
    throw new EvidenceFailure(`${told}: what was signed has been changed`);
  }

  private async takenUp(): Promise<Pass | undefined> {
    const { store, placing } = this.parts;
    const text = await store.mark('scrub');
    const { lastPass, pass } = text === undefined ? ({} as KeptScrub) : keptJson<KeptScrub>('scrub', text);
    this.lastPass = lastPass;
    const target = pass && (await store.checkpoint(pass.size));
    if (!pass || !target) return undefined;
    const hashes = pass.hashes.map((hash) => bytesOfBase64(hash) ?? new Uint8Array(0));
    const range = CompactRange.restore(placing.hasher, { begin: 0, end: pass.end, hashes });
    this.checkedTo = pass.end;
    return { target, startedAtMs: pass.startedAtMs, range };
  }

  private async keepNowAndThen({ target, startedAtMs, range }: Pass): Promise<void> {
    if (this.parts.clock.nowMs() - this.keptAtMs < KEEP_EVERY_MS) return;
    const pass = { size: target.size, startedAtMs, end: range.end, hashes: range.hashes().map(base64Of) };
    await this.keep({ ...(this.lastPass ? { lastPass: this.lastPass } : {}), pass });
  }

  private async keep(kept: KeptScrub): Promise<void> {
    this.keptAtMs = this.parts.clock.nowMs();
    await this.parts.store.setMark('scrub', JSON.stringify(kept));
  }
}
