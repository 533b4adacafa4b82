// An append as it goes to a node, and what the node answers. Every step of a run is an append: esdb.append-wire.spec.ts holds
// this against the generated classes, which took a tenth of the processor time of a busy main thread.
import type { EsdbAnswer, EsdbAppend } from './esdb-messages.js';
import { positionIn } from './esdb.read-wire.js';
import type { EncodedEvent } from './event-batch.js';
import { fieldSize, ProtobufReader, ProtobufWriter, varintSize } from './esdb.protobuf.js';

export interface NodeAnswer {
  readonly correlationId: string;
  readonly answer: Extract<EsdbAnswer, { kind: 'appended' }> | Refused;
}

/** `status`: a google.rpc.Status, not yet understood. */
interface Refused {
  readonly kind: 'refused';
  readonly status: Buffer;
}

const UUID_SIZE = 36;
const IDENTIFIED = fieldSize(UUID_SIZE);
const TYPE = 'type';
const CONTENT_TYPE = 'content-type';
const JSON_TYPE = 'application/json';
const CONTENT_TYPE_SIZE = entrySize(CONTENT_TYPE.length, JSON_TYPE.length);
const expectations = { no_stream: 3, any: 4, stream_exists: 5 } as const;

/** Names and types are ASCII, and ids are UUIDs: that was checked when the batch was encoded. */
export function appendMessage({ correlationId, stream, expected, events }: EsdbAppend): Buffer {
  const streamSize = fieldSize(stream.length);
  const expectedSize = typeof expected === 'number' ? 1 + varintSize(expected) : fieldSize(0);
  const optionsSize = fieldSize(streamSize) + expectedSize;
  const sizes = events.map(sizesOf);
  const proposedSize = sizes.reduce((sum, { whole }) => sum + fieldSize(whole), 0);
  const writer = new ProtobufWriter(fieldSize(IDENTIFIED) + fieldSize(optionsSize) + proposedSize + 2);
  writer.message(1, IDENTIFIED).text(2, correlationId, UUID_SIZE);
  writer.message(2, optionsSize).message(1, streamSize).text(3, stream, stream.length);
  if (typeof expected === 'number') writer.number(2, expected);
  else writer.message(expectations[expected], 0);
  for (const [index, event] of events.entries()) writeEvent(writer, event, sizes[index] ?? sizesOf(event));
  return writer.number(4, 1).written();
}

interface EventSizes {
  readonly data: number;
  readonly metadata: number;
  readonly whole: number;
}

function sizesOf({ type, data, metadata }: EncodedEvent): EventSizes {
  const sizes = { data: Buffer.byteLength(data), metadata: Buffer.byteLength(metadata) };
  const about = fieldSize(entrySize(TYPE.length, type.length)) + fieldSize(CONTENT_TYPE_SIZE);
  return { ...sizes, whole: fieldSize(IDENTIFIED) + about + fieldSize(sizes.metadata) + fieldSize(sizes.data) };
}

function writeEvent(writer: ProtobufWriter, event: EncodedEvent, { data, metadata, whole }: EventSizes): void {
  writer.message(3, whole).message(1, IDENTIFIED).text(2, event.id, UUID_SIZE);
  writeEntry(writer, TYPE, event.type);
  writeEntry(writer, CONTENT_TYPE, JSON_TYPE);
  writer.text(3, event.metadata, metadata).text(4, event.data, data);
}

/** An entry of a map of ASCII texts. */
function writeEntry(writer: ProtobufWriter, key: string, value: string): void {
  writer.message(2, entrySize(key.length, value.length)).text(1, key, key.length).text(2, value, value.length);
}

function entrySize(key: number, value: number): number {
  return fieldSize(key) + fieldSize(value);
}

/** Throws RangeError for what is no message. */
export function appendAnswer(bytes: Buffer): NodeAnswer {
  const reader = new ProtobufReader(bytes);
  let correlationId = '';
  let answer: NodeAnswer['answer'] = { kind: 'refused', status: Buffer.alloc(0) };
  for (let field = reader.field(reader.end); field !== 0; field = reader.field(reader.end)) {
    if (field === 1) correlationId = reader.textIn(reader.message(), 2);
    else if (field === 2) answer = { kind: 'refused', status: reader.raw() };
    else if (field === 3) answer = successIn(reader, reader.message());
    else reader.skip();
  }
  return { correlationId, answer };
}

function successIn(reader: ProtobufReader, end: number): NodeAnswer['answer'] {
  let lastRevision = 0;
  let position;
  for (let field = reader.field(end); field !== 0; field = reader.field(end)) {
    if (field === 1) lastRevision = reader.number();
    else if (field === 3) position = positionIn(reader, reader.message());
    else reader.skip();
  }
  return position ? { kind: 'appended', lastRevision, position } : { kind: 'appended', lastRevision };
}
