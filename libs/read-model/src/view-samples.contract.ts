// What the contract of the view store is tried on: two projections, events for them, and slow, obvious models.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { DocumentProjection, EntryProjection, FieldValue, NewEvent, RecordedEvent } from '@app/kernel';
import { engineActor } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import type { DocumentQuery, EntrySelection, FieldFilter } from './view-store.js';
import { searchedWordsOf, wordsOf } from './words.js';

export interface Sample {
  readonly key: string;
  readonly color: string | null;
  readonly size: number | null;
  readonly tag: string | null;
  readonly serial: number | null;
  readonly text: string;
}

export const sampleEntries: EntryProjection<Sample> = {
  kind: 'entry',
  name: 'sample_entries',
  version: 1,
  categories: ['workflow'],
  entry: (event) => (event.type === 'Ignored' ? undefined : (event.data as Sample)),
  facets: { color: { type: 'text', of: ({ color }) => color }, size: { type: 'number', of: ({ size }) => size } },
  fields: {
    tag: { type: 'text', of: ({ tag }) => tag },
    serial: { type: 'number', of: ({ serial }) => serial ?? undefined },
    key: { type: 'text', of: ({ key }) => key },
  },
  text: ({ text }) => text,
};

export const sampleDocuments: DocumentProjection<Sample> = {
  kind: 'document',
  name: 'sample_documents',
  version: 1,
  categories: ['workflow'],
  key: (event) => (event.type === 'Ignored' ? undefined : (event.data as Sample).key),
  fold: (_, event) => (event.type === 'Removed' ? undefined : (event.data as Sample)),
  fields: {
    color: { type: 'text', of: ({ color }) => color },
    size: { type: 'number', of: ({ size }) => size },
    serial: { type: 'number', of: ({ serial }) => serial ?? undefined },
    tag: { type: 'text', of: ({ tag }) => tag },
  },
  indexes: [['serial'], ['color', 'serial'], ['color', 'size', 'tag']],
};

export async function appendSamples(
  events: EventStore,
  samples: readonly Sample[],
  typeOf: (sample: Sample, index: number) => string = () => 'Changed',
): Promise<void> {
  for (let from = 0; from < samples.length; from += 500) {
    const batch = samples.slice(from, from + 500).map((data, at) => newEvent(typeOf(data, from + at), data));
    await events.append(`workflow-${randomUUID()}`, batch, { expectedRevision: 'no_stream' });
  }
}

export function newEvent(type: string, data: object): NewEvent {
  const metadata = {
    actor: engineActor,
    channel: 'engine',
    correlationId: 'c',
    occurredAt: '',
    schemaVersion: 1,
  } as const;
  return { id: randomUUID(), type, data, metadata };
}

const texts = [
  'red',
  'Red',
  'green',
  'straße',
  'a',
  'ab',
  'a\u0000',
  'a\u0000b',
  'a\u0001',
  '\uFFEE',
  '\u{1F600}',
  '"',
  "' OR 1=1 --",
  '%',
  '',
];
const vocabulary = [
  'alpha',
  'alphabet',
  'beta',
  'Ünïcode',
  '2024',
  'x-ray',
  'e\u0301tude',
  '0199aab3-1234-7abc-8def-0123456789ab',
  'AND',
  'NEAR(',
];
const numbers = [-1, -0.5, 0, 1, 2, 2.5, 1e21, -1e-7];

const textValue = fc.constantFrom(...texts);
const numberValue = fc.constantFrom(...numbers);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 5 });

export const anySample: fc.Arbitrary<Sample> = fc.record({
  key: fc.oneof(textValue, fc.nat(30).map(String)),
  color: maybe(textValue),
  size: maybe(numberValue),
  tag: maybe(fc.oneof(textValue, fc.nat(50).map(String))),
  serial: maybe(fc.oneof(numberValue, fc.nat(100))),
  text: fc.array(fc.constantFrom(...vocabulary), { maxLength: 4 }).map((words) => words.join(' ')),
});

const fieldTypes = { color: 'text', size: 'number', tag: 'text', serial: 'number', key: 'text' } as const;
type FieldName = keyof typeof fieldTypes;

function anyFilter(field: FieldName): fc.Arbitrary<FieldFilter> {
  const own =
    fieldTypes[field] === 'text' ? fc.oneof(textValue, fc.nat(50).map(String)) : fc.oneof(numberValue, fc.nat(100));
  // Now and then a value of the wrong type, which matches nothing.
  const value = fc.oneof(
    { arbitrary: own, weight: 12 },
    { arbitrary: fc.constantFrom<string | number>('1', 1), weight: 1 },
  );
  return fc.oneof(
    maybe(value).map((equals) => ({ field, equals })),
    fc.array(value, { maxLength: 4 }).map((list) => ({ field, in: list })),
    fc.record({ field: fc.constant(field), from: value, to: value }, { requiredKeys: ['field'] }),
  );
}

export const anySelection: fc.Arbitrary<EntrySelection> = fc.record(
  {
    filters: fc.array(fc.constantFrom<FieldName>('color', 'size', 'tag', 'serial', 'key').chain(anyFilter), {
      maxLength: 3,
    }),
    words: fc.array(fc.constantFrom(...vocabulary, 'al', 'a', '0199aab3-12', 'zzz', '"', 'u', 'É'), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const documentFields: FieldName[] = ['color', 'size', 'tag', 'serial'];
export const anyDocumentQuery: fc.Arbitrary<DocumentQuery> = fc.record({
  filters: fc.array(fc.constantFrom(...documentFields).chain(anyFilter), { maxLength: 3 }),
  sort: fc.record({ field: fc.constantFrom(...documentFields), descending: fc.boolean() }),
  limit: fc.integer({ min: 1, max: 7 }),
});

/** Text by its bytes, numbers by size; a missing value is in no order. */
export function compareModel(a: FieldValue, b: FieldValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

export function matchesModel(sample: Sample, filter: FieldFilter): boolean {
  const value = sample[filter.field as FieldName];
  if ('equals' in filter) return value === filter.equals;
  if ('in' in filter) return value !== null && filter.in.includes(value);
  if (value === null) return false;
  const { from, to } = filter;
  if (from !== undefined && (typeof from !== typeof value || compareModel(value, from) < 0)) return false;
  return to === undefined || (typeof to === typeof value && compareModel(value, to) <= 0);
}

export function selectsModel(sample: Sample, { filters = [], words = [] }: EntrySelection): boolean {
  const asked = words.flatMap(searchedWordsOf);
  return (
    filters.every((filter) => matchesModel(sample, filter)) &&
    asked.every((word) => heldWords(sample.text).some((one) => one.startsWith(word)))
  );
}

const held = new Map<string, readonly string[]>();

function heldWords(text: string): readonly string[] {
  const words = held.get(text) ?? wordsOf(text);
  held.set(text, words);
  return words;
}

/** What the document view must hold after these events. */
export function documentsModel(events: readonly RecordedEvent[]): Map<string, Sample> {
  const documents = new Map<string, Sample>();
  for (const event of events) {
    const key = sampleDocuments.key(event);
    if (key === undefined) continue;
    const after = sampleDocuments.fold(documents.get(key), event);
    if (after) documents.set(key, after);
    else documents.delete(key);
  }
  return documents;
}
