// The program: its commands, how it fails, and what it ends with.
import { Command, CommanderError } from 'commander';
import type { Act, CliWorld } from './cli-world.js';
import { CliError, exits } from './cli-world.js';
import { addCheckpoint } from './checkpoint.command.js';
import { addExport } from './export.command.js';
import { addKeys } from './keys.command.js';
import { addReplay } from './replay.command.js';
import { addVerify } from './verify.command.js';
import { addWitness } from './witness.command.js';

/** Never throws for what a person can cause. Returns the exit code. */
export async function runCli(args: readonly string[], world: CliWorld, version: string): Promise<number> {
  let exit: number = exits.ok;
  const act: Act =
    (run) =>
    async (...given) => {
      exit = await run(...given);
    };
  const program = new Command('runledger')
    .description('For auditors and operators of Runledger: verify, replay, export, keep, witness.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(runledger --help tells more)')
    .configureOutput({ writeOut: world.out, writeErr: world.err })
    .addHelpText(
      'after',
      `
On the stores of a server, on its own machine (each with --help): migrate, backup, rebuild.

Exit codes: 0 done or verified, 1 tampered, 2 incomplete (something needed could not be had), 3 wrong usage

Examples:
  runledger export --out log.tar
  runledger verify log.tar --key log.vkey
  runledger replay execution-0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11 --bundle log.tar`,
    );
  for (const add of [addVerify, addExport, addReplay, addCheckpoint, addKeys, addWitness]) add(program, world, act);
  for (const command of program.commands) inherit(command, program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    return exitOf(error, world);
  }
}

function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const below of command.commands) inherit(below, command);
}

function exitOf(error: unknown, world: CliWorld): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok : exits.usage;
  if (error instanceof CliError) {
    world.err(`runledger: ${error.message}\n`);
    return error.exit;
  }
  // Not 1: that something is wrong with the program says nothing about the evidence.
  world.err(`runledger: a fault of this program itself: ${(error as Error).stack ?? String(error)}\n`);
  return exits.incomplete;
}
