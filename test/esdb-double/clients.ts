// Plain clients of the vendor's package for the specs, all of them let go at the end of a test.
import esdb from '@eventstore/db-client';
import type { AppendExpectedRevision, EventStoreDBClient, JSONEventData } from '@eventstore/db-client';

const opened: EventStoreDBClient[] = [];

export function openClient(url: string): EventStoreDBClient {
  const client = esdb.EventStoreDBClient.connectionString(url);
  opened.push(client);
  return client;
}

export async function closeClients(): Promise<void> {
  await Promise.all(opened.splice(0).map((client) => client.dispose()));
}

export function streamName(kind = 'stream'): string {
  return `${kind}-${crypto.randomUUID()}`;
}

export function numbered(count: number, from = 0): JSONEventData[] {
  return Array.from({ length: count }, (_, index) =>
    esdb.jsonEvent({ id: crypto.randomUUID(), type: 'numbered', data: { number: from + index } }),
  );
}

/** What a promise is rejected with; fails when it is not. */
export async function rejection(promise: Promise<unknown>): Promise<Record<string, unknown> & Error> {
  const value = await promise.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in value)) throw new Error(`not refused: ${JSON.stringify(value, bigintAsText)}`);
  return value.error as Record<string, unknown> & Error;
}

export function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

export async function collect<T>(iterable: AsyncIterable<T>, limit = Infinity): Promise<T[]> {
  const all: T[] = [];
  if (limit === 0) return all;
  for await (const one of iterable) {
    all.push(one);
    if (all.length >= limit) break;
  }
  return all;
}

export type Expected = AppendExpectedRevision;
