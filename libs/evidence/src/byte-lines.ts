// Lines out of chunks of bytes, whole and without their ends; memory is bounded by the longest line allowed.

const LINE_FEED = 0x0a;

export class ByteLines {
  /** How many lines were ended so far. */
  count = 0;
  private readonly rest: Uint8Array[] = [];
  private restBytes = 0;
  private hasOverflown = false;

  /**
   * @param lineBytesMax a longer line is told once, by `onTooLong`, and left out
   * @param onLine bytes of a line; they belong to the chunk and are valid during the call
   */
  constructor(
    private readonly lineBytesMax: number,
    private readonly onLine: (line: Uint8Array, number: number) => void,
    private readonly onTooLong: (number: number) => void,
  ) {}

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED, from); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      this.count += 1;
      if (this.restBytes === 0 && end - from <= this.lineBytesMax) this.onLine(chunk.subarray(from, end), this.count);
      else this.endRest(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from < chunk.length) this.keep(chunk.subarray(from));
  }

  /** Whether the last line lacked its end. */
  get hasRest(): boolean {
    return this.restBytes > 0;
  }

  private endRest(last: Uint8Array): void {
    this.keep(last);
    const line = new Uint8Array(this.hasOverflown ? 0 : this.restBytes);
    if (this.hasOverflown) this.onTooLong(this.count);
    else {
      let at = 0;
      for (const part of this.rest) {
        line.set(part, at);
        at += part.length;
      }
      this.onLine(line, this.count);
    }
    this.rest.length = 0;
    this.restBytes = 0;
    this.hasOverflown = false;
  }

  private keep(part: Uint8Array): void {
    this.restBytes += part.length;
    if (this.restBytes > this.lineBytesMax) this.hasOverflown = true;
    if (this.hasOverflown) this.rest.length = 0;
    else this.rest.push(part.slice());
  }
}
