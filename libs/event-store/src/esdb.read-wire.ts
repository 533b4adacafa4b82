// What a node answers to a read. The generated classes were nearly half of what reading an event cost; esdb.read-wire.spec.ts holds
// the two against each other.
import type { EsdbMessage, EsdbRecord } from './esdb-messages.js';
import type { LogPosition } from './esdb-position.js';
import { ProtobufReader } from './esdb.protobuf.js';

/** The node counts time in tenths of a microsecond. */
const DIGITS_BELOW_MS = 4;

/** The answer to a read. What is not known by its number is left out. */
export function readMessage(bytes: Buffer): EsdbMessage {
  const reader = new ProtobufReader(bytes);
  let message: EsdbMessage = { kind: 'other' };
  for (let field = reader.field(reader.end); field !== 0; field = reader.field(reader.end)) {
    if (field === 1) message = eventIn(reader);
    else if (field === 3) message = { kind: 'checkpoint', position: positionIn(reader, reader.message()) };
    else {
      if (field === 2) message = { kind: 'confirmed' };
      if (field === 4) message = { kind: 'streamNotFound' };
      if (field === 8) message = { kind: 'caughtUp' };
      reader.skip();
    }
  }
  return message;
}

function eventIn(reader: ProtobufReader): EsdbMessage {
  const end = reader.message();
  let message: EsdbMessage = { kind: 'other' };
  for (let field = reader.field(end); field !== 0; field = reader.field(end)) {
    if (field === 1) message = { kind: 'event', record: recordIn(reader, reader.message()) };
    else reader.skip();
  }
  return message;
}

export function positionIn(reader: ProtobufReader, end: number): LogPosition {
  let [commit, prepare] = ['0', '0'];
  for (let field = reader.field(end); field !== 0; field = reader.field(end)) {
    if (field === 1) commit = reader.digits();
    else if (field === 2) prepare = reader.digits();
    else reader.skip();
  }
  return { commit, prepare };
}

function recordIn(reader: ProtobufReader, end: number): EsdbRecord {
  let [id, stream, prepare, commit, metadata, data] = ['', '', '0', '0', '', ''];
  let revision = 0;
  const about = { type: '', created: '', 'content-type': '' };
  for (let field = reader.field(end); field !== 0; field = reader.field(end)) {
    if (field === 1) id = reader.textIn(reader.message(), 2);
    else if (field === 2) stream = reader.textIn(reader.message(), 3);
    else if (field === 3) revision = reader.number();
    else if (field === 4) prepare = reader.digits();
    else if (field === 5) commit = reader.digits();
    else if (field === 6) entryIn(reader, reader.message(), about);
    else if (field === 7) metadata = reader.text();
    else if (field === 8) data = reader.text();
    else reader.skip();
  }
  const createdMs = Number(about.created.slice(0, -DIGITS_BELOW_MS));
  const isJson = about['content-type'] === 'application/json';
  return { id, type: about.type, stream, revision, commit, prepare, createdMs, isJson, data, metadata };
}

/** One entry of a map of texts. */
function entryIn(reader: ProtobufReader, end: number, into: Record<'type' | 'created' | 'content-type', string>): void {
  let [key, value] = ['', ''];
  for (let field = reader.field(end); field !== 0; field = reader.field(end)) {
    if (field === 1) key = reader.text();
    else if (field === 2) value = reader.text();
    else reader.skip();
  }
  if (key === 'type' || key === 'created' || key === 'content-type') into[key] = value;
}
