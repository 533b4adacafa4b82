// Answers queries from one connection, synchronously; each query sees one commit. Documents stay JSON text: whoever
// needs them as objects parses them.
import type { GlobalPosition } from '@app/kernel';
import type { SqliteDatabase } from '@app/event-store/nest';
import { type Conditions, conditionsOf } from './entry-conditions.js';
import { checkPosition, FacetGroups } from './entry-selection.js';
import { offsetsOf } from './postings.js';
import { SqliteDocumentTable } from './sqlite.document-table.js';
import { SqliteEntryIndex } from './sqlite.entry-index.js';
import { GENERATION_COLUMNS, generationOf, type GenerationRow, Statements } from './sqlite.views-file.js';
import type { EntryDeclaration } from './view-declaration.js';
import type { ReadRequest, StoredDocument, StoredEntry } from './view-request.js';
import type { DocumentQuery, EntryQuery, EntrySelection, FacetCount, FieldFilter } from './view-store.js';

type OpenView =
  | { readonly kind: 'document'; readonly generation: number; readonly table: SqliteDocumentTable }
  | {
      readonly kind: 'entry';
      readonly generation: number;
      readonly declaration: EntryDeclaration;
      readonly index: SqliteEntryIndex;
    };
type EntryView = Extract<OpenView, { kind: 'entry' }>;

export class SqliteViewReader {
  private readonly statements: Statements;
  private readonly views = new Map<string, OpenView>();

  constructor(private readonly database: SqliteDatabase) {
    this.statements = new Statements(database);
  }

  get(view: string, key: string): string | undefined {
    return this.snapshot(() => this.documents(view).read(key));
  }

  find(view: string, query: DocumentQuery): StoredDocument[] {
    return this.snapshot(() => this.documents(view).find(query));
  }

  count(view: string, filters: readonly FieldFilter[]): number {
    return this.snapshot(() => {
      const open = this.open(view);
      if (open.kind === 'document') return open.table.count(filters);
      return this.tally(open, { filters }).reduce((sum, count) => sum + count, 0);
    });
  }

  sum(view: string, field: string, filters: readonly FieldFilter[]): number {
    return this.snapshot(() => this.documents(view).sum(field, filters));
  }

  entries(view: string, { descending, after, limit, ...selection }: EntryQuery): StoredEntry[] {
    return this.snapshot(() => {
      const { index, declaration } = this.entryView(view);
      const conditions = conditionsOf(declaration, selection);
      const last = this.lastUpTo(index, selection.asOf);
      const from = descending || after === undefined ? 1 : Math.max(1, after + 1);
      const to = descending && after !== undefined ? Math.min(last, after - 1) : last;
      return this.page(index, conditions, from, to, descending, limit);
    });
  }

  entryBy(view: string, field: string, value: string): StoredEntry | undefined {
    return this.entries(view, { filters: [{ field, equals: value }], descending: true, limit: 1 })[0];
  }

  facetCounts(view: string, facets: readonly string[], selection: EntrySelection): FacetCount[] {
    return this.snapshot(() => {
      const open = this.entryView(view);
      const groups = new FacetGroups(open.declaration, facets);
      return groups.of(open.index.facetValues, this.tally(open, selection));
    });
  }

  close(): void {
    this.statements.forget();
    this.database.close();
  }

  private page(
    index: SqliteEntryIndex,
    conditions: Conditions,
    from: number,
    to: number,
    descending: boolean,
    limit: number,
  ): StoredEntry[] {
    const page: StoredEntry[] = [];
    for (const [first, set] of index.matches(conditions, from, to, descending)) {
      for (const offset of offsetsOf(set, descending, limit - page.length)) {
        const sequence = first + offset;
        page.push({ sequence, position: index.rows.positionOf(sequence), json: index.rows.jsonOf(sequence) });
      }
      if (page.length >= limit) break;
    }
    return page;
  }

  /** How many of the selected entries have each facet number. */
  private tally({ index, declaration }: EntryView, selection: EntrySelection): number[] {
    const counts = Array<number>(index.facetValues.length).fill(0);
    const last = this.lastUpTo(index, selection.asOf);
    for (const [first, set] of index.matches(conditionsOf(declaration, selection), 1, last, false)) {
      for (const offset of offsetsOf(set, false, Number.POSITIVE_INFINITY)) {
        const facet = index.facetAt(first + offset);
        counts[facet] = (counts[facet] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** The last entry of events up to the position: entries stand in the order of the log. */
  private lastUpTo(index: SqliteEntryIndex, asOf: GlobalPosition | undefined): number {
    if (asOf === undefined) return index.lastSequence;
    let within = 0;
    let beyond = index.lastSequence + 1;
    checkPosition(asOf, beyond > 1 ? index.rows.positionOf(1) : undefined);
    while (beyond - within > 1) {
      const middle = Math.floor((within + beyond) / 2);
      if (index.rows.positionOf(middle) <= asOf) within = middle;
      else beyond = middle;
    }
    return within;
  }

  private documents(view: string): SqliteDocumentTable {
    const open = this.open(view);
    if (open.kind !== 'document') throw new Error(`${view} is no document view`);
    return open.table;
  }

  private entryView(view: string): EntryView {
    const open = this.open(view);
    if (open.kind !== 'entry') throw new Error(`${view} is no entry view`);
    return open;
  }

  /** What answers for the view in this snapshot: another generation than last time once a rebuild has ended. */
  private open(view: string): OpenView {
    const row: unknown = this.statements.get(`${GENERATION_COLUMNS} WHERE name = ? AND answering = 1`).get(view);
    if (!row) throw new Error(`there is no view ${view}`);
    const known = this.views.get(view);
    const open = known?.generation === (row as GenerationRow)[0] ? known : this.opened(row as GenerationRow);
    this.views.set(view, open);
    if (open.kind === 'entry') open.index.refresh();
    return open;
  }

  private opened(row: GenerationRow): OpenView {
    const { generation, declaration } = generationOf(row);
    return declaration.kind === 'document'
      ? { kind: 'document', generation, table: new SqliteDocumentTable(generation, declaration, this.statements) }
      : { kind: 'entry', generation, declaration, index: new SqliteEntryIndex(generation, this.statements) };
  }

  private snapshot<T>(read: () => T): T {
    this.statements.get('BEGIN').run();
    try {
      return read();
    } finally {
      this.statements.get('COMMIT').run();
    }
  }
}

/** The answer to a request that came as a message. */
export function answerTo(reader: SqliteViewReader, request: ReadRequest): unknown {
  switch (request.method) {
    case 'get':
      return reader.get(request.view, request.key);
    case 'find':
      return reader.find(request.view, request.query);
    case 'count':
      return reader.count(request.view, request.filters);
    case 'sum':
      return reader.sum(request.view, request.field, request.filters);
    case 'entries':
      return reader.entries(request.view, request.query);
    case 'entryBy':
      return reader.entryBy(request.view, request.field, request.value);
    case 'facetCounts':
      return reader.facetCounts(request.view, request.facets, request.selection);
  }
}
