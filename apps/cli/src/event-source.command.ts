// The events of one stream, from a server page by page or out of a bundle.
import type { RecordedEvent } from '@app/kernel';
import { EvidenceError, readBundleEvents } from '@app/evidence';
import { sha256 } from '@app/kernel';
import type { CliWorld } from './cli-world.js';
import { CliError, exits, incomplete } from './cli-world.js';
import { openBytes } from './file.source.js';
import type { ServerClient } from './http.server-client.js';
import { Progress } from './progress.js';

const PAGE = 1_000;

/** In order of their revisions; ends after revision `to`. */
export async function* eventsFromServer(
  client: ServerClient,
  stream: string,
  to: number,
): AsyncGenerator<RecordedEvent> {
  let from = 0;
  for (;;) {
    const query = { from: String(from), limit: String(PAGE) };
    const page = await client.json(`/v1/streams/${encodeURIComponent(stream)}/events`, query);
    const { items, nextFrom } = page as { readonly items?: readonly RecordedEvent[]; readonly nextFrom?: number };
    if (!Array.isArray(items) || !items.every(isEvent))
      throw incomplete('the answer of the server is not a page of events');
    for (const event of items) {
      if (event.revision > to) return;
      yield event;
    }
    if (typeof nextFrom !== 'number' || nextFrom <= from) return;
    from = nextFrom;
  }
}

function isEvent(value: unknown): value is RecordedEvent {
  const { type, revision, data, metadata } = (value ?? {}) as Partial<Record<keyof RecordedEvent, unknown>>;
  const isObject = (one: unknown): boolean => typeof one === 'object' && one !== null;
  return typeof type === 'string' && Number.isSafeInteger(revision) && isObject(data) && isObject(metadata);
}

/** Each event is what its leaf says; that the leaves are the log's is what `runledger verify` shows. */
export async function* eventsFromBundle(
  world: CliWorld,
  path: string,
  stream: string,
  to: number,
): AsyncGenerator<RecordedEvent> {
  const source = await openBytes(path);
  const progress = new Progress(world, 'read', source.bytes);
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.chunks) {
      bytes += chunk.length;
      progress.update(bytes);
      yield chunk;
    }
  }
  try {
    for await (const event of readBundleEvents(counted(), sha256, (entry) => entry.stream === stream)) {
      if (event.revision > to) return;
      yield event;
    }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new CliError(
      error.code === 'truncated_archive' ? exits.incomplete : exits.tampered,
      `${path}: ${error.message}`,
    );
  } finally {
    progress.end();
  }
}
