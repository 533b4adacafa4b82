// Reads and writes protobuf byte by byte, for the few messages of which there are many: the generated classes make an object
// of every part of a message. Fields are numbered below 16 where they are written.

const VARINT = 0;
const EIGHT_BYTES = 1;
const WITH_LENGTH = 2;
const FOUR_BYTES = 5;

/** One protobuf message after the other, in one buffer. */
export class ProtobufReader {
  private at = 0;
  private wireType = VARINT;
  /** End of the value that was begun last, if it has a length. */
  private valueEnd = 0;

  constructor(private readonly bytes: Buffer) {}

  /**
   * Number of the next field before `end`, 0 when there is none; its value has to be taken or skipped. Throws RangeError for
   * what is no whole message.
   */
  field(end: number): number {
    if (this.at >= end) return 0;
    const tag = this.number();
    this.wireType = tag & 7;
    if (this.wireType === WITH_LENGTH) this.valueEnd = this.number() + this.at;
    if (this.valueEnd > this.bytes.length) throw endsEarly();
    return tag >>> 3;
  }

  get end(): number {
    return this.bytes.length;
  }

  /** Where the message ends that is the value of the field: to be read field by field. */
  message(): number {
    return this.valueEnd;
  }

  text(): string {
    const text = this.bytes.toString('utf8', this.at, this.valueEnd);
    this.at = this.valueEnd;
    return text;
  }

  /** The one text of a message that is wanted. */
  textIn(end: number, wanted: number): string {
    let text = '';
    for (let field = this.field(end); field !== 0; field = this.field(end)) {
      if (field === wanted) text = this.text();
      else this.skip();
    }
    return text;
  }

  /** The value as it stands there; a part of the whole. */
  raw(): Buffer {
    const raw = this.bytes.subarray(this.at, this.valueEnd);
    this.at = this.valueEnd;
    return raw;
  }

  /** Exact up to 2^53. */
  number(): number {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw endsEarly();
      this.at += 1;
      value += (byte & 127) * weight;
      if (byte < 128) return value;
    }
  }

  /** Exact, in decimal. */
  digits(): string {
    const start = this.at;
    const value = this.number();
    if (Number.isSafeInteger(value)) return String(value);
    const groups = [...this.bytes.subarray(start, this.at)].reverse();
    return String(groups.reduce((sum, byte) => sum * 128n + BigInt(byte & 127), 0n));
  }

  skip(): void {
    if (this.wireType === VARINT) this.number();
    else if (this.wireType === EIGHT_BYTES) this.at += 8;
    else if (this.wireType === WITH_LENGTH) this.at = this.valueEnd;
    else if (this.wireType === FOUR_BYTES) this.at += 4;
    else throw new RangeError('a message of the node is not understood');
  }
}

function endsEarly(): RangeError {
  return new RangeError('a message of the node ends in the middle');
}

/** Bytes of a number. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Bytes of a field whose value has `size` bytes. */
export function fieldSize(size: number): number {
  return 1 + varintSize(size) + size;
}

/** One message of a size that is known before. */
export class ProtobufWriter {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** `value`: an integer from 0 up to 2^53. */
  number(field: number, value: number): this {
    return this.varint(field * 8 + VARINT).varint(value);
  }

  /** A message of `size` bytes, whose fields are written next. */
  message(field: number, size: number): this {
    return this.varint(field * 8 + WITH_LENGTH).varint(size);
  }

  /** `size`: of the text in UTF-8. */
  text(field: number, text: string, size: number): this {
    this.message(field, size);
    this.at += this.bytes.write(text, this.at, size, 'utf8');
    return this;
  }

  /** Throws RangeError when the size was another one. */
  written(): Buffer {
    if (this.at !== this.bytes.length) throw new RangeError(`${this.at} bytes were written, not ${this.bytes.length}`);
    return this.bytes;
  }

  private varint(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) + 128);
    this.byte(rest);
    return this;
  }

  private byte(value: number): void {
    this.bytes[this.at] = value;
    this.at += 1;
  }
}
