// Tiles that are tampered with on their way to an auditor; and the program, with bundles that were edited.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KnownCheckpoint, VerifierKey } from '@app/evidence';
import {
  CompactRange,
  formatCheckpoint,
  formatVerifierKey,
  hashesOf,
  openKnown,
  packEntries,
  parseCheckpoint,
  parseNote,
  treeHasher,
  unpackEntries,
  utf8Of,
} from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { chain, setOutput } from '../acceptance/definitions.js';
import { V1Client } from '../acceptance/v1-client.js';
import { logSigner, otherSigner, signed } from '../support/sample-log.js';
import { bundleAttacks } from './bundle-attacks.js';
import { keptNote, trueLogBundle } from './bundle-making.js';
import { retold } from './evidence-attacks.js';
import { HttpAuditor } from './http-auditor.js';
import { makeOriginal, open, signedAll } from './served.js';
import { checkPart, programTable, wireTable } from './tamper-table.js';
import type { Tamper } from './tampering-proxy.js';
import { TamperingProxy } from './tampering-proxy.js';

const hasher = treeHasher(sha256);
/** So that there is a full tile, one that is not, and one above. */
const LEAVES_MIN = 270;
const [LOOKED_AT, EDITED] = [5, 9];
const FULL_TILE = 'tile/0/000';
const FULL_ENTRIES = 'tile/entries/000';

const notIn = 'the leaf is not in the tree';
const notKept = 'the tree does not continue the one that was kept';
const tooOld = 'the checkpoint is older than the one that was kept';

describe('between a server and an auditor', () => {
  let directory: string;
  let server: RunningServer;
  let proxy: TamperingProxy;
  let auditor: HttpAuditor;
  let older: string;
  let forged: Forged;

  beforeAll(async () => {
    directory = await makeOriginal();
    server = await open(directory);
    const client = new V1Client(server.url);
    const noteNow = async (): Promise<string> => {
      await signedAll(client);
      return (await client.get('/v1/evidence/checkpoint')).text;
    };
    older = await noteNow();
    const workflowId = await client.active(chain('more', setOutput('out', { a: 1 })));
    for (let run = 0; Number((await client.get('/v1/evidence/status')).body.size) < LEAVES_MIN; run += 1) {
      await client.run(workflowId, {}, `more-${run}`);
    }
    const kept = await keptOf(await noteNow());
    await client.run(workflowId, {}, 'last');
    const note = await noteNow();
    client.close();
    proxy = await TamperingProxy.open(server.url);
    auditor = new HttpAuditor(proxy.url, logSigner.key, kept);
    forged = await forgedOf(note);
  }, 120_000);
  afterAll(async () => {
    await proxy.close();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  interface Forged {
    readonly entries: Uint8Array;
    readonly hashes: Uint8Array;
    readonly above: Uint8Array;
    /** Over the forged tree, signed by whoever it is. */
    readonly note: string;
    readonly signedNote: string;
    readonly otherNote: string;
  }

  /** The log as if one early entry had always been another. */
  async function forgedOf(note: string): Promise<Forged> {
    const checkpoint = parseCheckpoint(parseNote(note).text);
    const path = `${server.url}/v1/evidence/`;
    const bytesAt = async (name: string): Promise<Uint8Array> =>
      new Uint8Array(await (await fetch(path + name)).arrayBuffer());
    const full = unpackEntries(await bytesAt(FULL_ENTRIES)).map((entry, at) =>
      at === EDITED ? editedEntry(entry) : entry,
    );
    const rest = checkpoint.size - full.length;
    const left = hashesOf(await bytesAt(`tile/0/001.p/${rest}`));
    const range = new CompactRange(hasher);
    let above = new Uint8Array(0);
    const hashes = full.map((entry) => hasher.leaf(entry));
    for (const hash of [...hashes, ...left])
      range.append(hash, (level, _at, node) => level === 8 && (above = new Uint8Array(node)));
    const root = range.root();
    const text = formatCheckpoint({ ...checkpoint, root });
    return {
      ...{ entries: packEntries(full), hashes: new Uint8Array(Buffer.concat(hashes)), above },
      note: retold(note, () => root),
      signedNote: await signed(text, { log: logSigner }),
      otherNote: await signed(text, { log: otherSigner }),
    };
  }

  const told = (note: () => string): Tamper => forgery(note, ['tile', 'entries', 'above']);
  /** What of the forgery is shown instead of the truth. */
  const forgery =
    (note: (() => string) | undefined, parts: readonly ('tile' | 'entries' | 'above')[]): Tamper =>
    (path, bytes) => {
      if (path === 'checkpoint' && note) return utf8Of(note());
      if (path === FULL_TILE && parts.includes('tile')) return forged.hashes;
      if (path === FULL_ENTRIES && parts.includes('entries')) return forged.entries;
      return /^tile\/1\//.test(path) && parts.includes('above') ? forged.above : bytes;
    };
  const at =
    (wanted: RegExp, change: (bytes: Uint8Array) => ReturnType<Tamper>): Tamper =>
    (path, bytes) =>
      wanted.test(path) ? change(bytes) : bytes;
  const tile = /^tile\/0\/000$/;

  const attacks: readonly (readonly [name: string, tamper: Tamper, one: string | undefined, whole: string])[] = [
    ['a hash of a leaf', at(tile, (bytes) => flippedIn(bytes, EDITED)), notIn, 'an entry is not that of its hash'],
    [
      'a hash of a subtree',
      at(/^tile\/1\//, (bytes) => flippedIn(bytes, 0)),
      notKept,
      'a tile above is not that of its leaves',
    ],
    ['an entry', forgery(undefined, ['entries']), undefined, 'an entry is not that of its hash'],
    [
      'the entry that is asked for',
      at(/^tile\/entries\/000$/, (bytes) =>
        packEntries(unpackEntries(bytes).map((entry, index) => (index === LOOKED_AT ? editedEntry(entry) : entry))),
      ),
      notIn,
      'an entry is not that of its hash',
    ],
    [
      'two entries change places',
      at(/^tile\/entries\/000$/, (bytes) => packEntries(swapped(unpackEntries(bytes)))),
      notIn,
      'an entry is of another leaf',
    ],
    ['an entry and its hash', forgery(undefined, ['tile', 'entries']), notIn, notKept],
    [
      'the tiles of another tree among those of this one',
      forgery(undefined, ['tile']),
      notIn,
      'an entry is not that of its hash',
    ],
    [
      'the whole of another tree, under the checkpoint of this one',
      forgery(undefined, ['tile', 'entries', 'above']),
      notIn,
      notKept,
    ],
    ['the same, with its root in the checkpoint', told(() => forged.note), 'bad_signature', 'bad_signature'],
    ['the same, signed with another key of the same name', told(() => forged.otherNote), 'not_signed', 'not_signed'],
    ['the same, signed with the key of the log', told(() => forged.signedNote), notKept, notKept],
    ['a checkpoint that is older than what was kept', at(/^checkpoint$/, () => utf8Of(older)), tooOld, tooOld],
    ['a tile is left out', at(tile, () => 'missing'), 'an answer is 404', 'an answer is 404'],
    [
      'a tile is cut off',
      at(tile, (bytes) => bytes.slice(0, -32)),
      'malformed_tile',
      'an entry is not that of its hash',
    ],
    ['entries are cut off', at(/^tile\/entries\//, (bytes) => bytes.slice(0, -9)), 'malformed_tile', 'malformed_tile'],
    [
      'an answer breaks off',
      at(tile, (bytes) => ({ brokenAfter: bytes.slice(0, 100) })),
      'an answer breaks off',
      'an answer breaks off',
    ],
    ['nothing is answered', at(/./, () => new Uint8Array(0)), 'malformed_note', 'malformed_note'],
  ];
  const rows: { name: string; one: string | undefined; whole: string | undefined }[] = [];

  it('what is not tampered with verifies', async () => {
    proxy.use((_path, bytes) => bytes);
    expect([await auditor.one(LOOKED_AT), await auditor.whole(), proxy.tampered.size]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  it.each(attacks)('%s', async (name, tamper, one, whole) => {
    proxy.use(tamper);
    const seen = { name, one: await auditor.one(LOOKED_AT), whole: await auditor.whole() };
    expect(proxy.tampered.size).toBeGreaterThan(0);
    expect(seen).toEqual({ name, one, whole });
    rows.push(seen);
  });

  it('docs/tamper.md shows what was found', () => checkPart('wire', wireTable(rows)));
});

const keptOf = (note: string): Promise<KnownCheckpoint> => openKnown('kept', note, logSigner.key, verifyEd25519);

function editedEntry(entry: Uint8Array): Uint8Array {
  return utf8Of(Buffer.from(entry).toString().replace('"type":"', '"type":"Not'));
}

function flippedIn(bytes: Uint8Array, hash: number): Uint8Array {
  return bytes.map((byte, index) => (index === hash * 32 ? byte ^ 1 : byte));
}

function swapped(entries: readonly Uint8Array[]): Uint8Array[] {
  const [one, other] = [entries[LOOKED_AT], entries[EDITED]] as [Uint8Array, Uint8Array];
  return entries.with(LOOKED_AT, other).with(EDITED, one);
}

describe('runledger verify, as a process', () => {
  const directory = mkdtempSync(join(tmpdir(), 'runledger-program-'));
  const program = fileURLToPath(new URL('../../scripts/runledger.mjs', import.meta.url));
  const keyOf = (key: VerifierKey): string => formatVerifierKey(key);
  const rows: { name: string; code: number; line: string }[] = [];

  beforeAll(async () => {
    writeFileSync(join(directory, 'kept'), await keptNote());
    writeFileSync(join(directory, 'true.tar'), await trueLogBundle());
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const ended = (args: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [program, 'verify', ...args],
        { cwd: directory, timeout: 30_000 },
        (error, out, err) => {
          resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
        },
      );
    });
  const trusting = ['--key', keyOf(logSigner.key), '--known', 'kept'];
  const attack = (name: string): Promise<Uint8Array> | undefined =>
    bundleAttacks.find((one) => one.name === name)?.make();

  it.each([
    ['the true bundle', undefined, trusting, 0, /^VERIFIED .*: L2 \(/],
    ['the true bundle, without a key', undefined, [], 2, /^INCOMPLETE .*; L0 \(/],
    ['the true bundle, with another key', undefined, ['--key', keyOf(otherSigner.key)], 1, /^TAMPERED .*; L0 \(/],
    [
      'the true bundle, where more is required',
      undefined,
      [...trusting, '--require', 'L4'],
      2,
      /^INCOMPLETE .*; L2 \(/,
    ],
    ['the data of an event', 'the data of an event', trusting, 1, /^TAMPERED .*; no level was reached/],
    ['the end of the archive is cut off', 'the end of the archive is cut off', trusting, 2, /^INCOMPLETE .*; no level/],
    [
      'with the key: an event is edited that the auditor holds a checkpoint over',
      'with the key: an event is edited that the auditor holds a checkpoint over',
      trusting,
      1,
      /^TAMPERED .*; L1 \(/,
    ],
  ])(
    '%s',
    async (name, made, args, code, line) => {
      const bytes = made === undefined ? undefined : await attack(made);
      const bundle = bytes ? 'edited.tar' : 'true.tar';
      if (bytes) writeFileSync(join(directory, bundle), bytes);
      const { out, ...seen } = await ended([bundle, ...args]);
      const [first = ''] = out.split('\n');
      expect([{ ...seen }, first]).toEqual([{ code, err: '' }, expect.stringMatching(line)]);
      rows.push({ name, code, line: first });
    },
    60_000,
  );

  it('says on the other channel what is wrong with how it is called', async () => {
    const missing = await ended(['nowhere.tar', ...trusting]);
    expect([missing.code, missing.out, missing.err]).toEqual([3, '', expect.stringMatching(/nowhere\.tar/)]);
    const badKey = await ended(['true.tar', '--key', 'nonsense']);
    expect([badKey.code, badKey.out, badKey.err]).toEqual([3, '', expect.stringMatching(/no nonsense/)]);
  }, 60_000);

  it('docs/tamper.md shows what was printed', () => checkPart('program', programTable(rows)));
});
