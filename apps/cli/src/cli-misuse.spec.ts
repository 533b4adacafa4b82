// What every command does with input that is missing, damaged, of another kind or meant to harm: an exit code and one line.
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSignerKey, formatVerifierKey, writeBundle } from '@app/evidence';
import { sha256 } from '@app/kernel';
import { bytesOf, logSigner, SampleLog, sampleEvents, uuid, witnessSigner } from '../../../test/support/sample-log.js';
import { runCli } from './cli.command.js';
import { told } from './file.source.js';

const vkey = formatVerifierKey(logSigner.key);
const stream = `execution-${uuid(3)}`;
/** Nobody listens there. */
const SERVER = 'http://127.0.0.1:1';
const secretKey = (byte: number, { name, keyId, algorithm }: typeof logSigner.key): string =>
  formatSignerKey({ name, keyId, algorithm, seed: new Uint8Array(32).fill(byte) });

let directory: string;
/** Files of each kind, by name. */
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runledger-misuse-'));
  const log = new SampleLog(sampleEvents(20));
  await writeFile(at('log.tar'), await bytesOf(writeBundle(await log.contents(), log.leaves, sha256)));
  await writeFile(at('log.vkey'), `${vkey}\n`);
  await writeFile(at('log.key'), `${secretKey(1, logSigner.key)}\n`, { mode: 0o600 });
  await writeFile(at('witness.key'), `${secretKey(3, witnessSigner.key)}\n`, { mode: 0o600 });
  await writeFile(at('empty'), '', { mode: 0o600 });
  await writeFile(
    at('noise'),
    new Uint8Array(5_000).map((_, index) => (index * 151) % 256),
    { mode: 0o600 },
  );
  await writeFile(at('huge'), new Uint8Array(2 * 1_048_576));
  await writeFile(at('escape'), '\u001b[2J\u001b]0;mine\u0007'.repeat(100));
  await mkdir(at('folder'));
  await symlink(at('loop'), at('loop'));
});
afterAll(() => rm(directory, { recursive: true }));

interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function cli(args: readonly string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const world = {
    out: (text: string): void => void (out += text),
    err: (text: string): void => void (err += text),
    isTerminal: false,
    columns: 80,
    env: { RUNLEDGER_SERVER: SERVER },
    nowMs: () => 0,
    untilStopped: async () => undefined,
    stopSignal: () => new AbortController().signal,
  };
  const exit = await runCli(args, world, '0');
  return { exit, out, err };
}

type Misuse = readonly [what: string, args: () => readonly string[], exit: number, message: RegExp];

/** What every option that takes a public key does. */
const keyMisuses = (before: () => readonly string[], option: string): Misuse[] => {
  const given = (name: string) => () => [...before(), option, name === '' ? '' : at(name)];
  return [
    [`no ${option} of any kind`, given(''), 3, /wants a public key, or a file that holds one/],
    [`${option}: no file`, given('nowhere'), 3, /there is no .*nowhere/],
    [`${option}: a folder`, given('folder'), 3, /folder is not a small text file/],
    [`${option}: an empty file`, given('empty'), 3, /empty: a verifier key is <name>/],
    [`${option}: noise`, given('noise'), 3, /noise: a verifier key is <name>/],
    [`${option}: a bundle`, given('log.tar'), 3, /a verifier key is <name>/],
    [`${option}: a file far too large`, given('huge'), 3, /not a small text file/],
    [`${option}: a file that moves the cursor`, given('escape'), 3, /a verifier key is <name>/],
    [`${option}: the file of a private key`, given('log.key'), 3, /wants the public key; this is a private one/],
    [`${option}: the file of a witness's private key`, given('witness.key'), 3, /this is a private one/],
    [`${option}: a path that turns in circles`, given('loop'), 3, /loop is no path that can be used: ELOOP/],
    [`${option}: a path without end`, given('x'.repeat(300)), 3, /is no path that can be used: ENAMETOOLONG/],
    [`${option}: a path through a file`, given('empty/x'), 3, /is not a file/],
  ];
};

const bundleMisuses = (args: (bundle: string) => readonly string[]): Misuse[] => [
  ['no path', () => args(''), 3, /the path of a file must not be empty/],
  ['no file', () => args(at('nowhere')), 3, /there is no .*nowhere/],
  ['a folder', () => args(at('folder')), 3, /folder is not a file/],
  ['a path that turns in circles', () => args(at('loop')), 3, /no path that can be used/],
];

const checkpointFiles = (args: (file: string) => readonly string[]): Misuse[] => [
  ['a checkpoint that is a folder', () => args(at('folder')), 3, /folder is not a/],
  ['a checkpoint that is empty', () => args(at('empty')), 3, /empty: not a signed note/],
  ['a checkpoint that is noise', () => args(at('noise')), 3, /noise: not a signed note/],
  ['a checkpoint that is a private key', () => args(at('log.key')), 3, /log.key: not a signed note/],
];

const places = (args: (file: string) => readonly string[]): Misuse[] => [
  ['no path', () => args(''), 3, /the path of a file must not be empty/],
  ['a folder', () => args(at('folder')), 3, /folder is not a file/],
  ['a folder that is not there', () => args(at('no/such/file')), 3, /there is no .*no\/such$/m],
  ['a file as a folder', () => args(at('empty/x')), 3, /empty is not a folder/],
];

const table: readonly (readonly [command: string, misuses: readonly Misuse[]])[] = [
  [
    'verify',
    [
      ...bundleMisuses((bundle) => ['verify', bundle]),
      ...keyMisuses(() => ['verify', at('log.tar')], '--key'),
      ...keyMisuses(() => ['verify', at('log.tar')], '--witness'),
      ...checkpointFiles((file) => ['verify', at('log.tar'), '--known', file]),
      ['a checkpoint that is not there', () => ['verify', at('log.tar'), '--known', ''], 3, /must not be empty/],
      ['no level', () => ['verify', at('log.tar'), '--require', ''], 3, /--require: .*is no level/],
      ['no unit of time', () => ['verify', at('log.tar'), '--fresh', '5'], 3, /--fresh is a time/],
      ['less than no time', () => ['verify', at('log.tar'), '--fresh', '-5s'], 3, /--fresh is a time/],
    ],
  ],
  [
    'replay',
    [
      ...bundleMisuses((bundle) => ['replay', stream, '--bundle', bundle]),
      ['an empty bundle', () => ['replay', stream, '--bundle', at('empty')], 2, /cut off before its first file/],
      ['noise', () => ['replay', stream, '--bundle', at('noise')], 1, /not an archive of ours/],
      ['a file that moves the cursor', () => ['replay', stream, '--bundle', at('escape')], 1, /not an archive of ours/],
      ['no stream', () => ['replay', ''], 3, /is no name of a stream/],
      ['a stream that moves the cursor', () => ['replay', 'execution-\u001b[2J'], 3, /is no name of a stream/],
      ['no revision', () => ['replay', stream, '--to', 'x', '--bundle', at('log.tar')], 3, /integer of at least 0/],
      ['no server', () => ['replay', stream], 2, /cannot be reached/],
    ],
  ],
  [
    'export',
    [
      ...places((file) => ['export', '--out', file]),
      ...places((file) => ['export', '--force', '--out', file]),
      ['a number that is none', () => ['export', '--out', at('x'), '--to', '1e3'], 3, /integer of at least 0/],
      ['a number too large', () => ['export', '--out', at('x'), '--from', '9'.repeat(20)], 3, /integer of at least 0/],
      ['no address', () => ['export', '--out', at('x'), '--server', ''], 3, /address of a server/],
      ['no server', () => ['export', '--out', at('x')], 2, /cannot be reached/],
    ],
  ],
  [
    'checkpoint',
    [
      ...keyMisuses(() => ['checkpoint'], '--key'),
      ...checkpointFiles((file) => ['checkpoint', '--key', vkey, '--keep', file]),
      ...places((file) => ['checkpoint', '--key', vkey, '--keep', file]),
      ['no server', () => ['checkpoint', '--key', vkey], 2, /cannot be reached/],
    ],
  ],
  [
    'keys',
    [
      ...places((file) => ['keys', 'generate', '--name', 'a', '--out', file]),
      ['no name', () => ['keys', 'generate', '--name', '', '--out', at('x')], 3, /--name is a name/],
      [
        'a file that is there',
        () => ['keys', 'generate', '--name', 'a', '--out', at('empty')],
        3,
        /is there already$/m,
      ],
      ...['show', 'vkey'].flatMap((command): Misuse[] => [
        [`${command}: no path`, () => ['keys', command, ''], 3, /must not be empty/],
        [`${command}: no file`, () => ['keys', command, at('nowhere')], 3, /there is no .*nowhere/],
        [`${command}: a folder`, () => ['keys', command, at('folder')], 3, /not a small text file/],
        [`${command}: an empty file`, () => ['keys', command, at('empty')], 3, /empty: a signer key is/],
        [`${command}: noise`, () => ['keys', command, at('noise')], 3, /noise: a signer key is/],
        [`${command}: a public key`, () => ['keys', command, at('log.vkey')], 3, /a signer key is/],
      ]),
    ],
  ],
  [
    'witness',
    [
      ...keyMisuses(() => ['witness', '--state', at('state')], '--log'),
      ['no folder', () => ['witness', '--state', '', '--log', vkey], 3, /must not be empty/],
      ['a file as a folder', () => ['witness', '--state', at('empty'), '--log', vkey], 3, /empty is not a folder/],
      ['a folder in a file', () => ['witness', '--state', at('empty/x'), '--log', vkey], 3, /is not a folder/],
      ['a folder as a key', () => witnessWith('folder'), 3, /folder is not a file/],
      ['an empty key', () => witnessWith('empty'), 3, /empty: a signer key is/],
      ['noise as a key', () => witnessWith('noise'), 3, /noise: a signer key is/],
      ['the key of a log', () => witnessWith('log.key'), 3, /is the key of a log/],
      ['a key in no folder', () => witnessWith('no/such/key'), 3, /there is no .*no\/such$/m],
    ],
  ],
];

const witnessWith = (key: string): string[] => [
  ...['witness', '--state', at('state'), '--log', vkey, '--listen', '127.0.0.1:0', '--key', at(key)],
];

describe.each(table)('runledger %s', (_command, misuses) => {
  it.each(misuses)('given %s', async (_what, args, expected, message) => {
    const before = (await readdir(directory)).filter((name) => name !== 'state');
    const { exit, out, err } = await cli(args());
    expect([exit, out, err]).toEqual([expected, '', expect.stringMatching(message)]);
    // One line, but for what commander says of arguments, which has a second one that names the help.
    expect(err.replace('(runledger --help tells more)\n', '')).toMatch(/^[\x20-\x7e]+\n$/);
    expect(err).not.toMatch(/fault of this program|--force|AAAA|AQEB|AwMD/);
    expect((await readdir(directory)).filter((name) => name !== 'state')).toEqual(before);
  });
});

describe('runledger verify, of what is no bundle', () => {
  it.each([
    ['empty', 2, /truncated_archive/],
    ['noise', 1, /malformed_archive/],
    ['escape', 1, /malformed_archive/],
    ['log.key', 2, /truncated_archive/],
    ['huge', 1, /malformed_archive/],
  ])('%s is a report, and no stack', async (name, expected, message) => {
    const { exit, out, err } = await cli(['verify', at(name), '--key', vkey]);
    expect([exit, err]).toEqual([expected, '']);
    expect(out).toMatch(message);
    expect(out).not.toMatch(/\u001b|AQEB/);
  });
});

describe('a fault of the disk', () => {
  it.each([
    ['EACCES', 3, 'x may not be used by this user'],
    ['EPERM', 3, 'x may not be used by this user'],
    ['ENOSPC', 3, 'there is no room left for x'],
    ['EIO', 2, 'x cannot be used: EIO'],
    ['EMFILE', 2, 'x cannot be used: EMFILE'],
  ])('%s is told in a sentence', (code, exit, message) => {
    expect(told('x', Object.assign(new Error('no'), { code, syscall: 'open' }))).toMatchObject({ exit, message });
  });

  it('is not what any other error is called', () => {
    for (const error of [new Error('a bug'), Object.assign(new Error('no'), { code: 'EACCES' })]) {
      expect(told('x', error)).toBe(error);
    }
  });
});
