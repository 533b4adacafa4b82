// What the log says of one event: which events are leaves, what their entries hold, and the entry's one spelling in bytes.
import type { RecordedEvent } from '@app/kernel';
import { canonicalJson, categoryOf } from '@app/kernel';
import { base64UrlOf, numberOfDecimal, textOfUtf8, utf8Of } from './byte-text.js';
import { canonicalBytesDefect } from './canonical-scan.js';
import { entryTexts } from './entry-text.js';
import { EvidenceError, excerptOf } from './evidence-error.js';
import type { Sha256, TextSha256 } from './tree-hasher.js';

export const LEAF_VERSION = 'runledger-leaf/1';

/** An entry must fit the 16-bit length of an entry bundle (C2SP tlog-tiles). */
export const ENTRY_BYTES_MAX = 65_535;

/** `prev` of the first event of a stream. */
export const NO_PREVIOUS_LEAF = '-';

/** Every member is always there and a text; docs/evidence-format.md says of each what it is. */
export interface LeafEntry {
  /** As `entryTexts` has it; so are `cause`, `corr`, `occ` and `schema`. */
  readonly actor: string;
  readonly cause: string;
  readonly corr: string;
  /** SHA-256 of the canonical JSON of the event's data, base64url without padding. */
  readonly data: string;
  readonly id: string;
  /** Index of the leaf, decimal. */
  readonly idx: string;
  /** Origin of the log. */
  readonly log: string;
  /** As `data`, of the event's metadata. */
  readonly meta: string;
  readonly occ: string;
  /** Position in the store that first recorded the event. */
  readonly pos: string;
  /** Leaf hash of the previous event of this stream, base64url without padding; `-` for the first. */
  readonly prev: string;
  /** When that store recorded it. */
  readonly rec: string;
  /** Revision in its stream, decimal. */
  readonly rev: string;
  readonly schema: string;
  readonly stream: string;
  readonly type: string;
  readonly v: string;
}

/** Canonical JSON (RFC 8785) in UTF-8: the bytes that `data` and `meta` are the hashes of. */
export interface LeafContent {
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Their hashes as the entry has them: SHA-256, base64url without padding. */
export interface ContentHashes {
  readonly data: string;
  readonly metadata: string;
}

export interface LeafPlace {
  /** >= 0, without gaps over all leaves of the log. */
  readonly index: number;
  /** Origin of the log. */
  readonly log: string;
  /** Of the event before it in its own stream; undefined for revision 0. */
  readonly previousLeafHash: Uint8Array | undefined;
}

/** Leases come and go by the thousand and say nothing about the product; `$` streams belong to the store itself. */
export function isLeafStream(stream: string): boolean {
  return !stream.startsWith('$') && categoryOf(stream) !== 'lease';
}

/** Throws TypeError for an event that is not strict JSON. */
export function leafContentOf(event: Pick<RecordedEvent, 'data' | 'metadata'>): LeafContent {
  return { data: utf8Of(canonicalJson(event.data)), metadata: utf8Of(canonicalJson(event.metadata)) };
}

/** @param content what `leafContentOf(event)` gives. */
export function leafEntryOf(event: RecordedEvent, content: LeafContent, place: LeafPlace, sha256: Sha256): LeafEntry {
  const hashes = { data: base64UrlOf(sha256(content.data)), metadata: base64UrlOf(sha256(content.metadata)) };
  return leafEntryWith(event, hashes, place, sha256);
}

/** Throws TypeError for an event that is not strict JSON. */
export function contentHashesOf(
  { data, metadata }: Pick<RecordedEvent, 'data' | 'metadata'>,
  textSha256: TextSha256,
): ContentHashes {
  return { data: textSha256(canonicalJson(data)), metadata: textSha256(canonicalJson(metadata)) };
}

/** @param hashes what `contentHashesOf(event)` gives. */
export function leafEntryWith(
  event: RecordedEvent,
  hashes: ContentHashes,
  place: LeafPlace,
  sha256: Sha256,
): LeafEntry {
  const { actor, cause, corr, occ, schema } = entryTexts(event.metadata, sha256);
  return {
    actor,
    cause,
    corr,
    data: hashes.data,
    id: event.id,
    idx: String(place.index),
    log: place.log,
    meta: hashes.metadata,
    occ,
    pos: event.firstPosition ?? event.position,
    prev: place.previousLeafHash ? base64UrlOf(place.previousLeafHash) : NO_PREVIOUS_LEAF,
    rec: event.recordedAt,
    rev: String(event.revision),
    schema,
    stream: event.stream,
    type: event.type,
    v: LEAF_VERSION,
  };
}

/** In the order of canonical JSON. */
const names = [
  'actor',
  'cause',
  'corr',
  'data',
  'id',
  'idx',
  'log',
  'meta',
  'occ',
  'pos',
  'prev',
  'rec',
  'rev',
  'schema',
  'stream',
  'type',
  'v',
] as const satisfies readonly (keyof LeafEntry)[];

/** What stands before each value, from the end of the value before it on. */
const leads = names.map((name, index) => `${index === 0 ? '{' : '",'}"${name}":"`);
const END = '"}';
const special = /["\\\u0000-\u001f]/;
const control = /[\u0000-\u001f]/;

/**
 * The entry as canonical JSON in UTF-8. Throws malformed_entry when it is too long or not well-formed text.
 * @param utf8 where many are made: what puts their bytes in one place
 */
export function encodeLeafEntry(entry: LeafEntry, utf8: (text: string) => Uint8Array = utf8Of): Uint8Array {
  let [text, values] = ['', ''];
  for (let index = 0; index < names.length; index += 1) {
    const value = entry[names[index] as keyof LeafEntry];
    values += value;
    text += (leads[index] as string) + value;
  }
  // All values are looked at together: one search costs less than seventeen.
  text = special.test(values) ? escapedText(entry) : text + END;
  if (!text.isWellFormed()) throw malformed('contains a lone surrogate');
  const bytes = utf8(text);
  if (bytes.length > ENTRY_BYTES_MAX) throw malformed(`takes ${bytes.length} bytes, at most ${ENTRY_BYTES_MAX}`);
  return bytes;
}

function escapedText(entry: LeafEntry): string {
  return names.map((name, index) => `${leads[index]}${JSON.stringify(entry[name]).slice(1, -1)}`).join('') + END;
}

/** Throws malformed_entry for bytes that `encodeLeafEntry` never writes, and for members that say nothing sensible. */
export function parseLeafEntry(bytes: Uint8Array): LeafEntry {
  if (bytes.length > ENTRY_BYTES_MAX) throw malformed(`takes ${bytes.length} bytes, at most ${ENTRY_BYTES_MAX}`);
  const text = textOfUtf8(bytes);
  if (text === undefined) throw malformed('is not UTF-8');
  const entry = text.includes('\\') ? parsedWithEscapes(bytes, text) : parsedPlain(text);
  const problem = memberProblem(entry);
  if (problem !== undefined) throw malformed(problem);
  return entry;
}

/** Without escapes a quote can only be an end of a text: no parser is needed. */
function parsedPlain(text: string): LeafEntry {
  const entry: Partial<Record<keyof LeafEntry, string>> = {};
  let at = 0;
  for (let index = 0; index < names.length; index += 1) {
    const lead = leads[index] as string;
    if (!text.startsWith(lead, at)) throw malformed(`is not canonical: expected ${lead} character ${at}`);
    const from = at + lead.length;
    at = text.indexOf('"', from);
    if (at === -1) throw malformed('has no end');
    entry[names[index] as keyof LeafEntry] = text.slice(from, at);
  }
  if (!text.startsWith(END, at) || text.length !== at + END.length) throw malformed('goes on after its last member');
  if (control.test(text)) throw malformed('has a bare control character');
  return entry as LeafEntry;
}

function parsedWithEscapes(bytes: Uint8Array, text: string): LeafEntry {
  const defect = canonicalBytesDefect(bytes, 1);
  if (defect) throw malformed(`is not canonical: ${defect.problem}, byte ${defect.at}`);
  const value: unknown = JSON.parse(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const found = isObject ? Object.keys(value) : [];
  if (found.length !== names.length || found.some((name, index) => name !== names[index])) {
    throw malformed('has not exactly the members of an entry');
  }
  const entry = value as Record<string, unknown>;
  const wrong = names.find((name) => typeof entry[name] !== 'string');
  if (wrong !== undefined) throw malformed(`has a member ${wrong} that is not a text`);
  return value as LeafEntry;
}

/** 32 bytes: the last character carries four bits. */
const digest = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

function memberProblem(entry: LeafEntry): string | undefined {
  if (entry.v !== LEAF_VERSION) return `is of the unknown version "${excerptOf(entry.v)}"`;
  if (numberOfDecimal(entry.idx) === undefined) return 'has an idx that is not a number';
  if (numberOfDecimal(entry.rev) === undefined) return 'has a rev that is not a number';
  if (!digest.test(entry.data) || !digest.test(entry.meta)) return 'has a data or meta that is not a SHA-256';
  if (entry.prev !== NO_PREVIOUS_LEAF && !digest.test(entry.prev)) return 'has a prev that is not a leaf hash';
  const empty = names.find((name) => entry[name] === '');
  return empty === undefined ? undefined : `has an empty ${empty}`;
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_entry', `a leaf entry ${problem}`);
}
