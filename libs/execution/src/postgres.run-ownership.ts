// Ownership of runs among servers that share a database: each holds a lock under its own name for as long as it lives.
// PostgreSQL lets go of the lock when the connection dies; who finds it free for a while takes over.
import type { Clock, IdSource } from '@app/kernel';
import type { Migration, PostgresDatabase, PostgresLock } from '@app/event-store/nest';
import { RunOwnership } from './run-ownership.js';

/** Longer than a connection takes to come back after a restart of the database: its owner is to have it first. */
const FREE_FOR_MS = 6_000;
const LOOK_EVERY_MS = 2_000;
/** Owner of the runs that were begun before there were several servers. */
const NOBODY = 'nobody';

const steps: readonly Migration[] = [
  {
    name: 'servers',
    sql: `CREATE TABLE servers (id text PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
          INSERT INTO servers (id) VALUES ('${NOBODY}')`,
  },
];

export interface PostgresRunOwnershipOptions {
  readonly database: PostgresDatabase;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: { error(message: string, details: object): void };
  /** How long a lock must have been free before it is taken over; default 6 000. */
  readonly freeForMs?: number;
}

export class PostgresRunOwnership extends RunOwnership {
  readonly lookEveryMs: number;
  private name = '';
  private own: PostgresLock | undefined;
  /** Locks of servers that are gone, held on their behalf. */
  private readonly inherited = new Map<string, PostgresLock>();
  /** When a lock was first found free. */
  private readonly freeSinceMs = new Map<string, number>();
  private closed = false;

  private constructor(private readonly options: PostgresRunOwnershipOptions) {
    super();
    this.lookEveryMs = Math.min(LOOK_EVERY_MS, this.freeForMs);
  }

  /** Throws StoreError. */
  static async open(options: PostgresRunOwnershipOptions): Promise<PostgresRunOwnership> {
    await options.database.migrate('run-ownership', steps);
    const ownership = new PostgresRunOwnership(options);
    await ownership.takeName();
    return ownership;
  }

  get self(): string {
    return this.name;
  }

  owns(server: string | undefined): boolean {
    return server === this.name || this.inherited.get(server ?? NOBODY)?.isHeld === true;
  }

  async takeOver(): Promise<readonly string[]> {
    if (this.closed) return [];
    await this.keepName();
    for (const [server, lock] of this.inherited) if (!lock.isHeld) this.inherited.delete(server);
    const known = await this.options.database.rows<[string]>('SELECT id FROM servers');
    const others = known.map(([id]) => id).filter((id) => id !== this.name && !this.inherited.has(id));
    for (const id of this.freeSinceMs.keys()) if (!others.includes(id)) this.freeSinceMs.delete(id);
    const gained: string[] = [];
    for (const id of others) if (await this.inherit(id)) gained.push(id);
    return gained;
  }

  async settled(server: string): Promise<void> {
    const lock = this.inherited.get(server);
    if (!lock) return;
    if (server !== NOBODY && lock.isHeld) {
      await this.options.database.execute('DELETE FROM servers WHERE id = $1', [server]);
    }
    // The lock of nobody is kept: there is nothing that could free it again.
    if (server === NOBODY) return;
    this.inherited.delete(server);
    await lock.release();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const lock of this.inherited.values()) await lock.release();
    await this.own?.release();
  }

  private get freeForMs(): number {
    return this.options.freeForMs ?? FREE_FOR_MS;
  }

  private async inherit(server: string): Promise<boolean> {
    const lock = await this.options.database.tryLock(server);
    if (!lock) {
      this.freeSinceMs.delete(server);
      return false;
    }
    const nowMs = this.options.clock.nowMs();
    const since = this.freeSinceMs.get(server) ?? nowMs;
    this.freeSinceMs.set(server, since);
    if (server !== NOBODY && nowMs - since < this.freeForMs) {
      await lock.release();
      return false;
    }
    this.freeSinceMs.delete(server);
    this.inherited.set(server, lock);
    return true;
  }

  /** The own lock goes with its connection; it is taken again, and under a new name when somebody was faster. */
  private async keepName(): Promise<void> {
    if (this.own?.isHeld) return;
    const again = await this.options.database.tryLock(this.name);
    if (again) {
      this.own = again;
      return;
    }
    this.options.log.error('another server has taken over the runs of this one', { server: this.name });
    await this.takeName();
  }

  private async takeName(): Promise<void> {
    const { database, ids } = this.options;
    const name = ids.next();
    const lock = await database.tryLock(name);
    if (!lock) throw new Error('a new name cannot be taken');
    try {
      await database.execute('INSERT INTO servers (id) VALUES ($1)', [name]);
    } catch (error) {
      await lock.release();
      throw error;
    }
    this.name = name;
    this.own = lock;
  }
}
