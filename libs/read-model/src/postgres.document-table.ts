// A document view as one PostgreSQL table, as its writer sees it: a row per key, its fields as columns, the document as JSON.
import type { PostgresSession } from '@app/event-store/nest';
import { originalText, storedText } from './text-order.js';
import type { DeclaredField, DocumentDeclaration } from './view-declaration.js';
import type { DocumentChange } from './view-writer.js';

export class PostgresDocumentTable {
  private readonly table: string;
  private readonly upsert: string;

  constructor(
    generation: number,
    private readonly declaration: DocumentDeclaration,
  ) {
    this.table = documentTable(generation);
    this.upsert = upsertOf(this.table, declaration.fields);
  }

  async read(session: PostgresSession, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await session.rows<[string, string]>(
      { name: `${this.table}_read`, text: `SELECT key, doc FROM ${this.table} WHERE key = ANY($1::text[])` },
      [keys.map(storedText)],
    );
    return new Map(rows.map(([key, json]) => [originalText(key), json]));
  }

  async write(session: PostgresSession, changes: readonly DocumentChange[]): Promise<void> {
    const removed = changes.filter(({ json }) => json === undefined).map(({ key }) => storedText(key));
    if (removed.length > 0) {
      await session.execute(`DELETE FROM ${this.table} WHERE key = ANY($1::text[])`, [removed]);
    }
    const written = changes.filter(({ json }) => json !== undefined);
    if (written.length === 0) return;
    await session.execute({ name: `${this.table}_upsert`, text: this.upsert }, [
      written.map(({ key }) => storedText(key)),
      ...this.declaration.fields.map((_, index) => written.map(({ values }) => stored(values[index] ?? null))),
      written.map(({ json }) => json ?? null),
    ]);
  }
}

/**
 * Texts compare by code point. Pages keep room, so that a document whose fields stay as they are is rewritten beside itself,
 * without a change to any index.
 */
export async function createDocumentTable(
  session: PostgresSession,
  generation: number,
  declaration: DocumentDeclaration,
): Promise<void> {
  const table = documentTable(generation);
  const columns = declaration.fields.map(({ type }, index) => `c${index} ${columnType(type)}, `).join('');
  await session.execute(
    `CREATE TABLE ${table} (key text COLLATE "C" PRIMARY KEY, ${columns}doc text NOT NULL) WITH (fillfactor = 80)`,
  );
  for (const [number, fields] of declaration.indexes.entries()) {
    const parts = fields.map((field) => `c${declaration.fields.findIndex(({ name }) => name === field)}`);
    await session.execute(`CREATE INDEX ${table}_${number} ON ${table} (${[...parts, 'key'].join(', ')})`);
  }
}

export function documentTable(generation: number): string {
  return `d${generation}`;
}

function upsertOf(table: string, fields: readonly DeclaredField[]): string {
  const columns = ['key', ...fields.map((_, index) => `c${index}`), 'doc'];
  const types = ['text', ...fields.map(({ type }) => arrayType(type)), 'text'];
  const lists = types.map((type, index) => `$${index + 1}::${type}[]`);
  const changes = columns.slice(1).map((column) => `${column} = EXCLUDED.${column}`);
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT * FROM unnest(${lists.join(', ')})
    ON CONFLICT (key) DO UPDATE SET ${changes.join(', ')}`;
}

function columnType(type: DeclaredField['type']): string {
  return type === 'number' ? 'double precision' : 'text COLLATE "C"';
}

export function arrayType(type: DeclaredField['type']): string {
  return type === 'number' ? 'double precision' : 'text';
}

/** As a column holds it: PostgreSQL's texts cannot hold U+0000. */
export function stored<Value extends string | number | null>(value: Value): Value {
  return (typeof value === 'string' ? storedText(value) : value) as Value;
}
