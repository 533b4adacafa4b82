// Reads the answers of a node byte by byte. The generated classes make an object of every part of a message, which was nearly
// half of what reading an event cost; esdb.wire.spec.ts holds the two against each other.
import type { EsdbMessage, EsdbRecord } from './esdb-messages.js';
import type { LogPosition } from './esdb-position.js';

/** The node counts time in tenths of a microsecond. */
const DIGITS_BELOW_MS = 4;

/** One protobuf message after the other, in one buffer. */
class Cursor {
  private at = 0;
  private wireType = 0;
  /** End of the value that was begun last, if it has a length. */
  private valueEnd = 0;

  constructor(private readonly bytes: Buffer) {}

  /** Number of the next field before `end`, 0 when there is none; its value has to be taken or skipped. */
  field(end: number): number {
    if (this.at >= end) return 0;
    const tag = this.number();
    this.wireType = tag & 7;
    if (this.wireType === 2) this.valueEnd = this.number() + this.at;
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

  /** Exact up to 2^53. */
  number(): number {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new RangeError('a message of the node ends in the middle');
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
    if (this.wireType === 0) this.number();
    else if (this.wireType === 1) this.at += 8;
    else if (this.wireType === 2) this.at = this.valueEnd;
    else if (this.wireType === 5) this.at += 4;
    else throw new RangeError('a message of the node is not understood');
  }
}

/** The answer to a read. What is not known by its number is left out. */
export function readMessage(bytes: Buffer): EsdbMessage {
  const cursor = new Cursor(bytes);
  let message: EsdbMessage = { kind: 'other' };
  for (let field = cursor.field(cursor.end); field !== 0; field = cursor.field(cursor.end)) {
    if (field === 1) message = eventIn(cursor);
    else if (field === 3) message = { kind: 'checkpoint', position: positionIn(cursor, cursor.message()) };
    else {
      if (field === 2) message = { kind: 'confirmed' };
      if (field === 4) message = { kind: 'streamNotFound' };
      if (field === 8) message = { kind: 'caughtUp' };
      cursor.skip();
    }
  }
  return message;
}

function eventIn(cursor: Cursor): EsdbMessage {
  const end = cursor.message();
  let message: EsdbMessage = { kind: 'other' };
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) message = { kind: 'event', record: recordIn(cursor, cursor.message()) };
    else cursor.skip();
  }
  return message;
}

function positionIn(cursor: Cursor, end: number): LogPosition {
  let [commit, prepare] = ['0', '0'];
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) commit = cursor.digits();
    else if (field === 2) prepare = cursor.digits();
    else cursor.skip();
  }
  return { commit, prepare };
}

function recordIn(cursor: Cursor, end: number): EsdbRecord {
  let [id, stream, prepare, commit, metadata, data] = ['', '', '0', '0', '', ''];
  let revision = 0;
  const about = { type: '', created: '', 'content-type': '' };
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) id = textIn(cursor, cursor.message(), 2);
    else if (field === 2) stream = textIn(cursor, cursor.message(), 3);
    else if (field === 3) revision = cursor.number();
    else if (field === 4) prepare = cursor.digits();
    else if (field === 5) commit = cursor.digits();
    else if (field === 6) entryIn(cursor, cursor.message(), about);
    else if (field === 7) metadata = cursor.text();
    else if (field === 8) data = cursor.text();
    else cursor.skip();
  }
  const createdMs = Number(about.created.slice(0, -DIGITS_BELOW_MS));
  const isJson = about['content-type'] === 'application/json';
  return { id, type: about.type, stream, revision, commit, prepare, createdMs, isJson, data, metadata };
}

/** The one text of a message that is wanted. */
function textIn(cursor: Cursor, end: number, wanted: number): string {
  let text = '';
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === wanted) text = cursor.text();
    else cursor.skip();
  }
  return text;
}

/** One entry of a map of texts. */
function entryIn(cursor: Cursor, end: number, into: Record<'type' | 'created' | 'content-type', string>): void {
  let [key, value] = ['', ''];
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) key = cursor.text();
    else if (field === 2) value = cursor.text();
    else cursor.skip();
  }
  if (key === 'type' || key === 'created' || key === 'content-type') into[key] = value;
}
