// runledger witness: a small server that anybody can run, and that cosigns a log's checkpoints only as long as it never rewrites its past.
import { mkdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { NoteSigner, VerifierKey } from '@app/evidence';
import { EvidenceError, formatSignerKey, formatVerifierKey, isKeyName, parseSignerKey } from '@app/evidence';
import { ed25519Signer, newSeed, signerOfKey } from '@app/evidence/nest';
import { timestamp } from '@app/kernel';
import type { Act, CliWorld } from './cli-world.js';
import { exits, incomplete, jsonLine, lines, usage } from './cli-world.js';
import { exists, OWNER_ONLY, readText, told, writeWhole } from './file.source.js';
import type { ListenAddress, Listening } from './http.witness-server.js';
import { serveWitness } from './http.witness-server.js';
import { keyOf, several } from './trusted-arguments.command.js';
import { Witness } from './witness.worker.js';

interface Arguments {
  readonly listen: string;
  readonly state: string;
  readonly key?: string;
  readonly name?: string;
  readonly log: readonly string[];
  readonly json?: true;
}

const OTHERS = 0o077;

export function addWitness(program: Command, world: CliWorld, act: Act): void {
  program
    .command('witness')
    .summary('run a witness, which cosigns what never contradicts itself')
    .description(
      'Takes checkpoints of the logs that it is given (C2SP tlog-witness: POST /add-checkpoint) and cosigns each that ' +
        'continues the last one it cosigned; of two histories it ever cosigns one only. Run it where the owner of the log ' +
        'has no say. Its state is what makes it a witness: when that is lost, begin again with a new key.',
    )
    .requiredOption('--state <directory>', 'where it keeps what it cosigned last; made when it is not there')
    .requiredOption('--log <vkey>', "a log's public key, or a file that holds it; may be repeated", several)
    .option('--key <file>', 'its key, made at the first start (default: witness.key in the state)')
    .option('--name <name>', "its name, for a new key (default: this machine's name, and /witness)")
    .option('--listen <address>', 'host and port; TLS and the public belong to a proxy in front', '127.0.0.1:4022')
    .option('--json', 'what it is, as JSON')
    .addHelpText(
      'after',
      `
What it did goes to standard error, a line each. SIGINT or SIGTERM ends it.

Exit codes: 0 ended as it was asked to, 2 it could not work, 3 wrong usage

Examples:
  runledger witness --state ./witness --log log.vkey
  runledger witness --state /var/lib/witness --name witness.example/w1 --log a.vkey --log b.vkey --listen 127.0.0.1:4030`,
    )
    .action(act((given: Arguments) => run(world, given)));
}

async function run(world: CliWorld, given: Arguments): Promise<number> {
  const address = addressOf(given.listen);
  const logs = await Promise.all(given.log.map((one) => keyOf('--log', one, 'ed25519')));
  const tell = (line: string): void => world.err(`${timestamp(world.nowMs())} ${line}\n`);
  await mkdir(given.state, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'EEXIST' || code === 'ENOTDIR' ? usage(`${given.state} is not a folder`) : told(given.state, error);
  });
  const signer = await signerOf(world, given.key ?? join(given.state, 'witness.key'), given.name);
  const witness = await opened(signer, logs, given.state, world, tell);
  const listening = await listeningOn(witness, address, tell);
  world.out(await introduction(witness, signer, listening.url, given.json === true));
  await world.untilStopped();
  await listening.close();
  return exits.ok;
}

async function introduction(witness: Witness, signer: NoteSigner, url: string, asJson: boolean): Promise<string> {
  const vkey = formatVerifierKey(signer.key);
  const logs = await witness.heads();
  if (asJson) return jsonLine({ url, vkey, logs });
  const watched = logs.map(({ origin, size }) =>
    size === 0 ? `log        ${origin}, nothing cosigned yet` : `log        ${origin}, cosigned last at size ${size}`,
  );
  return lines([`listening  ${url}`, `vkey       ${vkey}`, ...watched]);
}

function addressOf(text: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535)) throw usage('--listen is a host and a port, as in 127.0.0.1:4022');
  return { host, port };
}

async function signerOf(world: CliWorld, path: string, name: string | undefined): Promise<NoteSigner> {
  if (!(await exists(path))) return newSigner(world, path, name ?? `${hostname()}/witness`);
  const found = await stat(path);
  if (!found.isFile()) throw usage(`${path} is not a file`);
  if ((found.mode & OTHERS) !== 0) {
    throw usage(`${path} can be read by others: replace the key, or set the mode of the file to 0600`);
  }
  const signer = signerIn(path, (await readText(path)).trim());
  if (name !== undefined && name !== signer.key.name) {
    throw usage(`${path} is the key of ${signer.key.name}; --name is for a new one`);
  }
  return signer;
}

function signerIn(path: string, text: string): NoteSigner {
  try {
    const key = parseSignerKey(text);
    if (key.algorithm === 'cosignature/v1') return signerOfKey(key);
  } catch (error) {
    if (error instanceof EvidenceError) throw usage(`${path}: ${error.message}`);
    throw error;
  }
  throw usage(`${path} is the key of a log; a witness has one of another kind (runledger keys generate --witness)`);
}

async function newSigner(world: CliWorld, path: string, name: string): Promise<NoteSigner> {
  if (!isKeyName(name)) throw usage('--name is a name without blanks and without a plus');
  const seed = newSeed();
  const signer = ed25519Signer(name, seed, 'cosignature/v1');
  const { keyId, algorithm } = signer.key;
  const text = `${formatSignerKey({ name, keyId, algorithm, seed })}\n`;
  await writeWhole(path, [new TextEncoder().encode(text)], { overwrite: false, mode: OWNER_ONLY });
  world.err(`wrote ${path}; whoever holds it can sign as ${name}\n`);
  return signer;
}

async function opened(
  signer: NoteSigner,
  logs: readonly VerifierKey[],
  state: string,
  { nowMs }: CliWorld,
  tell: (line: string) => void,
): Promise<Witness> {
  try {
    return await Witness.open({ signer, logs, state, nowMs, tell });
  } catch (error) {
    if (error instanceof EvidenceError) throw incomplete(error.message);
    throw told(state, error);
  }
}

async function listeningOn(witness: Witness, address: ListenAddress, tell: (line: string) => void): Promise<Listening> {
  try {
    return await serveWitness(witness, address, tell);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw incomplete(`${address.host}:${address.port} cannot be listened on: ${code ?? message}`);
  }
}
