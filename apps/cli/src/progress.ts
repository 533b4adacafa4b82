// How far a long piece of work is: a bar that is drawn over itself on a terminal, now and then a line elsewhere.
import type { CliWorld } from './cli-world.js';

const BAR_EVERY_MS = 100;
const LINE_EVERY_MS = 10_000;
const BAR_WIDTH_MAX = 40;

export class Progress {
  private readonly startedMs: number;
  private toldMs: number;
  private hasBar = false;

  /**
   * @param what a verb, as in `verified`
   * @param totalBytes undefined when nobody knows
   */
  constructor(
    private readonly world: CliWorld,
    private readonly what: string,
    private readonly totalBytes: number | undefined,
  ) {
    this.startedMs = world.nowMs();
    this.toldMs = this.startedMs;
  }

  update(bytes: number, events?: number): void {
    const nowMs = this.world.nowMs();
    if (nowMs - this.toldMs < (this.world.isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS)) return;
    this.toldMs = nowMs;
    const text = this.text(bytes, events, nowMs);
    if (!this.world.isTerminal) {
      this.world.err(`${text}\n`);
      return;
    }
    this.hasBar = true;
    this.world.err(`\r\u001b[K${text.slice(0, this.world.columns - 1)}`);
  }

  /** Leaves no trace of the bar. */
  end(): void {
    if (this.hasBar) this.world.err('\r\u001b[K');
    this.hasBar = false;
  }

  private text(bytes: number, events: number | undefined, nowMs: number): string {
    const seconds = (nowMs - this.startedMs) / 1000;
    const rate = `${megabytes(bytes)} MB, ${megabytes(bytes / seconds)} MB/s`;
    const told = events === undefined || events === 0 ? rate : `${events} events, ${rate}`;
    if (this.totalBytes === undefined || this.totalBytes === 0) return `${this.what} ${told}`;
    const share = Math.min(1, bytes / this.totalBytes);
    const percent = `${Math.floor(share * 100)} %`;
    if (!this.world.isTerminal) return `${this.what} ${percent}: ${told}`;
    const width = Math.min(BAR_WIDTH_MAX, Math.max(0, this.world.columns - told.length - this.what.length - 13));
    const filled = Math.round(share * width);
    return `${this.what} [${'='.repeat(filled)}${' '.repeat(width - filled)}] ${percent} ${told}`;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
