import { projection } from '@app/kernel';
import type { SubscribeOptions, SubscriptionMessage } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import { Projector } from './projector.js';
import { ProjectorWorker } from './projector.worker.js';
import { SqliteViewWriter } from './sqlite.view-writer.js';
import { openViewsForWriting } from './sqlite.views-file.js';
import { appendSamples, sampleDocuments } from './view-samples.contract.js';

/** Knows how many are following it. */
class WatchedEventStore extends MemoryEventStore {
  followers = 0;

  override async *subscribeToAll(options: SubscribeOptions): AsyncGenerator<SubscriptionMessage, void, undefined> {
    this.followers += 1;
    try {
      yield* super.subscribeToAll(options);
    } finally {
      this.followers -= 1;
    }
  }
}

class FullDisk extends SqliteViewWriter {
  isFull = false;

  override commit(...asked: Parameters<SqliteViewWriter['commit']>): Promise<void> {
    return this.isFull ? Promise.reject(new Error('disk I/O error')) : super.commit(...asked);
  }
}

/** Hands over a backlog in pieces, as a log does that is elsewhere. */
class DistantEventStore extends MemoryEventStore {
  override async *subscribeToAll(options: SubscribeOptions): AsyncGenerator<SubscriptionMessage, void, undefined> {
    for await (const message of super.subscribeToAll(options)) {
      await settled();
      yield message;
    }
  }
}

const sample = (key: string) => ({ key, color: 'red', size: 1, tag: null, serial: null, text: key });
const settled = () => new Promise((later) => setTimeout(later, 20));

describe('the projector at its log', () => {
  it('follows it once, however often its writing fails, and not at all once it is stopped', async () => {
    const events = new WatchedEventStore();
    const writer = new FullDisk(openViewsForWriting(':memory:'));
    const projector = new Projector(writer, [projection(sampleDocuments)]);
    const worker = new ProjectorWorker(projector, events, { progressed: () => undefined, rebuilt: () => undefined });
    const stop = new AbortController();
    await worker.open();
    await appendSamples(events, [sample('a')]);
    while (projector.position() === undefined) await worker.tick(stop.signal);
    for (const key of ['b', 'c', 'd']) {
      const ticking = (async () => {
        for (;;) await worker.tick(stop.signal);
      })();
      writer.isFull = true;
      await appendSamples(events, [sample(key)]);
      await expect(ticking).rejects.toThrow('disk I/O error');
      writer.isFull = false;
      // What arrives now was awaited by the one that failed.
      await appendSamples(events, [sample(`${key} and more`)]);
      await settled();
      expect(events.followers).toBe(0);
      const head = await events.head();
      while (projector.position() !== head) await worker.tick(stop.signal);
      expect(events.followers).toBe(1);
    }
    stop.abort();
    await worker.close();
    await settled();
    expect(events.followers).toBe(0);
    await writer.close();
  });

  it('folds what comes in pieces in one batch, up to where the log says that this was all', async () => {
    const events = new DistantEventStore();
    const writer = new SqliteViewWriter(openViewsForWriting(':memory:'));
    const projector = new Projector(writer, [projection(sampleDocuments)]);
    const listener = { progressed: () => undefined, rebuilt: () => undefined };
    const worker = new ProjectorWorker(projector, events, listener, 100, { moment: (work) => work });
    const stop = new AbortController();
    await worker.open();
    await appendSamples(events, ['a', 'b', 'c', 'd'].map(sample));
    expect(await worker.tick(stop.signal)).toEqual({ folded: 4, full: false });
    await appendSamples(events, ['e', 'f'].map(sample));
    expect(await worker.tick(stop.signal)).toEqual({ folded: 2, full: false });
    stop.abort();
    await worker.close();
    await writer.close();
  });

  it('tells that views were made anew before it tells that they are there', async () => {
    const events = new MemoryEventStore();
    const writer = new SqliteViewWriter(openViewsForWriting(':memory:'));
    const projector = new Projector(writer, [projection(sampleDocuments)]);
    const told: string[] = [];
    const worker = new ProjectorWorker(projector, events, {
      progressed: ({ rebuilding }) => told.push(rebuilding.length === 0 ? 'there' : 'not yet'),
      rebuilt: (views) => told.push(...views.map(({ reason }) => reason)),
    });
    await worker.open();
    await projector.reset();
    await appendSamples(events, ['a', 'b'].map(sample));
    await worker.catchUp();
    expect(told).toEqual(['there', 'log_restored', 'there']);
    await worker.close();
    await writer.close();
  });
});
