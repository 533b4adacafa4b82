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
});
