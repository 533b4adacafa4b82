// What operators do with the stores of a server, beside it: carry a log over, back a data directory up. Part of `runledger`.
import { Command, CommanderError } from 'commander';
import { isStoreError, StoreError } from '@app/event-store';
import { DataDirectoryLocked, LogsDiffer } from '@app/event-store/nest';
import { EvidenceDiffers } from '@app/evidence';
import { SecretsDiffer } from '@app/provider';
import type { Backup } from './backup.worker.js';
import { backUp } from './backup.worker.js';
import type { Migration, MigrationPhase } from './migration.worker.js';
import { migrate } from './migration.worker.js';
import { addRebuild } from './rebuild.command.js';
import { schemaName, schemaOf } from './schema-name.command.js';

/** What a command sees of the world. */
export interface OperatorWorld {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Aborted when the operator wants to stop. */
  readonly signal: AbortSignal;
}

/** As of every command of `runledger`. */
const exits = { ok: 0, incomplete: 2, usage: 3 } as const;
const TELL_EVERY_MS = 2_000;

/** Never throws for what a person can cause. Returns the exit code. */
export async function runOperator(args: readonly string[], world: OperatorWorld): Promise<number> {
  const program = new Command('runledger')
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .configureOutput({ writeOut: world.out, writeErr: world.err });
  addMigrate(program, world);
  addBackup(program, world);
  addRebuild(program, world);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exits.ok;
  } catch (error) {
    return exitOf(error, world);
  }
}

function exitOf(error: unknown, world: OperatorWorld): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok : exits.usage;
  const isKnown =
    isStoreError(error) ||
    [DataDirectoryLocked, LogsDiffer, EvidenceDiffers, SecretsDiffer].some((kind) => error instanceof kind);
  const told = isKnown ? (error as Error).message : `a fault of this program itself: ${String((error as Error).stack)}`;
  world.err(`runledger: ${told}\n`);
  return isStoreError(error, 'InvalidArgument') ? exits.usage : exits.incomplete;
}

const urlPattern = /^[a-z+]+:\/\//i;

interface MigrateArguments {
  readonly from?: string;
  readonly to?: string;
  readonly views?: string;
  readonly schema?: string;
  readonly json?: true;
}

function addMigrate(program: Command, world: OperatorWorld): void {
  program
    .command('migrate')
    .summary('carry a log over between a data directory and an EventStoreDB')
    .description(
      'Carries a log over from a data directory to an EventStoreDB, or back: every event with its id, its place and its time, the ' +
        'secrets, the large contents, and what was signed. Goes on where it was interrupted, and proves at the end that both ' +
        'hold the same. No server may work with either of them meanwhile.',
    )
    .option('--from <place>', 'a data directory, or the URL of an EventStoreDB (default: $EVENTSTORE_URL)')
    .option('--to <place>', 'the other of the two (default: $EVENTSTORE_URL)')
    .option(
      '--views <url>',
      'the PostgreSQL beside the EventStoreDB (default: $VIEWS_URL; without: all but the log stays)',
    )
    .option('--schema <name>', 'its schema (default: $VIEWS_SCHEMA, or runledger)', schemaName)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Addresses with passwords are better given as environment variables: arguments are shown to every user of this machine.

Examples:
  EVENTSTORE_URL=esdb://... VIEWS_URL=postgres://... runledger migrate --from ./data
  EVENTSTORE_URL=esdb://... VIEWS_URL=postgres://... runledger migrate --to ./data`,
    )
    .action((given: MigrateArguments) => runMigrate(world, given));
}

async function runMigrate(world: OperatorWorld, given: MigrateArguments): Promise<void> {
  const { env } = world;
  const { from = env['EVENTSTORE_URL'], to = env['EVENTSTORE_URL'] } = given;
  const viewsUrl = given.views ?? (env['VIEWS_URL'] || undefined);
  if (!from || !to) throw usage('give --from and --to, or one of them and EVENTSTORE_URL');
  const outwards = !urlPattern.test(from);
  if (outwards !== urlPattern.test(to)) {
    throw usage('one of --from and --to is a data directory, the other the URL of an EventStoreDB');
  }
  const done = await migrate({
    directory: outwards ? from : to,
    eventStoreUrl: outwards ? to : from,
    outwards,
    viewsSchema: schemaOf(given.schema, env),
    ...(viewsUrl === undefined ? {} : { viewsUrl }),
    warn: (line) => world.err(`${line}\n`),
    onProgress: teller(world),
    signal: world.signal,
    nowMs: world.nowMs,
  });
  world.out(given.json ? `${JSON.stringify(done)}\n` : migrationText(done, outwards));
}

function migrationText(done: Migration, outwards: boolean): string {
  const { from, to, events, appended, secrets, contents, digest, root } = done;
  const lines = [
    `${from} and ${to} hold the same ${events} events (${appended} of them carried over now).`,
    `digest    ${digest}`,
    ...(root
      ? [`root      ${root.hash}`, `          of ${root.size} leaves of ${root.log}; ${root.signed} signed trees agree`]
      : ['root      none: nothing was ever signed']),
    `besides   ${secrets} secrets, ${contents} large contents`,
    outwards
      ? `The log in ${from} is marked as moved. Start servers with EVENTSTORE_URL, and the keys of that directory.`
      : `Start the server with DATA_DIR=${to} and without EVENTSTORE_URL; start none on ${from} any more.`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function teller(world: OperatorWorld): (phase: MigrationPhase, done: number) => void {
  let toldMs = world.nowMs();
  return (phase, done) => {
    const nowMs = world.nowMs();
    if (nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    world.err(`${phase}: ${done}${phase === 'contents' ? '' : ' events'}\n`);
  };
}

interface BackupArguments {
  readonly from?: string;
  readonly to: string;
  readonly keys: boolean;
  readonly json?: true;
}

function addBackup(program: Command, world: OperatorWorld): void {
  program
    .command('backup')
    .summary('copy a data directory while its server runs')
    .description(
      'Copies what a data directory cannot do without: evidence, log, secrets, large contents and keys, each as it is at one ' +
        'moment and in an order in which they fit together. The copy is a data directory: to restore it, put it in place.',
    )
    .requiredOption('--to <directory>', 'where the copy goes: a directory that is empty, or is made')
    .option('--from <directory>', 'the data directory (default: $DATA_DIR, or ./data)')
    .option('--no-keys', 'leave the keys out, to keep them elsewhere')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  runledger backup --from ./data --to /backup/$(date +%F)')
    .action((given: BackupArguments) => runBackup(world, given));
}

async function runBackup(world: OperatorWorld, given: BackupArguments): Promise<void> {
  const from = given.from ?? (world.env['DATA_DIR'] || './data');
  const done = await backUp({ from, to: given.to, withKeys: given.keys, nowMs: world.nowMs() });
  world.out(given.json ? `${JSON.stringify(done)}\n` : backupText(done, given.to));
}

function backupText({ files, events, contents }: Backup, to: string): string {
  const log = events === undefined ? 'no log (it is elsewhere: back it up there)' : `a log of ${events} events`;
  const missing = neededKeys.filter(([of, key]) => files.includes(of) && !files.includes(key));
  return (
    `${to} holds ${log} and ${contents} large contents: ${files.join(', ')}\n` +
    (missing.length === 0
      ? ''
      : `not in it, and needed to go on: ${missing.map(([, , name]) => name).join(', ')}; keep a copy elsewhere\n`)
  );
}

/** What is of no use, or cannot go on, without which key: it may be in the environment, or in a file elsewhere. */
const neededKeys = [
  ['secrets.db', 'secrets.key', 'the key of the secrets (SECRETS_KEY)'],
  ['evidence.db', 'evidence.key', 'the signing key (EVIDENCE_KEY, EVIDENCE_KEY_FILE)'],
] as const;

function usage(message: string): StoreError {
  return new StoreError('InvalidArgument', message);
}
