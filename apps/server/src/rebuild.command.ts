// runledger rebuild: throws the views of a server away; it makes them anew from the log. Nothing else is touched.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { StoreError } from '@app/event-store';
import { lockDataDirectory } from '@app/event-store/nest';
import { discardPostgresViews } from '@app/read-model/nest';
import type { OperatorWorld } from './operator.command.js';
import { schemaName, schemaOf } from './schema-name.command.js';

interface Arguments {
  readonly from?: string;
  readonly views?: string;
  readonly schema?: string;
  readonly json?: true;
}

const VIEWS = 'views.db';
/** The file itself last: what a killed command leaves is a whole database, or none. */
const files = [`${VIEWS}-shm`, `${VIEWS}-wal`, VIEWS];

export function addRebuild(program: Command, world: OperatorWorld): void {
  program
    .command('rebuild')
    .summary('throw the views of a server away, to be made anew from the log')
    .description(
      'Deletes the views: lists, dashboards, the index of the audit trail. They hold nothing of their own; the next start of a ' +
        'server makes them anew from the log, and /readyz answers 503 until that is done. All servers must be stopped. Views are ' +
        'in PostgreSQL where VIEWS_URL is set or --views is given, else in the data directory.',
    )
    .option('--from <directory>', 'the data directory, also when VIEWS_URL is set (default: $DATA_DIR, or ./data)')
    .option('--views <url>', 'the PostgreSQL that holds the views (default: $VIEWS_URL)')
    .option('--schema <name>', 'its schema (default: $VIEWS_SCHEMA, or runledger)', schemaName)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Addresses with passwords are better given as environment variables: arguments are shown to every user of this machine.

Examples:
  runledger rebuild --from ./data && npm start
  VIEWS_URL=postgres://... runledger rebuild`,
    )
    .action((given: Arguments) => rebuild(world, given));
}

async function rebuild(world: OperatorWorld, given: Arguments): Promise<void> {
  const { env } = world;
  if (given.from !== undefined && given.views !== undefined) {
    throw new StoreError('InvalidArgument', 'give either --from or --views');
  }
  const shared = given.views ?? (given.from === undefined ? env['VIEWS_URL'] : undefined);
  if (shared) return rebuildShared(world, given, shared);
  await rebuildFile(world, given, given.from ?? (env['DATA_DIR'] || './data'));
  if (env['VIEWS_URL']) world.err('the views in PostgreSQL (VIEWS_URL) were not touched: without --from they are\n');
}

async function rebuildShared(world: OperatorWorld, given: Arguments, url: string): Promise<void> {
  const schema = schemaOf(given.schema, world.env);
  const { place, names } = await discardPostgresViews({ url, schema });
  tell(world, given, { place, deleted: names });
}

async function rebuildFile(world: OperatorWorld, given: Arguments, directory: string): Promise<void> {
  if (!['log.db', VIEWS].some((name) => existsSync(join(directory, name)))) {
    throw new StoreError(
      'InvalidArgument',
      `"${directory}" is no data directory: there is neither a log nor are there views`,
    );
  }
  const lock = await lockDataDirectory(directory);
  const deleted = files.filter((name) => existsSync(join(directory, name)));
  try {
    for (const name of deleted) rmSync(join(directory, name));
  } finally {
    await lock.release();
  }
  tell(world, given, { place: directory, deleted });
}

interface Deleted {
  /** Without credentials. */
  readonly place: string;
  /** Files, or names of views. */
  readonly deleted: readonly string[];
}

function tell({ out }: OperatorWorld, { json }: Arguments, { place, deleted }: Deleted): void {
  if (json) out(`${JSON.stringify({ place, deleted })}\n`);
  else if (deleted.length === 0) out(`there were no views in ${place}; the next start of a server makes them\n`);
  else out(`deleted the views in ${place}; the next start of a server makes them anew from the log\n`);
}
