// Answers queries from PostgreSQL, wherever in the world the views are folded. Documents stay JSON text: whoever needs them
// as objects parses them.
import type { GlobalPosition } from '@app/kernel';
import { sqlState } from '@app/event-store/nest';
import type { PostgresSession } from '@app/event-store/nest';
import { conditionsOf } from './entry-conditions.js';
import { checkPosition, FacetGroups } from './entry-selection.js';
import { PostgresDocumentQuery } from './postgres.document-query.js';
import { PostgresEntryIndex } from './postgres.entry-index.js';
import { generationsOf } from './postgres.views-schema.js';
import { offsetsOf } from './postings.js';
import type { EntryDeclaration } from './view-declaration.js';
import type { ReadRequest, StoredEntry } from './view-request.js';
import type { EntryQuery, EntrySelection, FacetCount, FieldFilter } from './view-store.js';

type OpenView =
  | { readonly kind: 'document'; readonly query: PostgresDocumentQuery }
  | { readonly kind: 'entry'; readonly declaration: EntryDeclaration; readonly index: PostgresEntryIndex };
type EntryView = Extract<OpenView, { kind: 'entry' }>;

/** An undefined table, or an undefined function. */
const GONE: readonly (string | undefined)[] = ['42P01', '42883'];
/** So many rebuilds may end while one query is answered. */
const ATTEMPTS = 3;

export class PostgresViewReader {
  private readonly views = new Map<string, Promise<OpenView>>();

  constructor(private readonly session: PostgresSession) {}

  /** Throws StoreError StoreUnavailable while the database cannot be reached. */
  async answer(request: ReadRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.answerOnce(request);
      } catch (error) {
        // A new making of the view has taken the place of the one that was asked.
        if (!GONE.includes(sqlState(error)) || attempt === ATTEMPTS) throw error;
        this.views.delete(request.view);
      }
    }
  }

  private async answerOnce(request: ReadRequest): Promise<unknown> {
    const { view } = request;
    switch (request.method) {
      case 'get':
        return (await this.documents(view)).get(request.key);
      case 'find':
        return (await this.documents(view)).find(request.query);
      case 'count':
        return this.count(view, request.filters);
      case 'sum':
        return (await this.documents(view)).sum(request.field, request.filters);
      case 'entries':
        return this.entries(view, request.query);
      case 'entryBy': {
        const filters = [{ field: request.field, equals: request.value }];
        return (await this.entries(view, { filters, descending: true, limit: 1 }))[0];
      }
      case 'facetCounts':
        return this.facetCounts(view, request.facets, request.selection);
    }
  }

  private async count(view: string, filters: readonly FieldFilter[]): Promise<number> {
    const open = await this.open(view);
    if (open.kind === 'document') return open.query.count(filters);
    return (await this.tally(open, { filters })).reduce((sum, count) => sum + count, 0);
  }

  private async facetCounts(
    view: string,
    facets: readonly string[],
    selection: EntrySelection,
  ): Promise<readonly FacetCount[]> {
    const open = await this.entryView(view);
    const groups = new FacetGroups(open.declaration, facets);
    const tally = await this.tally(open, selection);
    return groups.of(open.index.facetValues, tally);
  }

  private async entries(
    view: string,
    { descending, after, limit, ...selection }: EntryQuery,
  ): Promise<readonly StoredEntry[]> {
    const { index, declaration } = await this.entryView(view);
    const conditions = conditionsOf(declaration, selection);
    await index.refresh();
    const last = await this.lastUpTo(index, selection.asOf);
    const from = descending || after === undefined ? 1 : Math.max(1, after + 1);
    const to = descending && after !== undefined ? Math.min(last, after - 1) : last;
    const sequences: number[] = [];
    for await (const [first, set] of index.matches(conditions, from, to, descending)) {
      for (const offset of offsetsOf(set, descending, limit - sequences.length)) sequences.push(first + offset);
      if (sequences.length >= limit) break;
    }
    return this.rows(index, sequences, descending);
  }

  private async rows(
    { tables }: PostgresEntryIndex,
    sequences: readonly number[],
    descending: boolean,
  ): Promise<readonly StoredEntry[]> {
    if (sequences.length === 0) return [];
    const order = descending ? 'DESC' : 'ASC';
    const rows = await this.session.rows<[number, string, string]>(
      {
        name: `${tables.rows}_page_${order}`,
        text: `SELECT sequence, position, doc FROM ${tables.rows} WHERE sequence = ANY($1::bigint[])
          ORDER BY sequence ${order}`,
      },
      [sequences],
    );
    return rows.map(([sequence, position, json]) => ({ sequence, position, json }));
  }

  /** How many of the selected entries have each facet number. */
  private async tally({ index, declaration }: EntryView, selection: EntrySelection): Promise<readonly number[]> {
    const conditions = conditionsOf(declaration, selection);
    await index.refresh();
    const last = await this.lastUpTo(index, selection.asOf);
    const counts = Array<number>(index.facetValues.length).fill(0);
    for await (const [first, set] of index.matches(conditions, 1, last, false)) {
      for (const offset of offsetsOf(set, false, Number.POSITIVE_INFINITY)) {
        const facet = index.facetAt(first + offset);
        counts[facet] = (counts[facet] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** The last entry of events up to the position: entries stand in the order of the log. */
  private async lastUpTo(index: PostgresEntryIndex, asOf: GlobalPosition | undefined): Promise<number> {
    const last = index.lastSequence;
    if (asOf === undefined) return last;
    const { rows } = index.tables;
    const [sample] = await this.session.rows<[string]>(`SELECT position FROM ${rows} WHERE sequence = 1`);
    checkPosition(asOf, sample?.[0]);
    const text = `SELECT sequence FROM ${rows} WHERE position <= $1 ORDER BY position DESC LIMIT 1`;
    const [within] = await this.session.rows<[number]>({ name: `${rows}_as_of`, text }, [asOf]);
    return Math.min(last, within?.[0] ?? 0);
  }

  private async documents(view: string): Promise<PostgresDocumentQuery> {
    const open = await this.open(view);
    if (open.kind !== 'document') throw new Error(`${view} is no document view`);
    return open.query;
  }

  private async entryView(view: string): Promise<EntryView> {
    const open = await this.open(view);
    if (open.kind !== 'entry') throw new Error(`${view} is no entry view`);
    return open;
  }

  /** What answers for the view: asked for once, and again when its tables are gone. */
  private open(view: string): Promise<OpenView> {
    let open = this.views.get(view);
    if (!open) {
      open = this.opened(view);
      this.views.set(view, open);
      open.catch(() => this.views.delete(view));
    }
    return open;
  }

  private async opened(view: string): Promise<OpenView> {
    const generations = await generationsOf(this.session, view);
    const answering = generations.find((one) => one.answering);
    if (!answering) throw new Error(`there is no view ${view}`);
    const { generation, declaration } = answering;
    return declaration.kind === 'document'
      ? { kind: 'document', query: new PostgresDocumentQuery(generation, declaration, this.session) }
      : { kind: 'entry', declaration, index: new PostgresEntryIndex(generation, this.session) };
  }
}
