// Sets who may do what on a node, once, as one of its administrators; repeating it changes nothing.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AccessDocument, Json } from './esdb-access.js';
import { accessDocuments } from './esdb-access.js';
import { parseConnectionString } from './esdb-connection-string.js';
import { refusedAppend } from './esdb-fault.js';
import { EsdbAppender } from './esdb.appender.js';
import { EsdbConnector } from './esdb.connector.js';
import { EsdbLogReader } from './esdb.log-reader.js';
import { EsdbPatience } from './esdb.patience.js';
import { StoreError } from './store-error.js';

export interface EsdbBootstrapOptions {
  /** With the credentials of a member of `$admins`. A node without TLS keeps the rules, and obeys them once it has users. */
  readonly connectionString: string;
  /** Name of the user that the server will be: it must exist. */
  readonly engineUser: string;
  /** For each call of the node. Default 10,000. */
  readonly timeoutMs?: number;
}

export interface BootstrappedStream {
  readonly stream: string;
  readonly changed: boolean;
}

/** Throws StoreError: InvalidArgument, AccessDenied, StoreUnavailable, AppendOutcomeUnknown, WrongExpectedRevision. */
export async function bootstrapEsdb(options: EsdbBootstrapOptions): Promise<readonly BootstrappedStream[]> {
  const { connectionString, engineUser, timeoutMs = 10_000 } = options;
  const target = parseConnectionString(connectionString);
  if (target.tls && !target.credentials && target.userCertFile === undefined) {
    throw new StoreError('InvalidArgument', 'the credentials of an administrator are needed');
  }
  if (!/^[\x21-\x7e]{1,250}$/.test(engineUser) || engineUser.startsWith('$')) {
    throw new StoreError('InvalidArgument', 'the name of the user is 1 to 250 printable characters, the first not "$"');
  }
  const connector = await EsdbConnector.to(target);
  const closing = new AbortController();
  const appender = new EsdbAppender(connector);
  const reader = new EsdbLogReader(connector, closing.signal, timeoutMs, new EsdbPatience(0));
  try {
    const done: BootstrappedStream[] = [];
    for (const document of accessDocuments(engineUser)) {
      done.push({ stream: document.stream, changed: await settle(document, reader, appender, timeoutMs) });
    }
    return done;
  } finally {
    await appender.close();
    closing.abort();
  }
}

async function settle(
  document: AccessDocument,
  reader: EsdbLogReader,
  appender: EsdbAppender,
  timeoutMs: number,
): Promise<boolean> {
  const { stream, type } = document;
  const last = await reader.lastOf(stream);
  const standing = last ? (JSON.parse(last.data) as Json) : {};
  const wanted = document.change(standing);
  if (isDeepStrictEqual(wanted, standing)) return false;
  const expected = last ? last.revision : 'no_stream';
  const event = { id: randomUUID(), type, data: JSON.stringify(wanted), metadata: '{}' };
  const answer = await appender.append(
    { correlationId: randomUUID(), stream, expected, events: [event] },
    { timeoutMs },
  );
  if (answer.kind === 'refused') throw refusedAppend(answer.refusal, stream, expected);
  return true;
}
