// The port through which the edge has a refusal recorded before it answers with it.
import type { Channel, RefusalKind, RequestContext } from '@app/kernel';

export interface RefusalEntry {
  readonly kind: RefusalKind;
  readonly method: string;
  /** Without the query, which may hold what must not be recorded. */
  readonly path: string;
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Why, for the audit trail only: the one who was turned away was not told. */
  readonly detail?: string;
  /** What the refused command was about, as far as the route tells. */
  readonly resourceType?: string;
  readonly resourceId?: string;
}

export abstract class RefusalLog {
  /**
   * Resolves once the entry is as durable as any event, or is counted into an entry that stands for many, or is kept
   * until the log, away for now, takes it. Throws StoreError when it will not be recorded: then the answer is another one.
   */
  abstract record(entry: RefusalEntry, context: RequestContext): Promise<void>;
}

const readOnlyMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whoever is turned away is recorded always; a refused command only when it was a command: behind a webhook, by whatever
 * method it is called, is one always.
 */
export function isRecorded(kind: RefusalKind, method: string, channel: Channel): boolean {
  switch (kind) {
    case 'unauthenticated':
    case 'forbidden':
      return true;
    case 'conflict':
    case 'state':
      return channel === 'webhook' || !readOnlyMethods.has(method);
    default:
      return false;
  }
}
