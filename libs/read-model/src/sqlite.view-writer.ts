// Writes the views of one file. A view's rows live in tables of their own generation, so that a new making of a view grows
// beside the one that answers queries, and takes its place in one transaction.
import type { GlobalPosition, Projection } from '@app/kernel';
import type { SqliteDatabase } from '@app/event-store/nest';
import { createDocumentTable, documentTable, SqliteDocumentTable } from './sqlite.document-table.js';
import { createEntryTables, entryTables, SqliteEntryTable } from './sqlite.entry-table.js';
import { type Generation, generationsOf, Statements } from './sqlite.views-file.js';
import { declarationOf, type ViewDeclaration } from './view-declaration.js';
import type { RebuiltView } from './view-store.js';
import type { LogMark, ViewChanges, ViewProgress } from './view-writer.js';
import { ViewWriter } from './view-writer.js';

type OpenTable =
  | { readonly kind: 'document'; readonly generation: number; readonly table: SqliteDocumentTable }
  | { readonly kind: 'entry'; readonly generation: number; readonly table: SqliteEntryTable };

/** The file is one server's own: whoever opened it may write. */
export class SqliteViewWriter extends ViewWriter {
  readonly isClaimed = true;
  private readonly statements: Statements;
  private readonly tables = new Map<string, OpenTable>();
  private declarations: readonly ViewDeclaration[] = [];

  /** @param wasDamaged the file is new because its predecessor had to be set aside. */
  constructor(
    private readonly database: SqliteDatabase,
    private readonly wasDamaged = false,
  ) {
    super();
    this.statements = new Statements(database);
  }

  async claim(): Promise<boolean> {
    return true;
  }

  async open(projections: readonly Projection[]): Promise<readonly ViewProgress[]> {
    this.declarations = projections.map(declarationOf);
    const names = new Set(this.declarations.map(({ name }) => name));
    if (names.size !== this.declarations.length) throw new Error('two views have the same name');
    return this.atomically(() => {
      const reason = this.wasDamaged ? 'damaged' : this.marked() ? 'new' : null;
      const known = generationsOf(this.database);
      for (const { generation, declaration } of known)
        if (!names.has(declaration.name)) this.drop(generation, declaration);
      for (const declaration of this.declarations) {
        const ofView = known.filter((one) => one.declaration.name === declaration.name);
        this.openView(declaration, ofView, reason);
      }
      return this.openTables();
    });
  }

  async reset(): Promise<readonly ViewProgress[]> {
    return this.atomically(() => {
      for (const { generation, declaration } of generationsOf(this.database)) this.drop(generation, declaration);
      this.database.exec('DELETE FROM mark');
      for (const declaration of this.declarations) this.create(declaration, true, 'log_restored');
      return this.openTables();
    });
  }

  async mark(): Promise<LogMark | undefined> {
    return this.marked();
  }

  private marked(): LogMark | undefined {
    const row: unknown = this.statements.get('SELECT position, event_id, previous FROM mark').get();
    if (!row) return undefined;
    const [position, eventId, previous] = row as [string, string, string | null];
    return { position, eventId, previous: previous ?? undefined };
  }

  async read(view: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const open = this.table(view);
    if (open.kind !== 'document') throw new Error(`${view} is no document view`);
    const rows = new Map<string, string>();
    for (const key of keys) {
      const json = open.table.read(key);
      if (json !== undefined) rows.set(key, json);
    }
    return rows;
  }

  async commit(
    changes: readonly ViewChanges[],
    position: GlobalPosition | undefined,
    mark: LogMark | undefined,
  ): Promise<void> {
    this.atomically(() => {
      const move = this.statements.get('UPDATE views SET position = ? WHERE generation = ?');
      for (const { view, documents, entries, answersFromNow } of changes) {
        const open = this.table(view);
        if (open.kind === 'document') open.table.write(documents);
        else open.table.write(entries);
        move.run(position ?? null, open.generation);
        if (answersFromNow) this.replace(view, open.generation);
      }
      if (!mark) return;
      const sql = 'INSERT OR REPLACE INTO mark VALUES (1, ?, ?, ?)';
      this.statements.get(sql).run(mark.position, mark.eventId, mark.previous ?? null);
    });
  }

  async close(): Promise<void> {
    if (!this.database.isOpen) return;
    this.statements.forget();
    // The driver may keep the file open until its statements are collected; what is in it should be there now.
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.database.close();
  }

  /** Keeps the generation that fits the declaration, or begins one. */
  private openView(
    declaration: ViewDeclaration,
    known: readonly Generation[],
    reason: RebuiltView['reason'] | null,
  ): void {
    const text = JSON.stringify(declaration);
    const fitting = known.find((one) => JSON.stringify(one.declaration) === text);
    const answering = known.find((one) => one.answering);
    for (const one of known) if (one !== fitting && one !== answering) this.drop(one.generation, one.declaration);
    if (!fitting) this.create(declaration, !answering, answering ? 'changed' : reason);
  }

  private create(declaration: ViewDeclaration, answering: boolean, rebuild: RebuiltView['reason'] | null): void {
    const insert = this.statements.get('INSERT INTO views (name, declaration, answering, rebuild) VALUES (?, ?, ?, ?)');
    const { name } = declaration;
    const { lastInsertRowid } = insert.run(name, JSON.stringify(declaration), answering ? 1 : 0, rebuild);
    const generation = Number(lastInsertRowid);
    if (declaration.kind === 'document') createDocumentTable(this.database, generation, declaration);
    else createEntryTables(this.database, generation);
  }

  private replace(view: string, generation: number): void {
    for (const old of generationsOf(this.database)) {
      if (old.declaration.name === view && old.generation !== generation) this.drop(old.generation, old.declaration);
    }
    this.statements.get('UPDATE views SET answering = 1, rebuild = NULL WHERE generation = ?').run(generation);
  }

  private drop(generation: number, declaration: ViewDeclaration): void {
    const tables =
      declaration.kind === 'document' ? [documentTable(generation)] : Object.values(entryTables(generation));
    for (const table of tables) this.database.exec(`DROP TABLE ${table}`);
    this.statements.get('DELETE FROM views WHERE generation = ?').run(generation);
  }

  private openTables(): readonly ViewProgress[] {
    this.tables.clear();
    const generations = generationsOf(this.database);
    return this.declarations.map((declaration) => {
      const text = JSON.stringify(declaration);
      const own = generations.find((one) => JSON.stringify(one.declaration) === text);
      if (!own) throw new Error(`view ${declaration.name} was not created`);
      this.tables.set(declaration.name, this.openTable(declaration, own.generation));
      const { position, answering } = own;
      const rebuild = own.rebuild as RebuiltView['reason'] | null;
      return { view: declaration.name, position, answering, ...(rebuild ? { rebuild } : {}) };
    });
  }

  private openTable(declaration: ViewDeclaration, generation: number): OpenTable {
    return declaration.kind === 'document'
      ? { kind: 'document', generation, table: new SqliteDocumentTable(generation, declaration, this.statements) }
      : { kind: 'entry', generation, table: new SqliteEntryTable(generation, declaration, this.statements) };
  }

  private table(view: string): OpenTable {
    const open = this.tables.get(view);
    if (!open) throw new Error(`there is no view ${view}`);
    return open;
  }

  private atomically<T>(work: () => T): T {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      // What the tables hold in memory may be ahead of the file now.
      if (this.tables.size > 0) this.openTables();
      throw error;
    }
  }
}
