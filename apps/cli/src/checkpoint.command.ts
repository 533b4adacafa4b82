// runledger checkpoint: what the log says it is now, held against what it said before.
import type { Command } from 'commander';
import type { Checkpoint, VerifierKey } from '@app/evidence';
import {
  base64Of,
  EvidenceError,
  isConsistent,
  openKnown,
  parseConsistency,
  parseNote,
  sameBytes,
  treeHasher,
} from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import type { Act, CliWorld } from './cli-world.js';
import { CliError, exits, jsonLine, lines, usage } from './cli-world.js';
import { checkWritable, exists, readText, writeWhole } from './file.source.js';
import type { ServerClient } from './http.server-client.js';
import { clientOf, serverHelp, serverOption } from './server-arguments.command.js';
import { keyOf, once } from './trusted-arguments.command.js';

interface Arguments {
  readonly server?: string;
  readonly key: string;
  readonly keep?: string;
  readonly json?: true;
}

/** A checkpoint with the note that it came in, which is what one keeps. */
interface SignedCheckpoint extends Checkpoint {
  readonly note: string;
}

export function addCheckpoint(program: Command, world: CliWorld, act: Act): void {
  program
    .command('checkpoint')
    .summary('fetch the latest checkpoint and compare it with a kept one')
    .description(
      'Fetches the signed checkpoint of a log. With --keep it must continue the one kept in that file, and is kept ' +
        `instead of it; a log that rewrote its past cannot pass. Keep the file where the log's owner cannot write.\n${serverHelp}`,
    )
    .requiredOption('--key <vkey>', "the log's public key, or a file that holds it", once('--key'))
    .option('--keep <file>', 'the checkpoint that is kept; made when it is not there yet')
    .option(...serverOption)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 signed, and consistent with what was kept; 1 not so; 2 it could not be had; 3 wrong usage

Examples:
  runledger checkpoint --key log.vkey
  runledger checkpoint --key log.vkey --keep runledger.checkpoint   # daily, on a machine of your own`,
    )
    .action(act((given: Arguments) => compare(world, given)));
}

async function compare(world: CliWorld, given: Arguments): Promise<number> {
  const key = await keyOf('--key', given.key, 'ed25519');
  if (given.keep !== undefined) await checkWritable(given.keep);
  const kept = given.keep === undefined ? undefined : await keptIn(given.keep, key);
  const client = clientOf(world, given.server);
  const fetched = await opened(await client.text('/v1/evidence/checkpoint'), key);
  if (kept) await checkContinues(client, kept, fetched);
  if (given.keep !== undefined && fetched.size !== kept?.size) {
    await writeWhole(given.keep, [new TextEncoder().encode(fetched.note)], { overwrite: true });
  }
  const sentence = sentenceOf(kept, fetched, given.keep);
  const { origin, size, root } = fetched;
  const told = { log: origin, size, root: base64Of(root), signedBy: key.name, keptSize: kept?.size ?? null, sentence };
  world.out(given.json ? jsonLine(told) : lines([`log ${origin}, size ${size}, root ${told.root}`, sentence]));
  return exits.ok;
}

function sentenceOf(kept: Checkpoint | undefined, { size }: Checkpoint, file: string | undefined): string {
  if (file === undefined) return 'signed; nothing was compared, because no checkpoint was kept (--keep)';
  if (!kept) return `signed and kept in ${file}; from now on the log must continue it`;
  if (kept.size === size) return 'signed, and the same as the one that was kept';
  return `signed, and it continues the one that was kept, of size ${kept.size}; kept in ${file}`;
}

async function keptIn(path: string, key: VerifierKey): Promise<SignedCheckpoint | undefined> {
  if (!(await exists(path))) return undefined;
  const note = await readText(path);
  try {
    const { checkpoint } = await openKnown(path, note, key, verifyEd25519);
    return { ...checkpoint, note };
  } catch (error) {
    if (error instanceof EvidenceError) throw usage(`--keep ${path}: ${error.message}`);
    throw error;
  }
}

async function opened(note: string, key: VerifierKey): Promise<SignedCheckpoint> {
  try {
    const { checkpoint } = await openKnown('the checkpoint', note, key, verifyEd25519);
    return { ...checkpoint, note };
  } catch (error) {
    if (error instanceof EvidenceError) throw tampered(`the server's checkpoint: ${error.message}`);
    throw error;
  }
}

async function checkContinues(client: ServerClient, kept: SignedCheckpoint, now: SignedCheckpoint): Promise<void> {
  if (kept.origin !== now.origin)
    throw usage(`the kept checkpoint is of the log ${kept.origin}, this is ${now.origin}`);
  if (now.size < kept.size) {
    throw tampered(
      `the log has shrunk: size ${now.size}, and ${kept.size} was kept (an old backup, or a second server?)`,
    );
  }
  if (now.size === kept.size) {
    if (sameBytes(now.root, kept.root)) return;
    throw tampered(`two histories: two different trees of size ${now.size} were signed. Keep both checkpoints`);
  }
  if (kept.size === 0) return;
  const proof = await consistencyProof(client, kept, now);
  const claim = { size1: kept.size, root1: kept.root, size2: now.size, root2: now.root, proof };
  if (!isConsistent(treeHasher(sha256), claim)) {
    const told = `the tree of size ${now.size} is not shown to continue the one of size ${kept.size}`;
    throw tampered(`${told}: the log shows another history than before, or a wrong proof. Keep both checkpoints`);
  }
}

async function consistencyProof(
  client: ServerClient,
  kept: SignedCheckpoint,
  now: SignedCheckpoint,
): Promise<readonly Uint8Array[]> {
  const text = await client.text('/v1/evidence/consistency', { from: String(kept.size), to: String(now.size) });
  try {
    const { size1, proof, checkpoint } = parseConsistency(text);
    const about = parseNote(checkpoint).text;
    if (size1 === kept.size && about === parseNote(now.note).text) return proof;
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw tampered(`the server's consistency proof: ${error.message}`);
  }
  throw tampered("the server's consistency proof is about other trees than was asked");
}

function tampered(message: string): CliError {
  return new CliError(exits.tampered, message);
}
