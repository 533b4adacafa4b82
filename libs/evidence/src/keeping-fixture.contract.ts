// A log with evidence, in a directory of its own and without threads: what suites about the making of evidence have in common.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '@app/kernel';
import { anonymousActor, timestamp } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { SqliteEventStore } from '@app/event-store/nest';
import { EvidenceKeeping } from './evidence-keeping.worker.js';
import type { EvidenceThreadStart, FromEvidence } from './evidence-messages.js';
import { openEvidencePlace, settleIdentity } from './evidence-parts.thread.js';
import type { EvidenceStatus } from './evidence-status.js';
import type { EvidenceStore } from './evidence-store.js';

export interface RunningKeeping {
  readonly store: EvidenceStore;
  readonly told: string[];
  status(): EvidenceStatus;
  suspect(index: number): Promise<void>;
  /** Asks until the status is so. Fails with the status after ten seconds. */
  until(isSo: (status: EvidenceStatus) => boolean): Promise<EvidenceStatus>;
  stop(): Promise<void>;
}

export class KeptLog {
  readonly directory = mkdtempSync(join(tmpdir(), 'evidence-keeping-'));
  private log: SqliteEventStore | undefined;
  private running: RunningKeeping | undefined;

  get logPath(): string {
    return join(this.directory, 'log.db');
  }

  get evidencePath(): string {
    return join(this.directory, 'evidence.db');
  }

  /** The log, open for writing. */
  async events(): Promise<SqliteEventStore> {
    this.log ??= await SqliteEventStore.open({ directory: this.directory });
    return this.log;
  }

  /** So that its file can be worked on. */
  async closeLog(): Promise<void> {
    await this.log?.close();
    this.log = undefined;
  }

  start(more: Partial<EvidenceThreadStart> = {}): EvidenceThreadStart {
    const { directory } = this;
    return {
      log: { kind: 'sqlite', directory },
      place: { kind: 'sqlite', directory },
      key: { file: join(directory, 'evidence.key'), memoryFile: join(directory, 'evidence.key.signed') },
      witnesses: [],
      scrubRate: 100_000,
      ...more,
    };
  }

  /** Makes evidence until it is stopped, one at a time. Rejects as the start of a server would. */
  async keep(more: Partial<EvidenceThreadStart> = {}): Promise<RunningKeeping> {
    if (this.running) throw new Error('the evidence of this log is being made already: a directory has one server');
    if (!existsSync(this.logPath)) await this.events();
    const start = this.start(more);
    const events = await SqliteEventStore.openReader({ directory: this.directory });
    const keeping = await runKeeping(start, events);
    const stop = async (): Promise<void> => {
      if (this.running === running) this.running = undefined;
      await keeping.stop();
    };
    const running = { ...keeping, stop };
    this.running = running;
    return running;
  }

  async remove(): Promise<void> {
    await this.running?.stop();
    await this.closeLog();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** @param events closed when it stops */
export async function runKeeping(start: EvidenceThreadStart, events: EventStore): Promise<RunningKeeping> {
  const store = await openEvidencePlace(start.place);
  const identity = await settleIdentity(store, start).catch(async (error: unknown) => {
    await store.close();
    await events.close();
    throw error;
  });
  const told: string[] = [];
  let current: EvidenceStatus | undefined;
  const hear = (message: FromEvidence): void => {
    if (message.kind === 'told') told.push(message.line);
    else if (message.kind !== 'refused') current = message.status;
  };
  const stop = new AbortController();
  const keeping = new EvidenceKeeping(start, store, events, identity, hear);
  const run = keeping.run(stop.signal);
  const until: RunningKeeping['until'] = async (isSo) => {
    for (const end = Date.now() + 10_000; ;) {
      if (current && isSo(current)) return current;
      if (Date.now() > end) throw new Error(`it did not come to that: ${JSON.stringify(current)}`);
      await new Promise((later) => setTimeout(later, 10));
    }
  };
  return {
    store,
    told,
    status: () => current as EvidenceStatus,
    suspect: (index) => keeping.suspect(index),
    until,
    stop: async () => {
      stop.abort();
      await run;
      await store.close();
      await events.close();
    },
  };
}

const metadata = {
  actor: anonymousActor,
  channel: 'rest',
  correlationId: 'c-1',
  occurredAt: timestamp(Date.UTC(2026, 4, 2)),
  schemaVersion: 1,
} as const;

export function newEvent(data: object = { step: 1 }, type = 'StepCompleted'): NewEvent {
  return { id: randomUUID(), type, data, metadata };
}

/** Appends one event after the other to a stream of its own. @returns its name */
export async function appendRun(
  events: EventStore,
  count: number,
  stream = `execution-${randomUUID()}`,
): Promise<string> {
  for (let revision = 0; revision < count; revision += 1) {
    const expectedRevision = revision === 0 ? ('no_stream' as const) : revision - 1;
    await events.append(stream, [newEvent({ step: revision })], { expectedRevision });
  }
  return stream;
}
