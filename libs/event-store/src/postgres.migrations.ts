// The steps by which tables come to be what this version of the code expects: each done once, by one server.
import { createHash } from 'node:crypto';
import type { PostgresSession } from './postgres.session.js';
import { StoreError } from './store-error.js';

export interface Migration {
  /** Unique within its component. */
  readonly name: string;
  /** One or more statements. A step that was released is never changed: what is to be otherwise is a new step. */
  readonly sql: string;
}

interface AppliedRow {
  readonly name: string;
  readonly digest: string;
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS runledger_migrations (
    component text NOT NULL,
    name text NOT NULL,
    ordinal integer NOT NULL,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, name)
  )`;

/** Inside one transaction without a statement timeout: either all the steps that are missing are done, or none. */
export async function applyMigrations(
  session: PostgresSession,
  lock: string,
  component: string,
  steps: readonly Migration[],
): Promise<void> {
  await session.query('SELECT pg_advisory_xact_lock($1)', [lock]);
  await session.execute(TABLE);
  const applied = await session.query<AppliedRow>(
    'SELECT name, digest FROM runledger_migrations WHERE component = $1 ORDER BY ordinal',
    [component],
  );
  refuseStrange(component, applied, steps);
  for (const [ordinal, { name, sql }] of steps.entries()) {
    if (ordinal < applied.length) continue;
    await session.execute(sql);
    await session.execute(
      'INSERT INTO runledger_migrations (component, name, ordinal, digest) VALUES ($1, $2, $3, $4)',
      [component, name, ordinal, digestOf(sql)],
    );
  }
}

/** What was applied must be the beginning of what we know: otherwise these tables are not ours to touch. */
function refuseStrange(component: string, applied: readonly AppliedRow[], steps: readonly Migration[]): void {
  for (const [ordinal, { name, digest }] of applied.entries()) {
    const step = steps[ordinal];
    if (!step) {
      throw new StoreError(
        'InvalidArgument',
        `the tables of "${component}" were made by a newer version of Runledger (step "${name}"): start that version`,
      );
    }
    if (step.name !== name || digestOf(step.sql) !== digest) {
      throw new StoreError(
        'InvalidArgument',
        `the tables of "${component}" were made by other steps than this version knows (step "${name}")`,
      );
    }
  }
}

function digestOf(sql: string): string {
  return createHash('sha256').update(sql.replace(/\s+/g, ' ').trim()).digest('hex');
}
