import { RandomIdSource } from '@app/kernel/nest';
import { MemoryEventStore } from '@app/event-store/nest';
import { SoleOwnership } from './run-ownership.js';
import type { RunOwnership } from './run-ownership.js';
import { RunNews } from './run-news.worker.js';

const one = { self: 'one' } as RunOwnership;
const ids = new RandomIdSource();

class Listener {
  readonly heard: [string, number][] = [];
  hear(runId: string, revision: number): void {
    this.heard.push([runId, revision]);
  }
}

function append(events: MemoryEventStore, stream: string, ...types: string[]): Promise<unknown> {
  const batch = types.map((type) => ({ id: ids.next(), type, data: {}, metadata: metadata() }));
  return events.append(stream, batch, { expectedRevision: 'any' });
}

const metadata = () => ({
  actor: { type: 'system' as const, id: 'engine', name: 'engine', via: 'engine' as const },
  channel: 'engine' as const,
  correlationId: 'c',
  occurredAt: '2026-05-02T13:05:00.000Z',
  schemaVersion: 1 as const,
});

describe('the news of runs', () => {
  it('are the cancellations since they were opened, each told once', async () => {
    const [events, listener] = [new MemoryEventStore(), new Listener()];
    await append(events, 'execution-old', 'ExecutionStarted', 'ExecutionCancelled');
    const news = await RunNews.open(events, listener, one);
    await append(events, 'execution-a', 'ExecutionStarted', 'StepStarted', 'ExecutionCancelled');
    await append(events, 'execution-b', 'ExecutionStarted', 'ExecutionFailed');
    expect(await news.tick()).toEqual({ againInMs: 1_000 });
    await append(events, 'execution-c', 'ExecutionStarted', 'ExecutionCancelled');
    await news.tick();
    await news.tick();
    expect(listener.heard).toEqual([
      ['a', 2],
      ['c', 1],
    ]);
  });

  it('begin with the log when it is empty', async () => {
    const [events, listener] = [new MemoryEventStore(), new Listener()];
    const news = await RunNews.open(events, listener, one);
    await append(events, 'execution-a', 'ExecutionCancelled');
    await news.tick();
    expect(listener.heard).toEqual([['a', 0]]);
  });

  it('are none where there is one server', async () => {
    const [events, listener] = [new MemoryEventStore(), new Listener()];
    const news = await RunNews.open(events, listener, new SoleOwnership());
    await append(events, 'execution-a', 'ExecutionCancelled');
    expect(await news.tick()).toEqual({ againInMs: 'idle' });
    expect(listener.heard).toEqual([]);
  });
});
