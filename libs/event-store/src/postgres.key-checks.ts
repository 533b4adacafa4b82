import { KeyChecks } from './key-checks.js';
import type { PostgresDatabase } from './postgres.database.js';
import type { Migration } from './postgres.migrations.js';
import { StoreError } from './store-error.js';

const STEPS: readonly Migration[] = [
  {
    name: 'key checks',
    sql: 'CREATE TABLE key_checks (name text COLLATE "C" PRIMARY KEY, value text NOT NULL)',
  },
];

export class PostgresKeyChecks extends KeyChecks {
  private constructor(private readonly database: PostgresDatabase) {
    super();
  }

  static async open(database: PostgresDatabase): Promise<PostgresKeyChecks> {
    await database.migrate('key checks', STEPS);
    return new PostgresKeyChecks(database);
  }

  async keep(name: string, value: string): Promise<string> {
    // Two statements, so that the second sees what another server committed while the first waited for it.
    await this.database.execute('INSERT INTO key_checks VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, value]);
    const [row] = await this.database.query<{ value: string }>('SELECT value FROM key_checks WHERE name = $1', [name]);
    if (!row) throw new StoreError('StoreUnavailable', 'a check value disappeared while it was read');
    return row.value;
  }
}
