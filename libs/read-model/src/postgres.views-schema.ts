// The tables that say which views there are in a PostgreSQL schema, how far they are, and who may fold them. Rows of a view
// lie in tables of their own generation.
import type { GlobalPosition } from '@app/kernel';
import { sha256Hex } from '@app/kernel';
import type { PostgresDatabase, PostgresSession } from '@app/event-store/nest';
import type { ViewDeclaration } from './view-declaration.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

/** Raise it when the tables of a view change their shape: every view is then made anew. */
const FORMAT = 1;

/** `epoch` grows with each server that takes the folding over: what an earlier one still sends is refused by it. */
const STEPS = [
  {
    name: 'views and their folding',
    sql: `
      CREATE TABLE view_generations (
        generation integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        format integer NOT NULL,
        name text COLLATE "C" NOT NULL,
        declaration text NOT NULL,
        answering boolean NOT NULL,
        rebuild text,
        position text COLLATE "C"
      );
      CREATE UNIQUE INDEX view_generations_answering ON view_generations (name) WHERE answering;
      CREATE TABLE view_folding (
        only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
        epoch bigint NOT NULL,
        position text COLLATE "C",
        event_id text,
        previous text COLLATE "C",
        failed text
      );
      INSERT INTO view_folding (epoch) VALUES (0);`,
  },
];

export function prepareViewsSchema(database: PostgresDatabase): Promise<void> {
  return database.migrate('views', STEPS);
}

/** The one server that folds holds the lock of this name. */
export const FOLDING_LOCK = 'folding';

export interface Channels {
  /** How far the views are, as JSON of a ViewStatus. */
  readonly progress: string;
  /** Somebody waits for what was appended just now. */
  readonly hurry: string;
}

/** Channels belong to the whole database, and their names are short. */
export function channelsOf(schema: string): Channels {
  const mark = sha256Hex(schema).slice(0, 16);
  return { progress: `views_progress_${mark}`, hurry: `views_hurry_${mark}` };
}

/** One making of one view: its tables carry the number of the generation. */
export interface Generation {
  readonly generation: number;
  /** Whether its tables have the shape that this version of the code knows. */
  readonly usable: boolean;
  readonly declaration: ViewDeclaration;
  readonly answering: boolean;
  readonly rebuild: RebuiltView['reason'] | undefined;
  readonly position: GlobalPosition | undefined;
}

type GenerationRow = [number, number, string, boolean, RebuiltView['reason'] | null, string | null];

/** In the order in which they were begun; of one view when it is named. */
export async function generationsOf(session: PostgresSession, view?: string): Promise<readonly Generation[]> {
  const rows = await session.rows<GenerationRow>(
    `SELECT generation, format, declaration, answering, rebuild, position FROM view_generations
      WHERE $1::text IS NULL OR name = $1 ORDER BY generation`,
    [view ?? null],
  );
  return rows.map(([generation, format, declaration, answering, rebuild, position]) => ({
    generation,
    usable: format === FORMAT,
    declaration: JSON.parse(declaration) as ViewDeclaration,
    answering,
    rebuild: rebuild ?? undefined,
    position: position ?? undefined,
  }));
}

export async function insertGeneration(
  session: PostgresSession,
  declaration: ViewDeclaration,
  answering: boolean,
  rebuild: RebuiltView['reason'] | null,
): Promise<number> {
  const [row] = await session.rows<[number]>(
    `INSERT INTO view_generations (format, name, declaration, answering, rebuild) VALUES ($1, $2, $3, $4, $5)
      RETURNING generation`,
    [FORMAT, declaration.name, JSON.stringify(declaration), answering, rebuild],
  );
  if (!row) throw new Error(`view ${declaration.name} was not created`);
  return row[0];
}

/** The status of the views as JSON, from `view_folding`. Announcements are short: a long reason is cut. */
export const STATUS = `json_build_object('position', position, 'failed', left(failed, 1000),
  'rebuilding', ARRAY(SELECT DISTINCT name FROM view_generations WHERE rebuild IS NOT NULL OR NOT answering))::text`;

/** What whoever does not fold knows of the views. */
export async function storedStatus(session: PostgresSession): Promise<ViewStatus> {
  const [row] = await session.rows<[string]>({ name: 'views_status', text: `SELECT ${STATUS} FROM view_folding` });
  return statusOf(row?.[0] ?? '{"rebuilding": []}');
}

export function statusOf(json: string): ViewStatus {
  const { position, failed, rebuilding } = JSON.parse(json) as {
    readonly [key in 'position' | 'failed']?: string | null;
  } & Pick<ViewStatus, 'rebuilding'>;
  return { position: position ?? undefined, rebuilding, ...(failed ? { failed } : {}) };
}
