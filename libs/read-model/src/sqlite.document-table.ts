// A document view as one table: a row per key, its fields as columns, the document as JSON.
import type { FieldValue } from '@app/kernel';
import type { SqliteDatabase, SqliteStatement } from '@app/event-store/nest';
import { isOfType } from './entry-terms.js';
import type { Statements } from './sqlite.views-file.js';
import { compareText, compareValues, originalText, storedText } from './text-order.js';
import type { DeclaredField, DocumentDeclaration } from './view-declaration.js';
import type { DocumentQuery, FieldFilter } from './view-store.js';
import type { StoredDocument } from './view-request.js';
import type { DocumentChange } from './view-writer.js';

/** Up to so many combinations of listed values are walked one index range each; more are left to one scan. */
const COMBINATIONS_MAX = 16;

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export class SqliteDocumentTable {
  private readonly table: string;

  constructor(
    generation: number,
    private readonly declaration: DocumentDeclaration,
    private readonly statements: Statements,
  ) {
    this.table = documentTable(generation);
  }

  read(key: string): string | undefined {
    const row: unknown = this.statements.get(`SELECT doc FROM ${this.table} WHERE key = ?`).get(storedText(key));
    return (row as [string] | undefined)?.[0];
  }

  write(changes: readonly DocumentChange[]): void {
    const columns = this.declaration.fields.map(() => '?, ').join('');
    const put = this.statements.get(`INSERT OR REPLACE INTO ${this.table} VALUES (?, ${columns}?)`);
    const remove = this.statements.get(`DELETE FROM ${this.table} WHERE key = ?`);
    for (const { key, json, values, changed } of changes) {
      if (json === undefined) remove.run(storedText(key));
      else if (changed)
        this.rewrite(changed).run(...changed.map((at) => stored(values[at] ?? null)), json, storedText(key));
      else put.run(storedText(key), ...values.map(stored), json);
    }
  }

  /** Only indexes over what changed are touched. */
  private rewrite(changed: readonly number[]): SqliteStatement {
    const columns = changed.map((at) => `c${at} = ?, `).join('');
    return this.statements.get(`UPDATE ${this.table} SET ${columns}doc = ? WHERE key = ?`);
  }

  find({ filters = [], sort, after, limit }: DocumentQuery): StoredDocument[] {
    const column = this.column(sort.field).name;
    const alternatives = this.alternatives(filters);
    const order = sort.descending ? 'DESC' : 'ASC';
    const beyond = sort.descending ? '<' : '>';
    const found: StoredDocument[] = [];
    if (after?.value !== null) {
      const place = after
        ? [{ sql: `(${column}, key) ${beyond} (?, ?)`, values: [stored(after.value) ?? '', storedText(after.key)] }]
        : [];
      const some = { sql: `${column} IS NOT NULL`, values: [] };
      found.push(
        ...this.walk(
          column,
          alternatives,
          [some, ...place],
          `${column} ${order}, key ${order}`,
          sort.descending,
          limit,
        ),
      );
    }
    if (found.length < limit) {
      const place = after && after.value === null ? [{ sql: `key ${beyond} ?`, values: [storedText(after.key)] }] : [];
      const none = { sql: `${column} IS NULL`, values: [] };
      found.push(
        ...this.walk(column, alternatives, [none, ...place], `key ${order}`, sort.descending, limit - found.length),
      );
    }
    return found;
  }

  count(filters: readonly FieldFilter[]): number {
    return this.aggregate('count(*)', filters);
  }

  sum(field: string, filters: readonly FieldFilter[]): number {
    const { name, declared } = this.column(field);
    if (declared.type !== 'number') throw new Error(`view ${this.declaration.name}: "${field}" is no number field`);
    return this.aggregate(`total(${name})`, filters);
  }

  private aggregate(expression: string, filters: readonly FieldFilter[]): number {
    const conditions = this.conditions(filters);
    if (!conditions) return 0;
    const row = this.statements.get(`SELECT ${expression} FROM ${this.table}${where(conditions)}`);
    return (row.get(...conditions.flatMap(({ values }) => values)) as [number])[0];
  }

  private walk(
    column: string,
    alternatives: readonly (readonly Condition[])[],
    bounds: readonly Condition[],
    order: string,
    descending: boolean,
    limit: number,
  ): StoredDocument[] {
    const pages = alternatives.map((conditions) => {
      const all = [...conditions, ...bounds];
      const sql = `SELECT key, ${column}, doc FROM ${this.table}${where(all)} ORDER BY ${order} LIMIT ?`;
      const rows = this.statements.get(sql).all(...all.flatMap(({ values }) => values), limit);
      return (rows as [string, FieldValue, string][]).map(document);
    });
    const [only] = pages;
    if (pages.length <= 1) return only ?? [];
    const sign = descending ? -1 : 1;
    return pages
      .flat()
      .sort((a, b) => sign * comparePlaces(a, b))
      .slice(0, limit);
  }

  /** The filters with every list of values taken apart; none when nothing can match. */
  private alternatives(filters: readonly FieldFilter[]): (readonly Condition[])[] {
    let alternatives: FieldFilter[][] = [[]];
    for (const filter of filters) {
      const values = 'in' in filter ? [...new Set(filter.in)] : [];
      const apart = 'in' in filter && alternatives.length * values.length <= COMBINATIONS_MAX;
      const choices: FieldFilter[] = apart ? values.map((equals) => ({ field: filter.field, equals })) : [filter];
      alternatives = alternatives.flatMap((some) => choices.map((choice) => [...some, choice]));
    }
    return alternatives.map((some) => this.conditions(some)).filter((conditions) => conditions !== undefined);
  }

  private conditions(filters: readonly FieldFilter[]): Condition[] | undefined {
    const conditions: Condition[] = [];
    for (const filter of filters) {
      const condition = this.condition(filter);
      if (!condition) return undefined;
      conditions.push(condition);
    }
    return conditions;
  }

  private condition(filter: FieldFilter): Condition | undefined {
    const { name, declared } = this.column(filter.field);
    if ('equals' in filter) {
      if (filter.equals === null) return { sql: `${name} IS NULL`, values: [] };
      return isOfType(declared, filter.equals)
        ? { sql: `${name} = ?`, values: [storedBound(filter.equals)] }
        : undefined;
    }
    if ('in' in filter) {
      const values = filter.in.filter((value) => isOfType(declared, value)).map(storedBound);
      return { sql: `${name} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(values)] };
    }
    const { from, to } = filter;
    if (!isOfType(declared, from) || !isOfType(declared, to)) return undefined;
    const bounds = [
      ...(from === undefined ? [] : [{ sql: `${name} >= ?`, value: storedBound(from) }]),
      ...(to === undefined ? [] : [{ sql: `${name} <= ?`, value: storedBound(to) }]),
    ];
    if (bounds.length === 0) return { sql: `${name} IS NOT NULL`, values: [] };
    return { sql: bounds.map(({ sql }) => sql).join(' AND '), values: bounds.map(({ value }) => value) };
  }

  private column(field: string): { readonly name: string; readonly declared: DeclaredField } {
    const index = this.declaration.fields.findIndex(({ name }) => name === field);
    const declared = this.declaration.fields[index];
    if (!declared) throw new Error(`view ${this.declaration.name} has no field "${field}"`);
    return { name: `c${index}`, declared };
  }
}

/** Columns have no type of their own: nothing is converted, neither on the way in nor in a comparison. */
export function createDocumentTable(
  database: SqliteDatabase,
  generation: number,
  declaration: DocumentDeclaration,
): void {
  const table = documentTable(generation);
  const columns = declaration.fields.map((_, index) => `c${index} ANY, `).join('');
  database.exec(`CREATE TABLE ${table} (key TEXT NOT NULL PRIMARY KEY, ${columns}doc TEXT NOT NULL) STRICT`);
  for (const [number, fields] of declaration.indexes.entries()) {
    const parts = fields.map((field) => `c${declaration.fields.findIndex(({ name }) => name === field)}`);
    database.exec(`CREATE INDEX ${table}_${number} ON ${table} (${[...parts, 'key'].join(', ')})`);
  }
}

export function documentTable(generation: number): string {
  return `d${generation}`;
}

function where(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
}

function stored(value: FieldValue): FieldValue {
  return typeof value === 'string' ? storedText(value) : value;
}

function storedBound(value: string | number): string | number {
  return typeof value === 'string' ? storedText(value) : value;
}

function document([key, value, json]: [string, FieldValue, string]): StoredDocument {
  return { key: originalText(key), value: typeof value === 'string' ? originalText(value) : value, json };
}

function comparePlaces(a: StoredDocument, b: StoredDocument): number {
  const byValue = a.value === null || b.value === null ? 0 : compareValues(a.value, b.value);
  return byValue || compareText(a.key, b.key);
}
