// The file of the views: opened, checked, set aside when it is damaged. Everything in it can be made anew from the log.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GlobalPosition } from '@app/kernel';
import type { SqliteDatabase, SqliteStatement } from '@app/event-store/nest';
import { openDatabase, pragma, prepareRows, SQLITE_CORRUPT, SQLITE_NOTADB, sqliteCode } from '@app/event-store/nest';
import type { ViewDeclaration } from './view-declaration.js';

export const VIEWS_FILE = 'views.db';
/** Raise it when the tables below or those of a view change their shape: the file is then made anew. */
const FORMAT = 2;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS views (
  generation INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  declaration TEXT NOT NULL,
  answering INTEGER NOT NULL,
  rebuild TEXT,
  position TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS mark (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  position TEXT NOT NULL,
  event_id TEXT NOT NULL,
  previous TEXT
) STRICT;
PRAGMA user_version = ${FORMAT};`;

/** One making of one view: its tables carry the number of the generation. */
export interface Generation {
  readonly generation: number;
  readonly declaration: ViewDeclaration;
  readonly answering: boolean;
  readonly rebuild: string | null;
  readonly position: GlobalPosition | undefined;
}

/**
 * Sees to it that `views.db` can be used: a damaged one, or one of another format, is renamed and made anew.
 * @returns the name the unusable file has now, or undefined when all is well.
 */
export function prepareViewsFile(directory: string): string | undefined {
  if (directory === ':memory:') return undefined;
  mkdirSync(directory, { recursive: true });
  const path = join(directory, VIEWS_FILE);
  if (!existsSync(path)) return undefined;
  const damaged = existsSync(damageMark(directory)) || !isUsable(path);
  return damaged ? setAside(directory) : undefined;
}

/** Leaves word that the file was found damaged while in use: the next start sets it aside. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

export function damageMark(directory: string): string {
  return join(directory, `${VIEWS_FILE}.damaged`);
}

export function openViewsForWriting(directory: string): SqliteDatabase {
  const database = openDatabase(directory === ':memory:' ? directory : join(directory, VIEWS_FILE));
  // A lost tail of commits is folded again from the log: only the log itself must survive a power cut.
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -24576; PRAGMA wal_autocheckpoint = 4000');
  database.exec(SCHEMA);
  return database;
}

export function openViewsForReading(directory: string): SqliteDatabase {
  const database = openDatabase(join(directory, VIEWS_FILE), { readOnly: true });
  database.exec('PRAGMA cache_size = -16384');
  return database;
}

export function generationsOf(database: SqliteDatabase): Generation[] {
  return (prepareRows(database, `${GENERATION_COLUMNS} ORDER BY generation`).all() as GenerationRow[]).map(
    generationOf,
  );
}

export const GENERATION_COLUMNS = 'SELECT generation, declaration, answering, rebuild, position FROM views';
export type GenerationRow = [number, string, number, string | null, string | null];

export function generationOf([generation, declaration, answering, rebuild, position]: GenerationRow): Generation {
  return {
    generation,
    declaration: JSON.parse(declaration) as ViewDeclaration,
    answering: answering === 1,
    rebuild,
    position: position ?? undefined,
  };
}

/** Statements by their text: each is compiled once. */
export class Statements {
  private readonly known = new Map<string, SqliteStatement>();

  constructor(private readonly database: SqliteDatabase) {}

  get(sql: string): SqliteStatement {
    let statement = this.known.get(sql);
    if (!statement) {
      if (this.known.size >= 500) this.known.clear();
      statement = prepareRows(this.database, sql);
      this.known.set(sql, statement);
    }
    return statement;
  }

  forget(): void {
    this.known.clear();
  }
}

function isUsable(path: string): boolean {
  let database: SqliteDatabase | undefined;
  try {
    database = openDatabase(path);
    const format = pragma(database, 'user_version');
    if (format === FORMAT) generationsOf(database);
    const isNew = pragma(database, 'schema_version') === 0;
    return format === FORMAT || isNew;
  } catch (error) {
    if (isDamage(error) || error instanceof SyntaxError) return false;
    throw error;
  } finally {
    database?.close();
  }
}

function setAside(directory: string): string {
  const path = join(directory, VIEWS_FILE);
  let number = 1;
  while (existsSync(`${path}.set-aside-${number}`)) number += 1;
  const aside = `${path}.set-aside-${number}`;
  renameSync(path, aside);
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  rmSync(damageMark(directory), { force: true });
  return aside;
}
