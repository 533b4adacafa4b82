// runledger verify: a bundle, a key, and what can be concluded from them. No server, no network.
import type { Command } from 'commander';
import type { Level, VerifyOptions, VerifyReport } from '@app/evidence';
import { levels, verifyBundle } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import type { Act, CliWorld } from './cli-world.js';
import { jsonLine, lines, usage } from './cli-world.js';
import { openBytes } from './file.source.js';
import { Progress } from './progress.js';
import { reportLines } from './report-text.js';
import { keyOf, knownOf, once, several } from './trusted-arguments.command.js';

interface Arguments {
  readonly key?: string;
  readonly known?: readonly string[];
  readonly witness?: readonly string[];
  readonly fresh?: string;
  readonly require?: string;
  readonly json?: true;
}

export function addVerify(program: Command, world: CliWorld, act: Act): void {
  program
    .command('verify')
    .argument('<bundle>', 'a bundle (.tar); - for standard input')
    .summary('verify a bundle offline')
    .description(
      'Recomputes everything in a bundle from its bytes and says how far the proof reaches (L0 to L4).\n' +
        'Works without a server and without a network.',
    )
    .option('--key <vkey>', "the log's public key, or a file that holds it", once('--key'))
    .option('--known <file>', 'a checkpoint that you kept earlier; may be repeated', several)
    .option('--witness <vkey>', 'public key of a witness that you trust, or a file; may be repeated', several)
    .option(
      '--fresh <time>',
      'how old a cosignature may be, as in 3600s, 90m, 24h or 7d (default 24h)',
      once('--fresh'),
    )
    .option('--require <level>', 'exit with 2 unless this level is reached, as in L2', once('--require'))
    .option('--json', 'the whole report as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 verified, 1 tampered, 2 incomplete, 3 wrong usage

Examples:
  runledger verify june.tar --key "$(cat log.vkey)"
  runledger verify june.tar --key log.vkey --known may.checkpoint --require L2
  runledger verify run.tar --key log.vkey --witness witness.vkey --json | jq .level`,
    )
    .action(act((bundle: string, given: Arguments) => verify(world, bundle, given)));
}

async function verify(world: CliWorld, path: string, given: Arguments): Promise<number> {
  const options = await optionsOf(world, given);
  const { runRule } = await import('@app/execution');
  const source = await openBytes(path);
  const report = await reportFor(world, source, { ...options, rules: [runRule()] });
  world.out(given.json ? jsonLine(report) : lines(reportLines(path, report)));
  return report.exitCode;
}

async function optionsOf(world: CliWorld, given: Arguments): Promise<VerifyOptions> {
  const levelMin = given.require === undefined ? undefined : levelOf(given.require);
  const freshMs = given.fresh === undefined ? undefined : durationMs(given.fresh);
  const key = given.key === undefined ? undefined : await keyOf('--key', given.key, 'ed25519');
  const witnesses = await Promise.all((given.witness ?? []).map((one) => keyOf('--witness', one, 'cosignature/v1')));
  const known = await Promise.all((given.known ?? []).map((one) => knownOf(one, key)));
  return {
    sha256,
    verify: verifyEd25519,
    nowMs: world.nowMs(),
    witnesses,
    known,
    ...(key === undefined ? {} : { key }),
    ...(freshMs === undefined ? {} : { freshMs }),
    ...(levelMin === undefined ? {} : { levelMin }),
  };
}

async function reportFor(
  world: CliWorld,
  source: Awaited<ReturnType<typeof openBytes>>,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const progress = new Progress(world, 'verified', source.bytes);
  try {
    return await verifyBundle(source.chunks, {
      ...options,
      onProgress: (bytes, leaves) => progress.update(bytes, leaves),
    });
  } finally {
    progress.end();
  }
}

function levelOf(text: string): Level {
  const found = levels.find((level) => level === text.toUpperCase());
  if (!found) throw usage(`--require: ${text} is no level; levels are ${levels.join(', ')}`);
  return found;
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw usage('--fresh is a time, as in 3600s, 90m, 24h or 7d');
  return Number(count) * (units[unit] ?? 0);
}
