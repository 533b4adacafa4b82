// The contract of the view store: what every adapter must do, whatever it is made of.
import fc from 'fast-check';
import type { Projection, RecordedEvent } from '@app/kernel';
import { projection } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import type { DocumentQuery, DocumentRow, EntryRow, EntrySelection, ViewStatus, ViewStore } from './view-store.js';
import {
  anyDocumentQuery,
  anySample,
  anySelection,
  appendSamples,
  compareModel,
  documentsModel,
  matchesModel,
  newEvent,
  type Sample,
  sampleDocuments,
  sampleEntries,
  selectsModel,
} from './view-samples.contract.js';

export interface ViewsUnderTest extends ViewStore {
  catchUp(): Promise<void>;
  status(): ViewStatus;
}

/** Opens empty views over this log; each call gives views of their own. */
export type ViewsFactory = (
  events: EventStore,
  projections: readonly Projection[],
  batchMax?: number,
) => Promise<ViewsUnderTest>;

/** A property asks many hundred queries, and the store may be far away. */
const PROPERTY_MS = 180_000;

const both = [projection(sampleEntries), projection(sampleDocuments)];
const views = { entries: sampleEntries.name, documents: sampleDocuments.name };

/** Declares the suite. `entryCounts`: so many entries that every way in which the adapter stores them is met. */
export function viewStoreContract(open: ViewsFactory, entryCounts: readonly number[]): void {
  describe.each(entryCounts)('an entry view of %d entries', (count) => entryContract(open, count));
  describe('a document view', () => documentContract(open));
  describe('folding', () => foldingContract(open));
}

function entryContract(open: ViewsFactory, count: number): void {
  let store: ViewsUnderTest;
  let rows: readonly EntryRow<Sample>[];

  beforeAll(async () => {
    const events = new MemoryEventStore();
    const samples = fc.sample(anySample, { numRuns: count, seed: 7 });
    // One value grows with the log, as times do; the others are strewn.
    await appendSamples(
      events,
      samples.map((sample, at) => ({ ...sample, serial: at % 9 === 0 ? sample.serial : at })),
    );
    store = await open(events, both);
    await store.catchUp();
    rows = (await all(events)).map((event, at) => ({
      sequence: at + 1,
      position: event.position,
      doc: event.data as Sample,
    }));
  });
  afterAll(() => store.close());

  it('numbers its entries densely in the order of the log', async () => {
    const found = await store.entries<Sample>(views.entries, { descending: false, limit: count });
    expect(found).toEqual(rows);
  });

  it(
    'answers every combination of filters and words exactly, page by page, in both directions',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          anySelection,
          fc.boolean(),
          fc.constantFrom(1, 50, 10_000),
          async (selection, descending, limit) => {
            const expected = rows.filter(({ doc }) => selectsModel(doc, selection)).map(({ sequence }) => sequence);
            if (descending) expected.reverse();
            const pages = await entryPages(
              store,
              selection,
              descending,
              Math.max(limit, Math.ceil(expected.length / 40)),
            );
            expect(pages).toEqual(expected);
          },
        ),
        { numRuns: 120 },
      );
    },
    PROPERTY_MS,
  );

  it(
    'counts what it selects, in all and by facet',
    async () => {
      await fc.assert(
        fc.asyncProperty(anySelection, async (selection) => {
          const selected = rows.filter(({ doc }) => selectsModel(doc, selection));
          const groups = new Map<string, number>();
          for (const { doc } of selected) {
            const key = JSON.stringify([doc.color, doc.size]);
            groups.set(key, (groups.get(key) ?? 0) + 1);
          }
          const counted = await store.facetCounts(views.entries, ['color', 'size'], selection);
          const found = new Map(
            counted.map(({ values, count: n }) => [JSON.stringify([values['color'], values['size']]), n]),
          );
          expect(found).toEqual(groups);
          expect(counted.map(({ count: n }) => n)).toEqual([...groups.values()].sort((a, b) => b - a));
          const filtered = rows.filter(({ doc }) =>
            (selection.filters ?? []).every((filter) => matchesModel(doc, filter)),
          );
          expect(await store.count(views.entries, selection.filters ?? [])).toBe(filtered.length);
        }),
        { numRuns: 30 },
      );
    },
    PROPERTY_MS,
  );

  it(
    'shows the past as of a position',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(count - 1), anySelection, async (at, selection) => {
          const { position = '' } = rows[at] ?? {};
          const expected = rows.slice(0, at + 1).filter(({ doc }) => selectsModel(doc, selection));
          const asOf = { ...selection, asOf: position };
          const found = await store.entries(views.entries, { ...asOf, descending: false, limit: count });
          expect(found.map(({ sequence }) => sequence)).toEqual(expected.map(({ sequence }) => sequence));
        }),
        { numRuns: 40 },
      );
    },
    PROPERTY_MS,
  );

  it('refuses a position of another log', async () => {
    const query = { asOf: 'sql:00000000000000000001', descending: true, limit: 1 };
    await expect(store.entries(views.entries, query)).rejects.toMatchObject({ code: 'InvalidPosition' });
    await expect(store.entries(views.entries, { ...query, asOf: 'mem:1' })).rejects.toThrow('position');
  });

  it('finds the one entry with a value, and no other', async () => {
    const unique = rows.find(({ doc }) => rows.filter((row) => row.doc.tag === doc.tag).length === 1) ?? rows.at(-1);
    const value = unique?.doc.tag ?? '';
    const newest = rows.filter(({ doc }) => doc.tag === value).at(-1);
    expect(await store.entryBy(views.entries, 'tag', value)).toEqual(newest);
    expect(await store.entryBy(views.entries, 'tag', 'nobody has this')).toBeUndefined();
  });
}

function documentContract(open: ViewsFactory): void {
  it(
    'answers every query exactly, page by page, after changes and removals',
    async () => {
      const queries = fc.array(anyDocumentQuery, { minLength: 5, maxLength: 15 });
      await fc.assert(
        fc.asyncProperty(fc.array(anySample, { maxLength: 60 }), queries, async (samples, asked) => {
          const events = new MemoryEventStore();
          await appendSamples(events, samples, ({ size }) => (size === 2 ? 'Removed' : 'Changed'));
          const store = await open(events, both, 7);
          await store.catchUp();
          const documents = documentsModel(await all(events));
          for (const [key, doc] of documents) expect(await store.get(views.documents, key)).toEqual(doc);
          for (const query of asked) {
            const expected = pageModel(documents, query);
            expect((await documentPages(store, query)).map(({ key }) => key)).toEqual(expected.map(([key]) => key));
            expect(await store.count(views.documents, query.filters ?? [])).toBe(expected.length);
            const sum = expected.reduce((total, [, { size }]) => total + (size ?? 0), 0);
            expect(await store.sum(views.documents, 'size', query.filters ?? [])).toBeCloseTo(sum, 5);
          }
          await store.close();
        }),
        { numRuns: 40 },
      );
    },
    PROPERTY_MS,
  );

  it('does not know a key that was never there', async () => {
    const store = await open(new MemoryEventStore(), both);
    expect(await store.get(views.documents, 'nobody')).toBeUndefined();
    await store.close();
  });

  it('refuses fields that were not declared', async () => {
    const store = await open(new MemoryEventStore(), both);
    const sort = { field: 'secret', descending: false };
    await expect(store.find(views.documents, { sort, limit: 1 })).rejects.toThrow('no field "secret"');
    await expect(store.get('nothing', 'x')).rejects.toThrow('no view nothing');
    await store.close();
  });
}

function foldingContract(open: ViewsFactory): void {
  it(
    'gives the same views whatever the size of the batches',
    async () => {
      const events = new MemoryEventStore();
      await appendSamples(events, fc.sample(anySample, { numRuns: 200, seed: 3 }));
      const snapshots = [];
      for (const batchMax of [1, 13, 1_000]) {
        const store = await open(events, both, batchMax);
        await store.catchUp();
        snapshots.push(await snapshotOf(store));
        await store.close();
      }
      expect(snapshots[1]).toEqual(snapshots[0]);
      expect(snapshots[2]).toEqual(snapshots[0]);
    },
    PROPERTY_MS,
  );

  it('shows a caller what he wrote, and says no when it is not there yet', async () => {
    const events = new MemoryEventStore();
    const store = await open(events, both);
    const written = await events.append('workflow-1', [newEvent('Changed', sample('k'))], { expectedRevision: 'any' });
    expect(await store.waitFor(written.position)).toBe(true);
    expect(await store.get(views.documents, 'k')).toEqual(sample('k'));
    expect(await store.waitFor('mem:00000000000000009999', 20)).toBe(false);
    expect(await store.waitFor(undefined)).toBe(true);
    await store.close();
  });

  it('passes events that concern no view, and says so by its position', async () => {
    const events = new MemoryEventStore();
    const { position } = await events.append('lease-x', [newEvent('Taken', {})], { expectedRevision: 'any' });
    const store = await open(events, both);
    await store.catchUp();
    expect(store.position()).toBe(position);
    await store.close();
  });

  it('never skips an event that a view cannot fold: that view stops and says where, the others go on', async () => {
    const events = new MemoryEventStore();
    const fragile = {
      ...sampleDocuments,
      name: 'fragile',
      fold: (_: Sample | undefined, event: RecordedEvent): Sample => {
        if (event.type === 'Poison') throw new Error('cannot be folded');
        return event.data as Sample;
      },
    };
    const poison = newEvent('Poison', sample('p'));
    const store = await open(events, [...both, projection(fragile)], 1);
    await events.append('workflow-1', [newEvent('Changed', sample('a')), poison], { expectedRevision: 'any' });
    await events.append('workflow-2', [newEvent('Changed', sample('z'))], { expectedRevision: 'any' });
    await store.catchUp();
    expect(store.status().failed).toContain('fragile');
    expect(store.status().failed).toContain(poison.id);
    expect(await store.get('fragile', 'a')).toEqual(sample('a'));
    expect(await store.get('fragile', 'z')).toBeUndefined();
    expect(await store.get(views.documents, 'z')).toEqual(sample('z'));
    await store.close();
  });
}

export function sample(key: string): Sample {
  return { key, color: null, size: 1, tag: null, serial: 5, text: key };
}

/** Everything that both sample views hold. */
export async function snapshotOf(store: ViewStore): Promise<unknown> {
  const sort = { field: 'serial', descending: false };
  const documents = await store.find<Sample>(views.documents, { sort, limit: 100_000 });
  const entries = await store.entries<Sample>(views.entries, { descending: false, limit: 100_000 });
  const counts = await store.facetCounts(views.entries, ['color', 'size'], { words: ['al'] });
  return { documents, entries, counts };
}

async function all(events: EventStore): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const event of events.readAll()) found.push(event);
  return found;
}

async function entryPages(
  store: ViewStore,
  selection: EntrySelection,
  descending: boolean,
  limit: number,
): Promise<number[]> {
  const found: number[] = [];
  let page: readonly EntryRow<Sample>[];
  do {
    const last = found.at(-1);
    const place = last === undefined ? {} : { after: last };
    page = await store.entries<Sample>(views.entries, { ...selection, ...place, descending, limit });
    found.push(...page.map(({ sequence }) => sequence));
  } while (page.length === limit);
  return found;
}

async function documentPages(store: ViewStore, query: DocumentQuery): Promise<DocumentRow<Sample>[]> {
  const found: DocumentRow<Sample>[] = [];
  let page: readonly DocumentRow<Sample>[];
  do {
    const last = found.at(-1);
    page = await store.find<Sample>(views.documents, { ...query, ...(last ? { after: last.place } : {}) });
    found.push(...page);
  } while (page.length === query.limit);
  return found;
}

function pageModel(documents: ReadonlyMap<string, Sample>, { filters = [], sort }: DocumentQuery): [string, Sample][] {
  const field = sort.field as 'color';
  const sign = sort.descending ? -1 : 1;
  return [...documents]
    .filter(([, doc]) => filters.every((filter) => matchesModel(doc, filter)))
    .sort(([a, { [field]: x }], [b, { [field]: y }]) => {
      if (x === null || y === null) return x === y ? sign * compareModel(a, b) : x === null ? 1 : -1;
      return sign * (compareModel(x, y) || compareModel(a, b));
    });
}
