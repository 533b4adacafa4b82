// Writes the views in PostgreSQL. Of all servers one folds at a time: it holds a lock for as long as its connection lives,
// and each of its transactions proves that no other server has taken over since.
import type { GlobalPosition, Projection } from '@app/kernel';
import { StoreError } from '@app/event-store';
import type { PostgresDatabase, PostgresLock, PostgresSession } from '@app/event-store/nest';
import { createDocumentTable, documentTable, PostgresDocumentTable } from './postgres.document-table.js';
import { createEntryTables, dropEntryTables, PostgresEntryTable } from './postgres.entry-table.js';
import {
  channelsOf,
  FOLDING_LOCK,
  type Generation,
  generationsOf,
  insertGeneration,
  STATUS,
} from './postgres.views-schema.js';
import { declarationOf, type ViewDeclaration } from './view-declaration.js';
import type { RebuiltView } from './view-store.js';
import type { LogMark, ViewChanges, ViewProgress } from './view-writer.js';
import { ViewWriter } from './view-writer.js';

type OpenTable =
  | { readonly kind: 'document'; readonly generation: number; readonly table: PostgresDocumentTable }
  | { readonly kind: 'entry'; readonly generation: number; readonly table: PostgresEntryTable };

interface FoldingRow {
  readonly position: string | null;
  readonly event_id: string | null;
  readonly previous: string | null;
}

export class PostgresViewWriter extends ViewWriter {
  private readonly tables = new Map<string, OpenTable>();
  private declarations: readonly ViewDeclaration[] = [];
  private connected: PostgresDatabase | undefined;
  private lock: PostgresLock | undefined;
  private epoch = 0;

  /** @param connect called for each claim; throws StoreError StoreUnavailable while the database cannot be reached. */
  constructor(private readonly connect: () => Promise<PostgresDatabase>) {
    super();
  }

  get isClaimed(): boolean {
    return this.lock?.isHeld === true;
  }

  /** Aborted when the claim is lost; undefined while there is none. */
  get lost(): AbortSignal | undefined {
    return this.lock?.lost;
  }

  async claim(): Promise<boolean> {
    if (this.isClaimed) return true;
    await this.giveUp();
    const database = await this.connect();
    const lock = await database.tryLock(FOLDING_LOCK);
    if (!lock) return false;
    try {
      // Waits for what a predecessor, whose lock was lost, has not finished yet.
      const [row] = await database.rows<[number]>(
        'UPDATE view_folding SET epoch = epoch + 1, failed = NULL RETURNING epoch',
      );
      this.epoch = row?.[0] ?? 0;
      this.connected = database;
      this.lock = lock;
      return true;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async open(projections: readonly Projection[]): Promise<readonly ViewProgress[]> {
    this.declarations = projections.map(declarationOf);
    const names = new Set(this.declarations.map(({ name }) => name));
    if (names.size !== this.declarations.length) throw new Error('two views have the same name');
    return this.alone(async (session) => {
      const reason = (await this.marked(session)) ? 'new' : null;
      const known = await generationsOf(session);
      for (const one of known) if (!names.has(one.declaration.name)) await drop(session, one);
      for (const declaration of this.declarations) {
        const ofView = known.filter((one) => one.declaration.name === declaration.name);
        await openView(session, declaration, ofView, reason);
      }
      return this.openTables(session);
    });
  }

  async reset(): Promise<readonly ViewProgress[]> {
    return this.alone(async (session) => {
      await dropAll(session);
      for (const declaration of this.declarations) await create(session, declaration, true, 'log_restored');
      return this.openTables(session);
    });
  }

  /** Throws every view away, durably: whoever opens them next makes them anew. @returns their names. */
  async discard(): Promise<readonly string[]> {
    return this.alone(async (session) => {
      await session.execute('SET LOCAL synchronous_commit = on');
      return dropAll(session);
    });
  }

  mark(): Promise<LogMark | undefined> {
    return this.marked(this.database);
  }

  async read(view: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const open = this.table(view);
    if (open.kind !== 'document') throw new Error(`${view} is no document view`);
    return open.table.read(this.database, keys);
  }

  async commit(
    changes: readonly ViewChanges[],
    position: GlobalPosition | undefined,
    mark: LogMark | undefined,
  ): Promise<void> {
    await this.alone(async (session) => {
      const moved: number[] = [];
      for (const { view, documents, entries, answersFromNow } of changes) {
        const open = this.table(view);
        if (open.kind === 'document') await open.table.write(session, documents);
        else await open.table.write(session, entries);
        moved.push(open.generation);
        if (answersFromNow) await replace(session, view, open.generation);
      }
      await session.execute(
        { name: 'views_move', text: 'UPDATE view_generations SET position = $1 WHERE generation = ANY($2::integer[])' },
        [position ?? null, moved],
      );
      if (mark) {
        const text = 'UPDATE view_folding SET position = $1, event_id = $2, previous = $3';
        await session.execute({ name: 'views_mark', text }, [mark.position, mark.eventId, mark.previous ?? null]);
      }
      await this.announce(session);
    });
  }

  /** Tells the other servers why folding stopped, or that it goes on. */
  async tellFailure(failed: string | undefined): Promise<void> {
    await this.alone(async (session) => {
      await session.execute('UPDATE view_folding SET failed = $1', [failed ?? null]);
      await this.announce(session);
    });
  }

  async close(): Promise<void> {
    await this.giveUp();
  }

  private get database(): PostgresDatabase {
    if (!this.connected) throw new StoreError('StoreUnavailable', 'nobody has claimed the views yet');
    return this.connected;
  }

  private async giveUp(): Promise<void> {
    const lock = this.lock;
    this.lock = undefined;
    this.tables.clear();
    await lock?.release();
  }

  private async announce(session: PostgresSession): Promise<void> {
    const text = `SELECT pg_notify($1, ${STATUS}) FROM view_folding`;
    await session.execute({ name: 'views_announce', text }, [channelsOf(this.database.schema).progress]);
  }

  private async marked(session: PostgresSession): Promise<LogMark | undefined> {
    const [row] = await session.query<FoldingRow>('SELECT position, event_id, previous FROM view_folding');
    if (!row || row.position === null || row.event_id === null) return undefined;
    return { position: row.position, eventId: row.event_id, previous: row.previous ?? undefined };
  }

  private async openTables(session: PostgresSession): Promise<readonly ViewProgress[]> {
    this.tables.clear();
    const generations = await generationsOf(session);
    const progress: ViewProgress[] = [];
    for (const declaration of this.declarations) {
      const own = generations.find((one) => fits(one, declaration));
      if (!own) throw new Error(`view ${declaration.name} was not created`);
      this.tables.set(declaration.name, await openTable(session, declaration, own.generation));
      const { position, answering, rebuild } = own;
      progress.push({ view: declaration.name, position, answering, ...(rebuild ? { rebuild } : {}) });
    }
    return progress;
  }

  private table(view: string): OpenTable {
    const open = this.tables.get(view);
    if (!open) throw new Error(`there is no view ${view}`);
    return open;
  }

  /**
   * A transaction that only the one folding server can commit. Its last commits may be lost when the database crashes:
   * they are folded again from the log, together with the position that they belong to.
   */
  private async alone<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    if (!this.isClaimed) throw new StoreError('StoreUnavailable', "the views are not this server's to fold any more");
    try {
      return await this.database.transaction(async (session) => {
        const text = `SELECT set_config('synchronous_commit', 'off', true) FROM view_folding WHERE epoch = $1 FOR UPDATE`;
        const held = await session.rows({ name: 'views_fence', text }, [this.epoch]);
        if (held.length === 0) throw new StoreError('StoreUnavailable', 'another server has taken over the views');
        return work(session);
      });
    } catch (error) {
      // What the tables hold in memory may be ahead of the database now, or the epoch is over: begin anew.
      await this.giveUp();
      throw error;
    }
  }
}

/** Keeps the generation that fits the declaration, or begins one. */
async function openView(
  session: PostgresSession,
  declaration: ViewDeclaration,
  known: readonly Generation[],
  reason: RebuiltView['reason'] | null,
): Promise<void> {
  const fitting = known.find((one) => fits(one, declaration));
  const answering = known.find((one) => one.answering && one.usable);
  for (const one of known) if (one !== fitting && one !== answering) await drop(session, one);
  if (fitting) return;
  const was = known.some((one) => one.answering);
  await create(session, declaration, !answering, was ? 'changed' : reason);
}

async function create(
  session: PostgresSession,
  declaration: ViewDeclaration,
  answering: boolean,
  rebuild: RebuiltView['reason'] | null,
): Promise<void> {
  const generation = await insertGeneration(session, declaration, answering, rebuild);
  if (declaration.kind === 'document') await createDocumentTable(session, generation, declaration);
  else await createEntryTables(session, generation);
}

async function replace(session: PostgresSession, view: string, generation: number): Promise<void> {
  for (const old of await generationsOf(session, view)) if (old.generation !== generation) await drop(session, old);
  await session.execute('UPDATE view_generations SET answering = true, rebuild = NULL WHERE generation = $1', [
    generation,
  ]);
}

async function dropAll(session: PostgresSession): Promise<readonly string[]> {
  const known = await generationsOf(session);
  for (const one of known) await drop(session, one);
  await session.execute('UPDATE view_folding SET position = NULL, event_id = NULL, previous = NULL');
  return [...new Set(known.map(({ declaration }) => declaration.name))];
}

async function drop(session: PostgresSession, { generation, declaration }: Generation): Promise<void> {
  if (declaration.kind === 'document') await session.execute(`DROP TABLE IF EXISTS ${documentTable(generation)}`);
  else await dropEntryTables(session, generation);
  await session.execute('DELETE FROM view_generations WHERE generation = $1', [generation]);
}

async function openTable(
  session: PostgresSession,
  declaration: ViewDeclaration,
  generation: number,
): Promise<OpenTable> {
  if (declaration.kind === 'document') {
    return { kind: 'document', generation, table: new PostgresDocumentTable(generation, declaration) };
  }
  return { kind: 'entry', generation, table: await PostgresEntryTable.load(session, generation, declaration) };
}

function fits({ usable, declaration: own }: Generation, declaration: ViewDeclaration): boolean {
  return usable && JSON.stringify(own) === JSON.stringify(declaration);
}
