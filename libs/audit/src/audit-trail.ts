// Reading the audit trail: pages from the view, single entries from the log itself.
import type { GlobalPosition, RecordedEvent, Refusal } from '@app/kernel';
import { refuse } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import type { EntryQuery, EntryRow, EntrySelection, ViewStore } from '@app/read-model';
import type { AuditFacets, Bucket, BucketCount } from './audit-counts.js';
import { bucketCountOf, countedFacets, facetsOf } from './audit-counts.js';
import { AUDIT_VIEW, listedEntryOf } from './audit-entries.js';
import type { AuditEntry } from './audit-entry.js';
import { auditEntryOf } from './audit-entry.js';
import type { LeafDirectory } from './audit-integrity.js';
import { withLeaves } from './audit-integrity.js';
import { auditCursor } from './audit-query.js';
import type { AuditRow, StoredRow } from './audit-row.js';
import { auditRowOf } from './audit-row.js';

/** Entries that an export reads at once. */
const PORTION = 500;

export interface AuditPage {
  readonly items: readonly AuditEntry[];
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

export type Relation = 'itself' | 'cause' | 'effect' | 'same_correlation';
export type RelatedEntry = AuditEntry & { readonly relation: Relation };

/** Oldest first; `cause` stands apart too, because it may belong to an earlier correlation. */
export interface RelatedEntries {
  readonly items: readonly RelatedEntry[];
  readonly cause?: AuditEntry;
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

export class AuditTrail {
  constructor(
    private readonly views: ViewStore,
    private readonly events: EventStore,
    private readonly leaves: LeafDirectory,
  ) {}

  /** One page. A position in `asOf` that is not of this log is an `invalid` refusal. */
  async page(query: EntryQuery): Promise<AuditPage | Refusal> {
    return positionChecked(async () => {
      const { rows, hasMore } = await this.rows(query);
      const items = await this.listedAll(rows);
      return { items, ...placeBehind(rows, hasMore) };
    });
  }

  /** The entry with all that its limits allow, made from the event in the log; undefined when there is none. */
  async entry(eventId: string): Promise<AuditEntry | undefined> {
    const row = await this.row(eventId);
    if (!row) return undefined;
    const event = (await this.recorded(row.event)) ?? row.event;
    return this.withLeaf(auditEntryOf(event));
  }

  /** Whether there is such an entry, whatever has become of the event in the log. */
  async has(eventId: string): Promise<boolean> {
    return (await this.row(eventId)) !== undefined;
  }

  /** Up to where an export that begins now goes; undefined while the log is empty. */
  async end(): Promise<GlobalPosition | undefined> {
    await this.caughtUp();
    return this.views.position();
  }

  /** All entries of the selection, in portions: whoever reads slowly holds one portion, not the whole. */
  async *portions(selection: EntrySelection, descending: boolean): AsyncGenerator<readonly AuditEntry[]> {
    let after: number | undefined;
    for (;;) {
      const place = after === undefined ? {} : { after };
      const { rows, hasMore } = await this.rows({ ...selection, ...place, descending, limit: PORTION });
      if (rows.length > 0) yield await this.listedAll(rows);
      if (!hasMore) return;
      after = rows.at(-1)?.sequence;
    }
  }

  /** Counts within the selection; reads every selected entry's facets. */
  async facets(selection: EntrySelection): Promise<AuditFacets | Refusal> {
    return positionChecked(async () => {
      await this.caughtUp();
      return facetsOf(await this.views.facetCounts(AUDIT_VIEW, countedFacets, selection));
    });
  }

  /** Counts per bucket and outcome, oldest first. */
  async histogram(buckets: readonly Bucket[]): Promise<readonly BucketCount[] | Refusal> {
    return positionChecked(async () => {
      await this.caughtUp();
      const counted: BucketCount[] = [];
      for (const { fromMs, selection } of buckets) {
        counted.push(bucketCountOf(fromMs, await this.views.facetCounts(AUDIT_VIEW, ['result'], selection)));
      }
      return counted;
    });
  }

  /** What happened in the same correlation, what caused the entry and what it caused; undefined when there is none. */
  async related(
    eventId: string,
    page: { readonly limit: number; readonly after?: number },
  ): Promise<RelatedEntries | undefined> {
    const row = await this.row(eventId);
    if (!row) return undefined;
    const { correlationId, causationId } = row.event.metadata;
    const filters = [{ field: 'correlationId', equals: correlationId }];
    const { rows, hasMore } = await this.rows({ ...page, filters, descending: false });
    const cause = causationId === undefined ? undefined : await this.listed(causationId);
    return {
      items: await withLeaves(
        rows.flatMap(({ doc }) => relatedTo(row.event, doc) ?? []),
        this.leaves,
      ),
      ...(cause ? { cause } : {}),
      ...placeBehind(rows, hasMore),
    };
  }

  /** Read-your-writes: whatever this server has recorded is in the answer, unless the views are too far behind. */
  private async caughtUp(): Promise<void> {
    await this.views.waitFor(this.events.lastAppended);
  }

  private async rows(query: EntryQuery): Promise<{ rows: readonly EntryRow<AuditRow>[]; hasMore: boolean }> {
    await this.caughtUp();
    const found = await this.views.entries<StoredRow>(AUDIT_VIEW, { ...query, limit: query.limit + 1 });
    return { rows: found.slice(0, query.limit).map(readable), hasMore: found.length > query.limit };
  }

  private async row(eventId: string): Promise<AuditRow | undefined> {
    await this.caughtUp();
    const found = await this.views.entryBy<StoredRow>(AUDIT_VIEW, 'eventId', eventId);
    return found && readable(found).doc;
  }

  private async listed(eventId: string): Promise<AuditEntry | undefined> {
    const row = await this.row(eventId);
    return this.withLeaf(row && listedEntryOf(row));
  }

  private listedAll(rows: readonly EntryRow<AuditRow>[]): Promise<AuditEntry[]> {
    return withLeaves(
      rows.flatMap(({ doc }) => listedEntryOf(doc) ?? []),
      this.leaves,
    );
  }

  private async withLeaf(entry: AuditEntry | undefined): Promise<AuditEntry | undefined> {
    return entry && (await withLeaves([entry], this.leaves))[0];
  }

  private async recorded({ stream, revision }: RecordedEvent): Promise<RecordedEvent | undefined> {
    for await (const event of this.events.readStream(stream, { from: revision, limit: 1 })) return event;
    return undefined;
  }
}

function readable({ sequence, position, doc }: EntryRow<StoredRow>): EntryRow<AuditRow> {
  return { sequence, position, doc: auditRowOf(doc, position) };
}

function placeBehind(rows: readonly EntryRow<AuditRow>[], hasMore: boolean): { nextCursor: string; hasMore: boolean } {
  const last = rows.at(-1);
  return { nextCursor: hasMore && last ? auditCursor(last.sequence) : '', hasMore };
}

function relatedTo(origin: RecordedEvent, row: AuditRow): RelatedEntry | undefined {
  const entry = listedEntryOf(row);
  return entry && { ...entry, relation: relationOf(origin, row.event) };
}

function relationOf(origin: RecordedEvent, other: RecordedEvent): Relation {
  if (other.id === origin.id) return 'itself';
  if (other.id === origin.metadata.causationId) return 'cause';
  return other.metadata.causationId === origin.id ? 'effect' : 'same_correlation';
}

async function positionChecked<T>(read: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await read();
  } catch (error) {
    if (!isStoreError(error, 'InvalidPosition')) throw error;
    const message = 'asOf must be a position of this log, as entries carry it';
    return refuse('invalid', 'FLK-0304', message, [{ field: 'asOf', message }]);
  }
}
