// What the recorded times say against each other and against the times that witnesses signed. Clocks err, so that none
// of it is a contradiction; it is what somebody who looks for backdated events wants to see.
import { timestamp } from '@app/kernel';
import type { Observation } from './verify-report.js';

/** Between two leaves that were both signed in the same span of sizes. */
interface Span {
  /** Size of the tree that ends the span. */
  readonly end: number;
  earliest: string;
  earliestIndex: number;
  latest: string;
  latestIndex: number;
}

export interface WitnessedSize {
  readonly size: number;
  readonly atMs: number;
}

/** A clock may differ from a witness's by so much, and a log may be so much behind its store. */
const TOLERANCE_MS = 10 * 60_000;

export class RecordedTimes {
  private readonly spans: Span[] = [];
  private span = 0;
  private last = '';
  private backwards = 0;
  private largestStepMs = 0;
  private largestStepIndex = 0;

  /** @param sizes of the checkpoints at hand, in any order. */
  constructor(sizes: readonly number[]) {
    const ends = [...new Set(sizes)].sort((a, b) => a - b);
    for (const end of [...ends, Number.POSITIVE_INFINITY]) {
      this.spans.push({ end, earliest: '', earliestIndex: 0, latest: '', latestIndex: 0 });
    }
  }

  /** Leaves come in their order. */
  take(index: number, recordedAt: string): void {
    while (index >= (this.spans[this.span] as Span).end) this.span += 1;
    const span = this.spans[this.span] as Span;
    if (span.earliest === '' || recordedAt < span.earliest) [span.earliest, span.earliestIndex] = [recordedAt, index];
    if (recordedAt > span.latest) [span.latest, span.latestIndex] = [recordedAt, index];
    if (recordedAt < this.last) this.wentBack(index, recordedAt);
    else this.last = recordedAt;
  }

  observations(witnessed: readonly WitnessedSize[]): Observation[] {
    const found: Observation[] = [];
    if (this.backwards > 0) {
      const sentence = `${this.backwards} events carry an earlier time than an event before them; at most ${this.largestStepMs} ms earlier (leaf ${this.largestStepIndex})`;
      found.push({ code: 'clock_went_back', sentence });
    }
    for (const { size, atMs } of witnessed) found.push(...this.against(size, atMs));
    return found;
  }

  private wentBack(index: number, recordedAt: string): void {
    const stepMs = Date.parse(this.last) - Date.parse(recordedAt);
    this.backwards += 1;
    if (stepMs > this.largestStepMs) [this.largestStepMs, this.largestStepIndex] = [stepMs, index];
  }

  private *against(size: number, atMs: number): Iterable<Observation> {
    const at = timestamp(atMs);
    const met = this.spans.filter(({ earliest }) => earliest !== '');
    const late = met.find(({ end, latest }) => end <= size && Date.parse(latest) > atMs + TOLERANCE_MS);
    if (late) {
      const sentence = `leaf ${late.latestIndex} says it was recorded at ${late.latest}, but a witness had seen it by ${at}`;
      yield { code: 'recorded_after_witnessed', sentence };
    }
    const early = met.find(({ end, earliest }) => end > size && Date.parse(earliest) < atMs - TOLERANCE_MS);
    if (early) {
      const sentence = `leaf ${early.earliestIndex} says it was recorded at ${early.earliest}, but was not in the log when a witness saw it at ${at}`;
      yield { code: 'recorded_before_witnessed', sentence };
    }
  }
}
