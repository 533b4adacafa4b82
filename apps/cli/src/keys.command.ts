// runledger keys: makes signing keys and tells what is in a key file, never the secret itself.
import type { Command } from 'commander';
import type { KeyAlgorithm, NoteSigner } from '@app/evidence';
import { EvidenceError, formatSignerKey, formatVerifierKey, isKeyName, keyIdText, parseSignerKey } from '@app/evidence';
import { ed25519Signer, newSeed, signerOfKey } from '@app/evidence/nest';
import type { Act, CliWorld } from './cli-world.js';
import { exits, jsonLine, lines, usage } from './cli-world.js';
import { OWNER_ONLY, readText, writeWhole } from './file.source.js';

interface GenerateArguments {
  readonly name: string;
  readonly out: string;
  readonly witness?: true;
  readonly json?: true;
}

export function addKeys(program: Command, world: CliWorld, act: Act): void {
  const keys = program.command('keys').summary('signing keys of logs and witnesses');
  keys
    .command('generate')
    .summary('make a key')
    .description('Makes a fresh Ed25519 key, writes it to a file for its owner alone, and prints the public key.')
    .requiredOption('--name <name>', 'whose key it is: the origin of the log, or the name of the witness')
    .requiredOption('--out <file>', 'the key file; it must not be there yet')
    .option('--witness', 'a key that cosigns, for a witness')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  runledger keys generate --name runledger.example/log --out log.key > log.vkey')
    .action(act((given: GenerateArguments) => generate(world, given)));
  keys
    .command('show')
    .summary('tell whose key it is')
    .argument('<file>', 'a key file')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  runledger keys show log.key')
    .action(act((file: string, given: { json?: true }) => show(world, file, given.json === true)));
  keys
    .command('vkey')
    .summary('print the public key, for auditors')
    .argument('<file>', 'a key file')
    .addHelpText('after', '\nExample:\n  runledger keys vkey log.key > log.vkey')
    .action(act((file: string) => vkey(world, file)));
}

async function generate(world: CliWorld, { name, out, witness, json }: GenerateArguments): Promise<number> {
  if (!isKeyName(name)) throw usage('--name is a name without blanks and without a plus');
  const algorithm: KeyAlgorithm = witness ? 'cosignature/v1' : 'ed25519';
  const seed = newSeed();
  const { key } = ed25519Signer(name, seed, algorithm);
  const text = `${formatSignerKey({ name, keyId: key.keyId, algorithm, seed })}\n`;
  await writeWhole(out, [new TextEncoder().encode(text)], { overwrite: false, mode: OWNER_ONLY });
  world.err(`wrote ${out}; whoever holds it can sign as ${name}\n`);
  world.out(json ? jsonLine(aboutKey(key)) : lines([formatVerifierKey(key)]));
  return exits.ok;
}

async function show(world: CliWorld, file: string, asJson: boolean): Promise<number> {
  const { key } = await signerIn(file);
  const about = aboutKey(key);
  const told = [
    `name       ${about.name}`,
    `key id     ${about.keyId}`,
    `algorithm  ${about.algorithm}`,
    `vkey       ${about.vkey}`,
  ];
  world.out(asJson ? jsonLine(about) : lines(told));
  return exits.ok;
}

async function vkey(world: CliWorld, file: string): Promise<number> {
  const { key } = await signerIn(file);
  world.out(lines([formatVerifierKey(key)]));
  return exits.ok;
}

function aboutKey(key: NoteSigner['key']): Readonly<Record<'name' | 'keyId' | 'algorithm' | 'vkey', string>> {
  const { name, keyId, algorithm } = key;
  return { name, keyId: keyIdText(keyId), algorithm, vkey: formatVerifierKey(key) };
}

async function signerIn(file: string): Promise<NoteSigner> {
  const text = (await readText(file)).trim();
  try {
    return signerOfKey(parseSignerKey(text));
  } catch (error) {
    if (error instanceof EvidenceError) throw usage(`${file}: ${error.message}`);
    throw error;
  }
}
