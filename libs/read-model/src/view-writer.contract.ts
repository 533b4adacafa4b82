// The contract of whoever writes views: what must hold over the life of views, from one opening to the next.
import fc from 'fast-check';
import type { DocumentProjection, Projection } from '@app/kernel';
import { projection } from '@app/kernel';
import { MemoryEventStore } from '@app/event-store/nest';
import { snapshotOf, sample, type ViewsUnderTest } from './view-store.contract.js';
import { anySample, appendSamples, type Sample, sampleDocuments, sampleEntries } from './view-samples.contract.js';
import type { RebuiltView } from './view-store.js';
import type { ViewChanges, ViewWriter } from './view-writer.js';

/** A place for views that outlives their closing. */
export interface ViewsHome {
  /** Folds in batches of 50. */
  open(
    events: MemoryEventStore,
    projections: readonly Projection[],
    onRebuilt?: (views: readonly RebuiltView[]) => void,
  ): Promise<ViewsUnderTest>;
  /** A writer for the views of this place, while none is open. */
  writer(): ViewWriter;
}

const both = [projection(sampleEntries), projection(sampleDocuments)];
export const raised: DocumentProjection<Sample> = {
  ...sampleDocuments,
  version: 2,
  fold: (_, event) => ({ ...(event.data as Sample), tag: 'by version 2' }),
};

export async function filled(count: number, seed = 1): Promise<MemoryEventStore> {
  const events = new MemoryEventStore();
  await appendSamples(events, fc.sample(anySample, { numRuns: count, seed }));
  return events;
}

/** Declares the suite. `newHome`: each call gives an empty one. */
export function viewWriterContract(newHome: () => Promise<ViewsHome>): void {
  describe('a view whose declaration changed', () => changedContract(newHome));
  describe('views over another log than theirs', () => otherLogContract(newHome));
  describe('a commit', () => commitContract(newHome));
}

function changedContract(newHome: () => Promise<ViewsHome>): void {
  it('keeps answering as before until its new making has caught up, and is then reported', async () => {
    const home = await newHome();
    const events = await filled(120);
    const before = await home.open(events, both);
    await before.catchUp();
    const old = await snapshotOf(before);
    await before.close();

    const rebuilt: RebuiltView[] = [];
    const after = await home.open(events, [projection(sampleEntries), projection(raised)], (views) =>
      rebuilt.push(...views),
    );
    expect(await snapshotOf(after)).toEqual(old);
    expect(after.status().rebuilding).toEqual([raised.name]);
    await after.catchUp();
    expect(after.status().rebuilding).toEqual([]);
    expect(rebuilt).toEqual([{ view: raised.name, version: 2, reason: 'changed' }]);
    const sort = { field: 'serial', descending: true };
    const rows = await after.find<Sample>(raised.name, { sort, limit: 500 });
    expect(new Set(rows.map(({ doc }) => doc.tag))).toEqual(new Set(['by version 2']));
    await after.close();
  });

  it('goes on where it was when the server is stopped in the middle', async () => {
    const home = await newHome();
    const events = await filled(300);
    const before = await home.open(events, both);
    await before.catchUp();
    await before.close();
    const interrupted = await home.open(events, [projection(sampleEntries), projection(raised)]);
    await interrupted.close();
    const rebuilt: RebuiltView[] = [];
    const after = await home.open(events, [projection(sampleEntries), projection(raised)], (views) =>
      rebuilt.push(...views),
    );
    await after.catchUp();
    expect(rebuilt.map(({ view }) => view)).toEqual([raised.name]);
    await after.close();
  });

  it('is dropped when it is declared no more, and folded anew when it comes back', async () => {
    const home = await newHome();
    const events = await filled(80);
    const before = await home.open(events, both);
    await before.catchUp();
    const old = await snapshotOf(before);
    await before.close();
    const without = await home.open(events, [projection(sampleEntries)]);
    await expect(without.get(sampleDocuments.name, 'x')).rejects.toThrow('no view');
    await without.close();
    const rebuilt: RebuiltView[] = [];
    const again = await home.open(events, both, (views) => rebuilt.push(...views));
    await again.catchUp();
    expect(await snapshotOf(again)).toEqual(old);
    expect(rebuilt).toEqual([{ view: sampleDocuments.name, version: 1, reason: 'new' }]);
    await again.close();
  });
}

function otherLogContract(newHome: () => Promise<ViewsHome>): void {
  it.each([
    ['a shorter one', 40, 1],
    ['an empty one', 0, 1],
    ['one of the same length with other events', 120, 2],
  ])('are folded anew: %s', async (_, count, seed) => {
    const home = await newHome();
    const before = await home.open(await filled(120), both);
    await before.catchUp();
    await before.close();
    const other = await filled(count, seed);
    const rebuilt: RebuiltView[] = [];
    const after = await home.open(other, both, (views) => rebuilt.push(...views));
    await after.catchUp();
    const fresh = await (await newHome()).open(other, both);
    await fresh.catchUp();
    expect(await snapshotOf(after)).toEqual(await snapshotOf(fresh));
    expect(rebuilt.map(({ reason }) => reason)).toEqual(['log_restored', 'log_restored']);
    await after.close();
    await fresh.close();
  });
}

function commitContract(newHome: () => Promise<ViewsHome>): void {
  const mark = { position: 'mem:00000000000000000001', eventId: 'e', previous: undefined };
  const written: ViewChanges = {
    view: sampleDocuments.name,
    documents: [{ key: 'k', json: JSON.stringify(sample('k')), values: [null, 1, 5, null], changed: undefined }],
    entries: [],
    answersFromNow: false,
  };

  it('writes rows, position and mark together', async () => {
    const writer = (await newHome()).writer();
    expect(await writer.claim()).toBe(true);
    await writer.open(both);
    expect(await writer.mark()).toBeUndefined();
    await writer.commit([written], mark.position, mark);
    expect(await writer.mark()).toEqual(mark);
    expect(await writer.read(sampleDocuments.name, ['k', 'nobody'])).toEqual(
      new Map([['k', JSON.stringify(sample('k'))]]),
    );
    const progress = await writer.open(both);
    expect(progress.map(({ position }) => position)).toEqual([undefined, mark.position]);
    await writer.close();
  });

  it('writes nothing at all when a part of it cannot be written', async () => {
    const writer = (await newHome()).writer();
    await writer.claim();
    await writer.open(both);
    const wrong = { ...written, view: 'nobody' };
    await expect(writer.commit([written, wrong], mark.position, mark)).rejects.toThrow('no view nobody');
    expect(await writer.claim()).toBe(true);
    await writer.open(both);
    expect(await writer.mark()).toBeUndefined();
    expect(await writer.read(sampleDocuments.name, ['k'])).toEqual(new Map());
    await writer.close();
  });

  it('changes and removes rows', async () => {
    const writer = (await newHome()).writer();
    await writer.claim();
    await writer.open(both);
    await writer.commit([written], mark.position, mark);
    const changed = { key: 'k', json: '{"other":1}', values: [null, 1, 5, null], changed: [] };
    await writer.commit([{ ...written, documents: [changed] }], mark.position, mark);
    expect(await writer.read(sampleDocuments.name, ['k'])).toEqual(new Map([['k', '{"other":1}']]));
    const removed = { key: 'k', json: undefined, values: [], changed: undefined };
    await writer.commit([{ ...written, documents: [removed] }], mark.position, mark);
    expect(await writer.read(sampleDocuments.name, ['k'])).toEqual(new Map());
    await writer.close();
  });
}
