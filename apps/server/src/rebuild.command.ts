// runledger rebuild: throws the views of a data directory away; the server makes them anew from the log. Nothing else is touched.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { StoreError } from '@app/event-store';
import { lockDataDirectory } from '@app/event-store/nest';
import type { OperatorWorld } from './operator.command.js';

interface Arguments {
  readonly from?: string;
  readonly json?: true;
}

const VIEWS = 'views.db';
/** The file itself last: what a killed command leaves is a whole database, or none. */
const files = [`${VIEWS}-shm`, `${VIEWS}-wal`, VIEWS];

export function addRebuild(program: Command, world: OperatorWorld): void {
  program
    .command('rebuild')
    .summary('throw the views of a data directory away, to be made anew from the log')
    .description(
      'Deletes the views of a data directory: lists, dashboards, the index of the audit trail. They hold nothing of their own; ' +
        'the next start of the server makes them anew from the log. The server must be stopped. Views in PostgreSQL are not ' +
        'touched.',
    )
    .option('--from <directory>', 'the data directory (default: $DATA_DIR, or ./data)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  runledger rebuild --from ./data && npm start')
    .action((given: Arguments) => rebuild(world, given));
}

async function rebuild(world: OperatorWorld, given: Arguments): Promise<void> {
  const directory = given.from ?? (world.env['DATA_DIR'] || './data');
  if (!['log.db', VIEWS].some((name) => existsSync(join(directory, name)))) {
    throw new StoreError(
      'InvalidArgument',
      `${directory} is no data directory: there is neither a log nor are there views`,
    );
  }
  const lock = await lockDataDirectory(directory);
  const deleted = files.filter((name) => existsSync(join(directory, name)));
  try {
    for (const name of deleted) rmSync(join(directory, name));
  } finally {
    await lock.release();
  }
  const told =
    deleted.length === 0
      ? `there were no views in ${directory}; the next start of the server makes them\n`
      : `deleted the views in ${directory}; the next start of the server makes them anew from the log\n`;
  world.out(given.json ? `${JSON.stringify({ directory, deleted })}\n` : told);
}
