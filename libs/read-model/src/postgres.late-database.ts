// The database of the views, which need not be there yet: it is opened when somebody needs it, and its tables are prepared.
import { StoreError } from '@app/event-store';
import type { PostgresOptions } from '@app/event-store/nest';
import { PostgresDatabase } from '@app/event-store/nest';
import { prepareViewsSchema } from './postgres.views-schema.js';

export class LateDatabase {
  private opening: Promise<PostgresDatabase> | undefined;
  private closed = false;

  constructor(private readonly options: PostgresOptions) {}

  /** Throws StoreError, StoreUnavailable while it cannot be reached; the next call tries again. */
  get(): Promise<PostgresDatabase> {
    if (this.closed) return Promise.reject(new StoreError('Closed', 'the views are closed'));
    this.opening ??= this.open().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.closed = true;
    const database = await this.opening?.catch(() => undefined);
    await database?.close();
  }

  private async open(): Promise<PostgresDatabase> {
    const database = await PostgresDatabase.open(this.options);
    try {
      await prepareViewsSchema(database);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }
}
