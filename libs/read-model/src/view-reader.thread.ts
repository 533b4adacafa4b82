// The thread that answers queries: a slow one delays other queries, never the server's loop.
import { parentPort, workerData } from 'node:worker_threads';
import { isStoreError } from '@app/event-store';
import type { FromReader, ReadAnswer, ToReader } from './view-messages.js';
import { answerTo, SqliteViewReader } from './sqlite.view-reader.js';
import { openViewsForReading } from './sqlite.views-file.js';
import type { ReadRequest } from './view-request.js';

function answered(reader: SqliteViewReader, id: number, request: ReadRequest): ReadAnswer {
  try {
    return { id, result: answerTo(reader, request) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { id, error: text, invalidPosition: isStoreError(error, 'InvalidPosition') };
  }
}

const port = parentPort;
if (port) {
  const reader = new SqliteViewReader(openViewsForReading((workerData as { readonly directory: string }).directory));
  const tell = (message: FromReader): void => port.postMessage(message);
  port.on('message', (message: ToReader) => {
    if (message === 'stop') {
      reader.close();
      port.close();
      return;
    }
    tell(message.map(({ id, request }) => answered(reader, id, request)));
  });
  tell('ready');
}
