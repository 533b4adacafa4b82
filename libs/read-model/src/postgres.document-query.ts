// Queries over a document view in PostgreSQL: each is one statement, and so sees one state of the view.
import type { FieldValue } from '@app/kernel';
import type { PostgresSession, PostgresValue } from '@app/event-store/nest';
import { isOfType } from './entry-terms.js';
import { arrayType, documentTable, stored } from './postgres.document-table.js';
import { compareText, compareValues, originalText, storedText } from './text-order.js';
import type { DeclaredField, DocumentDeclaration } from './view-declaration.js';
import type { StoredDocument } from './view-request.js';
import type { DocumentQuery, FieldFilter } from './view-store.js';

/** Up to so many combinations of listed values are walked one index range each; more are left to one scan. */
const COMBINATIONS_MAX = 16;

/** What a filter asks, as SQL over parameters; `none`: only rows without a value in this column. */
interface Condition {
  readonly sql: string;
  readonly none?: string;
}

export class PostgresDocumentQuery {
  private readonly table: string;

  constructor(
    generation: number,
    private readonly declaration: DocumentDeclaration,
    private readonly session: PostgresSession,
  ) {
    this.table = documentTable(generation);
  }

  async get(key: string): Promise<string | undefined> {
    const [row] = await this.session.rows<[string]>(
      { name: `${this.table}_get`, text: `SELECT doc FROM ${this.table} WHERE key = $1` },
      [storedText(key)],
    );
    return row?.[0];
  }

  /** Rows with a value first, then those without: an index walk each, for each combination of listed values. */
  async find({ filters = [], sort, after, limit }: DocumentQuery): Promise<StoredDocument[]> {
    const { name } = this.column(sort.field);
    const beyond = sort.descending ? '<' : '>';
    const walks: string[] = [];
    const parameters = new Parameters();
    const most = parameters.add(limit);
    for (const alternative of this.alternatives(filters)) {
      const conditions = this.conditions(alternative, parameters);
      if (!conditions) continue;
      const walk = (bounds: readonly string[], places: readonly string[]): string => {
        // A column that has no value in any of the rows orders nothing, but leads to the index that begins with it.
        const ordered = [...new Set([...conditions.flatMap(({ none }) => none ?? []), ...places, 'key'])];
        const order = ordered.map((place) => `${place} ${sort.descending ? 'DESC' : 'ASC'}`).join(', ');
        const where = [...conditions.map(({ sql }) => sql), ...bounds].join(' AND ');
        return `(SELECT key, ${name}, doc FROM ${this.table} WHERE ${where} ORDER BY ${order} LIMIT ${most})`;
      };
      if (after?.value !== null) {
        const place =
          after && `(${name}, key) ${beyond} (${parameters.add(stored(after.value))}, ${parameters.key(after)})`;
        walks.push(walk([`${name} IS NOT NULL`, ...(place ? [place] : [])], [name]));
      }
      const place = after?.value === null ? [`key ${beyond} ${parameters.key(after)}`] : [];
      walks.push(walk([`${name} IS NULL`, ...place], [name]));
    }
    if (walks.length === 0) return [];
    const rows = await this.session.rows<[string, FieldValue, string]>(walks.join(' UNION ALL '), parameters.values);
    const sign = sort.descending ? -1 : 1;
    return rows
      .map(document)
      .sort((a, b) => comparePlaces(a, b, sign))
      .slice(0, limit);
  }

  count(filters: readonly FieldFilter[]): Promise<number> {
    return this.aggregate('count(*)', filters);
  }

  async sum(field: string, filters: readonly FieldFilter[]): Promise<number> {
    const { name, declared } = this.column(field);
    if (declared.type !== 'number') throw new Error(`view ${this.declaration.name}: "${field}" is no number field`);
    return this.aggregate(`coalesce(sum(${name}), 0)`, filters);
  }

  private async aggregate(expression: string, filters: readonly FieldFilter[]): Promise<number> {
    const parameters = new Parameters();
    const conditions = this.conditions(filters, parameters);
    if (!conditions) return 0;
    const where = ['true', ...conditions.map(({ sql }) => sql)].join(' AND ');
    const [row] = await this.session.rows<[number]>(
      `SELECT ${expression} FROM ${this.table} WHERE ${where}`,
      parameters.values,
    );
    return row?.[0] ?? 0;
  }

  /** The filters with every list of values taken apart; none when nothing can match. */
  private alternatives(filters: readonly FieldFilter[]): FieldFilter[][] {
    let alternatives: FieldFilter[][] = [[]];
    for (const filter of filters) {
      const values = 'in' in filter ? [...new Set(filter.in)] : [];
      const apart = 'in' in filter && alternatives.length * values.length <= COMBINATIONS_MAX;
      const choices: FieldFilter[] = apart ? values.map((equals) => ({ field: filter.field, equals })) : [filter];
      alternatives = alternatives.flatMap((some) => choices.map((choice) => [...some, choice]));
    }
    return alternatives;
  }

  /** Undefined when no row can meet them. */
  private conditions(filters: readonly FieldFilter[], parameters: Parameters): Condition[] | undefined {
    const conditions: Condition[] = [];
    const before = parameters.values.length;
    for (const filter of filters) {
      const condition = this.condition(filter, parameters);
      if (!condition) {
        // The server refuses a parameter that no statement uses.
        parameters.values.length = before;
        return undefined;
      }
      conditions.push(condition);
    }
    return conditions;
  }

  private condition(filter: FieldFilter, parameters: Parameters): Condition | undefined {
    const { name, declared } = this.column(filter.field);
    if ('equals' in filter) {
      if (filter.equals === null) return { sql: `${name} IS NULL`, none: name };
      if (!isOfType(declared, filter.equals)) return undefined;
      return { sql: `${name} = ${parameters.add(stored(filter.equals))}` };
    }
    if ('in' in filter) {
      const values = filter.in.filter((value) => isOfType(declared, value)).map(stored);
      return { sql: `${name} = ANY(${parameters.add(values)}::${arrayType(declared.type)}[])` };
    }
    const { from, to } = filter;
    if (!isOfType(declared, from) || !isOfType(declared, to)) return undefined;
    const bounds = [
      ...(from === undefined ? [] : [`${name} >= ${parameters.add(stored(from))}`]),
      ...(to === undefined ? [] : [`${name} <= ${parameters.add(stored(to))}`]),
    ];
    return { sql: bounds.length === 0 ? `${name} IS NOT NULL` : bounds.join(' AND ') };
  }

  private column(field: string): { readonly name: string; readonly declared: DeclaredField } {
    const index = this.declaration.fields.findIndex(({ name }) => name === field);
    const declared = this.declaration.fields[index];
    if (!declared) throw new Error(`view ${this.declaration.name} has no field "${field}"`);
    return { name: `c${index}`, declared };
  }
}

class Parameters {
  readonly values: PostgresValue[] = [];

  /** How the statement names the value. */
  add(value: PostgresValue): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  key({ key }: { readonly key: string }): string {
    return this.add(storedText(key));
  }
}

function document([key, value, json]: [string, FieldValue, string]): StoredDocument {
  return { key: originalText(key), value: typeof value === 'string' ? originalText(value) : value, json };
}

/** Rows without a value last in both directions. */
function comparePlaces(a: StoredDocument, b: StoredDocument, sign: number): number {
  if (a.value !== null && b.value !== null) {
    return sign * (compareValues(a.value, b.value) || compareText(a.key, b.key));
  }
  if (a.value === null && b.value === null) return sign * compareText(a.key, b.key);
  return a.value === null ? 1 : -1;
}
