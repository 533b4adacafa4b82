// Keeps a stranger from filling the disk with his own rejections: beyond a measure, they are counted.

export const DENIALS_PER_ADDRESS = 60;
export const DENIALS_TOTAL = 600;
export const FLOOD_WINDOW_MS = 60_000;
const ADDRESSES_MAX = 1_000;

/** What many entries were made into. */
export interface Flood<Sample> {
  /** The first of those that were only counted. */
  readonly sample: Sample;
  /** How many were counted; >= 1 */
  readonly count: number;
}

interface Source<Sample> {
  recorded: number;
  counted: number;
  sample?: Sample;
}

/** Counts in windows of a minute. Memory is bounded: from the 1,001st address on, all others are one. */
export class DenialFlood<Sample> {
  private sources = new Map<string, Source<Sample>>();
  private total = 0;
  private windowEndMs = 0;

  /** True when the entry deserves a record of its own; otherwise it is counted and comes back from `due`. */
  admits(address: string | undefined, sample: Sample, nowMs: number): boolean {
    if (this.sources.size === 0) this.windowEndMs = nowMs + FLOOD_WINDOW_MS;
    const source = this.sourceOf(networkOf(address));
    if (source.recorded < DENIALS_PER_ADDRESS && this.total < DENIALS_TOTAL) {
      source.recorded += 1;
      this.total += 1;
      return true;
    }
    source.counted += 1;
    source.sample ??= sample;
    return false;
  }

  /** What was counted in a window that has ended (in any window when `all`); each is given out once. */
  due(nowMs: number, all = false): readonly Flood<Sample>[] {
    if (this.sources.size === 0 || (!all && nowMs < this.windowEndMs)) return [];
    const floods = [...this.sources.values()].flatMap(({ counted, sample }) =>
      sample === undefined ? [] : [{ sample, count: counted }],
    );
    this.sources = new Map();
    this.total = 0;
    return floods;
  }

  /** How long until the window ends; undefined when none is open. */
  endsInMs(nowMs: number): number | undefined {
    return this.sources.size === 0 ? undefined : Math.max(0, this.windowEndMs - nowMs);
  }

  private sourceOf(network: string): Source<Sample> {
    const name = this.sources.has(network) || this.sources.size < ADDRESSES_MAX ? network : 'others';
    const source = this.sources.get(name) ?? { recorded: 0, counted: 0 };
    this.sources.set(name, source);
    return source;
  }
}

/** An IPv6 host owns at least a /64 and may use each address of it once. */
function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) while (groups.length < 8 - tail.split(':').filter(Boolean).length) groups.push('0');
  return groups.slice(0, 4).join(':');
}
