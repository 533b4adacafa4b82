import type { RecordedEvent } from '@app/kernel';
import { anonymousActor, canonicalJson, jsonDefect, sha256, sha256Base64Url } from '@app/kernel';
import fc from 'fast-check';
import { base64UrlOf, textOfUtf8, utf8Of } from './byte-text.js';
import type { LeafEntry } from './leaf.js';
import {
  contentHashesOf,
  encodeLeafEntry,
  ENTRY_BYTES_MAX,
  isLeafStream,
  LEAF_VERSION,
  leafContentOf,
  leafEntryOf,
  leafEntryWith,
  parseLeafEntry,
} from './leaf.js';
import { treeHasher } from './tree-hasher.js';

const event: RecordedEvent = {
  id: '0198c0de-0000-7000-8000-000000000001',
  type: 'WorkflowCreated',
  stream: 'workflow-0198c0de-0000-7000-8000-000000000002',
  revision: 0,
  position: 'sql:00000000000000000007',
  recordedAt: '2026-02-03T04:05:06.789Z',
  data: { name: 'Zahlung prüfen', b: 2, a: null },
  metadata: {
    actor: anonymousActor,
    channel: 'rest',
    correlationId: 'c-1',
    occurredAt: '2026-02-03T04:05:06.780Z',
    schemaVersion: 1,
  },
};
const place = { index: 3, log: 'example.com/log', previousLeafHash: undefined };
const entryOf = (changed: Partial<RecordedEvent> = {}, at: Partial<typeof place> = {}): LeafEntry => {
  const one = { ...event, ...changed };
  return leafEntryOf(one, leafContentOf(one), { ...place, ...at }, sha256);
};
const text = (entry: LeafEntry): string => textOfUtf8(encodeLeafEntry(entry))!;
const malformed = expect.objectContaining({ code: 'malformed_entry' });

describe('a leaf entry', () => {
  it('is the same, whether its content is hashed as text or as bytes', () => {
    const values = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' }));
    fc.assert(
      fc.property(values, (data) => {
        fc.pre(jsonDefect(data) === undefined);
        const one = { ...event, data };
        for (const { textSha256 } of [treeHasher(sha256), treeHasher(sha256, sha256Base64Url)]) {
          const hashes = contentHashesOf(one, textSha256);
          expect(leafEntryWith(one, hashes, place, sha256)).toEqual(
            leafEntryOf(one, leafContentOf(one), place, sha256),
          );
        }
      }),
    );
  });

  it('tells everything of its event, content by hash', () => {
    expect(entryOf()).toEqual({
      actor: 'user:anonymous',
      cause: '-',
      corr: 'c-1',
      data: base64UrlOf(sha256(utf8Of('{"a":null,"b":2,"name":"Zahlung prüfen"}'))),
      id: event.id,
      idx: '3',
      log: 'example.com/log',
      meta: base64UrlOf(sha256(utf8Of(canonicalJson(event.metadata)))),
      occ: '2026-02-03T04:05:06.780Z',
      pos: 'sql:00000000000000000007',
      prev: '-',
      rec: '2026-02-03T04:05:06.789Z',
      rev: '0',
      schema: '1',
      stream: event.stream,
      type: 'WorkflowCreated',
      v: LEAF_VERSION,
    });
  });

  it('names the leaf before it in its stream', () => {
    const hash = sha256(utf8Of('before'));
    const entry = leafEntryOf(
      { ...event, revision: 1 },
      leafContentOf(event),
      { ...place, previousLeafHash: hash },
      sha256,
    );
    expect(entry.prev).toBe(base64UrlOf(hash));
  });

  it.each<[string, LeafEntry]>([
    ['data', entryOf({ data: { name: 'x' } })],
    ['an absent member', entryOf({ data: {} })],
    ['a null member', entryOf({ data: { a: null } })],
    ['an empty member', entryOf({ data: { a: '' } })],
    ['metadata', entryOf({ metadata: { ...event.metadata, reason: 'because' } })],
    ['type', entryOf({ type: 'WorkflowDeleted' })],
    ['id', entryOf({ id: '0198c0de-0000-7000-8000-000000000009' })],
    ['stream', entryOf({ stream: 'workflow-x' })],
    ['revision', entryOf({ revision: 1 })],
    ['position', entryOf({ position: 'sql:00000000000000000008' })],
    ['time of recording', entryOf({ recordedAt: '2026-02-03T04:05:06.788Z' })],
    ['index', entryOf({}, { index: 4 })],
    ['log', entryOf({}, { log: 'example.com/other' })],
  ])('is another for another %s', (_, changed) => {
    expect(encodeLeafEntry(changed)).not.toEqual(encodeLeafEntry(entryOf()));
  });

  const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
  const digests = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(base64UrlOf);
  const numbers = fc.maxSafeNat().map(String);
  const entries: fc.Arbitrary<LeafEntry> = fc.record({
    actor: words,
    cause: words,
    corr: words,
    data: digests,
    id: words,
    idx: numbers,
    log: words,
    meta: digests,
    occ: words,
    pos: words,
    prev: fc.oneof(digests, fc.constant('-')),
    rec: words,
    rev: numbers,
    schema: words,
    stream: words,
    type: words,
    v: fc.constant(LEAF_VERSION),
  });

  it('is written as canonical JSON, whatever its texts hold, and read back', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(text(entry)).toBe(canonicalJson(entry));
        expect(parseLeafEntry(encodeLeafEntry(entry))).toEqual(entry);
      }),
      { numRuns: 500 },
    );
  });

  it('is read in one spelling only: of any changed byte, either nothing or exactly that is read', () => {
    const bytes = encodeLeafEntry(entryOf());
    let refused = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = bytes.slice();
        changed[at]! ^= 1 << bit;
        try {
          expect(encodeLeafEntry(parseLeafEntry(changed))).toEqual(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: 'malformed_entry' });
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(bytes.length);
  });

  const good = text(entryOf());
  it.each<[string, string]>([
    ['nothing', ''],
    ['another value', '7'],
    ['null', 'null'],
    ['a blank in front', ` ${good}`],
    ['a blank between members', good.replace('","', '", "')],
    ['something behind it', `${good} `],
    ['a line end behind it', `${good}\n`],
    ['a byte order mark', `\ufeff${good}`],
    ['members in another order', good.replace(/^\{("actor":"[^"]*"),("cause":"[^"]*")/, '{$2,$1')],
    ['a missing member', good.replace(/"cause":"[^"]*",/, '')],
    ['an unknown member', good.replace('"data"', '"dat":"x","data"')],
    ['a member twice', good.replace('"data"', '"corr":"x","data"')],
    ['a number', good.replace('"idx":"3"', '"idx":3')],
    ['null for a text', good.replace('"corr":"c-1"', '"corr":null')],
    ['a leading zero', good.replace('"idx":"3"', '"idx":"03"')],
    ['a sign', good.replace('"idx":"3"', '"idx":"+3"')],
    ['a negative index', good.replace('"idx":"3"', '"idx":"-3"')],
    ['an exponent', good.replace('"rev":"0"', '"rev":"1e3"')],
    ['an index beyond exact integers', good.replace('"idx":"3"', '"idx":"9007199254740992"')],
    ['other digits', good.replace('"idx":"3"', '"idx":"٣"')],
    ['a needless escape', good.replace('"corr":"c-1"', '"corr":"\\u0063-1"')],
    ['an escaped slash', good.replace('example.com/log', 'example.com\\/log')],
    ['an escape and a blank', good.replace('"corr":"c-1"', '"corr": "\\n"')],
    ['escapes and a missing member', good.replace(/"cause":"[^"]*",/, '').replace('c-1', '\\n')],
    ['escapes and a number', good.replace('"idx":"3"', '"idx":3').replace('c-1', '\\n')],
    ['escapes and another object', '{"a":"\\n"}'],
    ['escapes and an array', '["\\n"]'],
    ['a bare control character', good.replace('c-1', 'c\u0001')],
    ['an empty text', good.replace('"corr":"c-1"', '"corr":""')],
    ['another version', good.replace(LEAF_VERSION, 'runledger-leaf/2')],
    ['data that are no hash', good.replace(/"data":"./, '"data":"!')],
    ['a hash with stray bits', good.replace(/("meta":"[^"]{42})./, '$1B')],
    ['a prev that is no hash', good.replace('"prev":"-"', '"prev":"x"')],
    ['an end that is missing', good.slice(0, -1)],
    ['half of it', good.slice(0, 200)],
  ])('with %s is refused', (_, wrong) => {
    expect(wrong).not.toBe(good);
    expect(() => parseLeafEntry(utf8Of(wrong))).toThrow(malformed);
  });

  it('that is not UTF-8, or longer than its length can say, is refused', () => {
    const bytes = encodeLeafEntry(entryOf());
    bytes[12] = 0xff;
    expect(() => parseLeafEntry(bytes)).toThrow('a leaf entry is not UTF-8');
    expect(() => parseLeafEntry(new Uint8Array(ENTRY_BYTES_MAX + 1))).toThrow(malformed);
    expect(() => encodeLeafEntry(entryOf({ stream: 'x'.repeat(ENTRY_BYTES_MAX) }))).toThrow(malformed);
    expect(() => encodeLeafEntry(entryOf({ type: '\ud800' }))).toThrow('a lone surrogate');
  });

  it('cannot be made of what is not strict JSON', () => {
    expect(() => leafContentOf({ ...event, data: { a: Number.NaN } })).toThrow(TypeError);
  });
});

describe('leaves', () => {
  it.each([
    ['workflow-1', true],
    ['system-1', true],
    ['access-20260203', true],
    ['leases', true],
    ['lease-runner', false],
    ['lease', false],
    ['$settings', false],
    ['$$workflow-1', false],
  ])('are the events of %s: %s', (stream, expected) => {
    expect(isLeafStream(stream)).toBe(expected);
  });
});
