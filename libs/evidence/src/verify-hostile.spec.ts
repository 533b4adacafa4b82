import fc from 'fast-check';
import { sha256 } from '@app/kernel';
import {
  bytesOf,
  logSigner,
  otherSigner,
  recorded,
  SampleLog,
  sampleEvents,
  START_MS,
  uuid,
  witnessSigner,
} from '../../../test/support/sample-log.js';
import { base64UrlOf, hexOf, joinedBytes, textOfUtf8, utf8Of } from './byte-text.js';
import type { BundleManifest } from './bundle-manifest.js';
import type { BundleContents, BundledLeaf } from './bundle-writer.js';
import { writeBundle } from './bundle-writer.js';
import { leafContentOf, leafEntryOf } from './leaf.js';
import { verifyEd25519 } from './node.signature.js';
import type { VerifySignature } from './note-signature.js';
import { tarHeader } from './tar-header.js';
import { readTar } from './tar-reader.js';
import { wholeFile, writeTar } from './tar-writer.js';
import { verifyBundle } from './verify-bundle.js';
import type { VerifyOptions } from './verify-options.js';
import type { VerifyReport } from './verify-report.js';

const signers = { witness: witnessSigner, witnessedMs: START_MS };
/** The same signature over the same text is checked thousands of times here. */
const answers = new Map<string, boolean>();
const verifyOnce: VerifySignature = (publicKey, message, signature) => {
  const asked = [publicKey, message, signature].map(hexOf).join();
  const known = answers.get(asked);
  if (known !== undefined) return known;
  const answer = verifyEd25519(publicKey, message, signature) as boolean;
  answers.set(asked, answer);
  return answer;
};
const options: VerifyOptions = {
  sha256,
  verify: verifyOnce,
  nowMs: START_MS,
  key: logSigner.key,
  witnesses: [witnessSigner.key],
};
const verify = (bytes: Uint8Array): Promise<VerifyReport> => verifyBundle([bytes], options);
const codes = ({ defects }: VerifyReport): string[] => [...new Set(defects.map(({ code }) => code))];
const write = (contents: BundleContents, leaves: Iterable<BundledLeaf>): Promise<Uint8Array> =>
  bytesOf(writeBundle(contents, leaves, sha256));

interface File {
  readonly path: string;
  readonly bytes: Uint8Array;
}

async function filesOf(bundle: Uint8Array): Promise<File[]> {
  const files: { path: string; bytes: Uint8Array }[] = [];
  for await (const item of readTar([bundle])) {
    if (item.kind === 'file') files.push({ path: item.path, bytes: new Uint8Array(0) });
    const last = files.at(-1)!;
    if (item.kind === 'bytes') last.bytes = joinedBytes([last.bytes, item.bytes]);
  }
  return files;
}

const packed = (files: readonly File[]): Promise<Uint8Array> =>
  bytesOf(writeTar(files.map(({ path, bytes }) => wholeFile(path, bytes))));

async function changed(bundle: Uint8Array, change: (files: File[]) => File[]): Promise<VerifyReport> {
  return verify(await packed(change(await filesOf(bundle))));
}

const log = new SampleLog(sampleEvents(3));
const definition = utf8Of('{"edges":[],"nodes":[]}');
const whole = await write({ ...(await log.contents([2], signers)), definitions: [definition] }, log.leaves);

const tiny = new SampleLog(sampleEvents(1));
const tinyBundle = await write({ ...(await tiny.contents([], signers)), definitions: [definition] }, tiny.leaves);

const big = new SampleLog(sampleEvents(300));
const bigBundle = await write(await big.contents([7], signers), big.leaves);
const part = await write(await big.rangeContents(100, 290, signers), big.leaves.slice(100, 290));
const runs = [`execution-${uuid(3)}`, `execution-${uuid(17)}`];
const twoRuns = await write(await big.streamsContents(runs, signers), big.leavesOf(runs));

describe('a bundle', () => {
  it.each([
    ['of a small log', whole],
    ['of a log', bigBundle],
    ['of a part', part],
    ['of runs', twoRuns],
  ])('%s is verified as it is', async (_name, bundle) => {
    expect(await verify(bundle)).toMatchObject({ verdict: 'verified', defects: [] });
  });

  it('in which any one byte is another is never verified', async () => {
    const passed: number[] = [];
    for (let at = 0; at < tinyBundle.length; at += 1) {
      const bytes = tinyBundle.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const report = await verify(bytes);
      if (report.verdict === 'verified' || report.defects.length === 0) passed.push(at);
    }
    expect(passed).toEqual([]);
  }, 120_000);

  it.each([
    ['of a log', bigBundle],
    ['of a part', part],
    ['of runs', twoRuns],
  ])(
    '%s in which any bits are others is never verified',
    async (_name, bundle) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(bundle.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
          const bytes = bundle.slice();
          bytes[at] = (bytes[at] as number) ^ flip;
          expect((await verify(bytes)).verdict).not.toBe('verified');
        }),
        { numRuns: 150 },
      );
    },
    120_000,
  );

  it('that is cut off anywhere is incomplete', async () => {
    const wrong: [number, string][] = [];
    for (let length = 0; length < whole.length; length += length % 512 === 511 ? 1 : 17) {
      const { verdict } = await verify(whole.subarray(0, length));
      if (verdict !== 'incomplete') wrong.push([length, verdict]);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('of any bytes at all is never verified, and never more than a report', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
        expect((await verify(bytes)).verdict).not.toBe('verified');
      }),
    );
    expect(codes(await verify(new Uint8Array(0)))).toEqual(['truncated_archive']);
    expect(codes(await verify(new Uint8Array(1024)))).toEqual(['manifest_missing']);
  });

  it('that lacks any of its files is incomplete, and says which', async () => {
    const files = await filesOf(bigBundle);
    for (const { path } of files) {
      const report = await changed(bigBundle, (all) => all.filter((file) => file.path !== path));
      const told = report.defects.map(({ sentence }) => sentence).join('\n');
      expect([path, report.exitCode === 2 || report.exitCode === 1, told]).toEqual([
        path,
        true,
        expect.stringContaining(path === 'MANIFEST.json' ? 'manifest' : path),
      ]);
      expect(report.defects[0]?.kind).toBe('incomplete');
    }
  });
});

type Change = (files: File[]) => File[];
const replaced =
  (path: string, bytes: Uint8Array): Change =>
  (files) =>
    files.map((file) => (file.path === path ? { path, bytes } : file));
const added =
  (path: string, at: number, bytes = utf8Of('x')): Change =>
  (files) =>
    files.toSpliced(at, 0, { path, bytes });

/** The manifest as the files now are: what somebody writes who changes them. */
function withManifest(change: Change, about: Partial<BundleManifest> = {}): Change {
  return (files) => {
    const after = change(files);
    const manifest = JSON.parse(textOfUtf8(after[0]!.bytes) ?? '') as BundleManifest;
    const small = after.filter(({ path }) => /^(checkpoints|keys|proofs|definitions)\//.test(path));
    const listed = small.map(({ path, bytes }) => ({ path, sha256: hexOf(sha256(bytes)), size: String(bytes.length) }));
    const { entries, format, from, kind, log: origin, size, streams, to } = { ...manifest, ...about };
    const next = { entries, files: listed, format, from, kind, log: origin, size, streams, to };
    return after.with(0, { path: 'MANIFEST.json', bytes: utf8Of(`${JSON.stringify(next)}\n`) });
  };
}

const entriesPath = 'entries/000000000000.bin';
const dataPath = 'data/000000000000.ndjson';
const topPath = 'checkpoints/00000000000000000003.txt';
const unchanged: Change = (files) => files;

describe('somebody who changes the files of a bundle', () => {
  it.each<[string, Change, string[]]>([
    ['a file that does not belong', added('extra.txt', 3), ['unexpected_file']],
    ['a file that the manifest does not list', added('keys/00000000.vkey', 3), ['unexpected_file', 'malformed_key']],
    ['the same file twice', (files) => files.toSpliced(2, 0, files[1]!), ['file_out_of_order']],
    ['files in another order', (files) => files.with(1, files[2]!).with(2, files[1]!), ['file_out_of_order']],
    ['a manifest that is none', replaced('MANIFEST.json', utf8Of('{}\n')), ['malformed_manifest']],
    [
      'a manifest with blanks',
      (files) => replaced('MANIFEST.json', joinedBytes([utf8Of(' '), files[0]!.bytes]))(files),
      ['malformed_manifest'],
    ],
    ['more entries than it has', withManifest(unchanged, { entries: '4' }), ['leaves_missing']],
    ['fewer entries than it has', withManifest(unchanged, { entries: '2' }), ['leaves_too_many']],
    ['another kind', withManifest(unchanged, { kind: 'range' }), ['proof_missing']],
    ['another end', withManifest(unchanged, { to: '2' }), ['manifest_contradicts_leaves']],
    ['another log', withManifest(unchanged, { log: 'other.example' }), ['other_log']],
    [
      'another checkpoint to measure against',
      withManifest(unchanged, { size: '2', to: '2' }),
      ['checkpoint_beyond_the_last'],
    ],
    ['a checkpoint that is not there', withManifest(unchanged, { size: '9' }), ['checkpoint_missing']],
    [
      'a definition under another name',
      withManifest(added(`definitions/${'f'.repeat(64)}.json`, 6, definition)),
      ['definition_changed'],
    ],
    [
      'a definition that is not canonical',
      withManifest(added(`definitions/${hexOf(sha256(utf8Of('{ }')))}.json`, 5, utf8Of('{ }'))),
      ['definition_not_canonical'],
    ],
    [
      'a checkpoint that is no note',
      withManifest(replaced(topPath, utf8Of('no'))),
      ['malformed_note', 'checkpoint_missing'],
    ],
    [
      'a line too many',
      (files) => files.map((f) => (f.path === dataPath ? { ...f, bytes: joinedBytes([f.bytes, utf8Of('{}\n')]) } : f)),
      ['lines_too_many'],
    ],
    [
      'a line too few',
      (files) =>
        files.map((f) => (f.path === dataPath ? { ...f, bytes: f.bytes.subarray(0, f.bytes.indexOf(10) + 1) } : f)),
      ['lines_missing'],
    ],
    [
      'a line without an end',
      (files) => files.map((f) => (f.path === dataPath ? { ...f, bytes: f.bytes.subarray(0, -1) } : f)),
      ['line_cut_off'],
    ],
    ['an endless line', replaced(dataPath, new Uint8Array(3_000_000).fill(0x20)), ['line_cut_off']],
    [
      'a line far too long',
      replaced(dataPath, new Uint8Array(3_000_000).fill(0x20).fill(10, -1)),
      ['line_too_long', 'lines_missing'],
    ],
    ['an empty shard', replaced(entriesPath, new Uint8Array(0)), ['malformed_shard']],
    [
      'a shard cut off within an entry',
      (files) => files.map((f) => (f.path === entriesPath ? { ...f, bytes: f.bytes.subarray(0, -1) } : f)),
      ['malformed_tile'],
    ],
    [
      'two shards for one',
      (files) => [
        ...files,
        ...files.slice(-3).map(({ path, bytes }) => ({ path: path.replace('000000000000', '000000000001'), bytes })),
      ],
      ['shard_not_full'],
    ],
    [
      'a shard left out',
      (files) => files.map((f) => ({ ...f, path: f.path.replace('000000000000.', '000000000007.') })),
      ['file_missing'],
    ],
    [
      'a proof of something else',
      withManifest(added('proofs/00000000000000000001.tlog-proof', 5)),
      ['malformed_proof'],
    ],
    [
      'a key file too large',
      withManifest(added('keys/ffffffff.vkey', 5, new Uint8Array(5_000))),
      ['file_too_large', 'file_missing'],
    ],
  ])('by %s is found out', async (_name, change, expected) => {
    const report = await changed(whole, change);
    expect(report.verdict).not.toBe('verified');
    expect(codes(report)).toEqual(expect.arrayContaining(expected));
    for (const { sentence } of report.defects) expect(sentence).toMatch(/^[\x20-\x7e]+$/);
  });

  it('gains nothing by signatures of a second key of the same name, before or behind the right one', async () => {
    const [own, other] = await Promise.all([log.checkpoint(3, signers), log.checkpoint(3, { log: otherSigner })]);
    const text = own.slice(0, own.indexOf('\n\n') + 2);
    const lines = [other, own].map((note) => note.slice(text.length));
    for (const both of [lines.join(''), lines.reverse().join('')]) {
      const report = await changed(whole, withManifest(replaced(topPath, utf8Of(text + both))));
      expect([report.verdict, codes(report)]).toEqual(['verified', []]);
      expect(report.checkpoint?.signedBy).toEqual([logSigner.key.name]);
      expect(report.observations.map(({ code }) => code)).toEqual(['unnamed_keys']);
    }
    const alone = await changed(whole, withManifest(replaced(topPath, utf8Of(other))));
    expect([alone.verdict, codes(alone)]).toEqual(['tampered', ['not_signed']]);
  });
});

describe('an archive of another kind', () => {
  const header = (path: string, size: number, change: (block: Uint8Array) => void): Uint8Array => {
    const block = tarHeader({ path: 'MANIFEST.json', size });
    block.fill(0, 0, 100);
    block.set(utf8Of(path));
    change(block);
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(utf8Of(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    return block;
  };
  const nothing = (): void => undefined;

  it.each<[string, Uint8Array, RegExp]>([
    ['a path that leads out', header('../../etc/passwd', 0, nothing), /leads out of the archive/],
    ['an absolute path', header('/etc/passwd', 0, nothing), /absolute path/],
    ['a link', header('MANIFEST.json', 0, (block) => block.set(utf8Of('1'), 156)), /is a link/],
    ['a symbolic link', header('MANIFEST.json', 0, (block) => block.set(utf8Of('2'), 156)), /is a symbolic link/],
    ['a folder', header('keys/', 0, (block) => block.set(utf8Of('5'), 156)), /is a folder/],
    ['a device', header('MANIFEST.json', 0, (block) => block.set(utf8Of('3'), 156)), /is a device/],
    ['an extended header', header('MANIFEST.json', 0, (block) => block.set(utf8Of('x'), 156)), /is an extended header/],
    [
      'a size that is none',
      header('MANIFEST.json', 0, (block) => block.set(utf8Of('99999999999\0'), 124)),
      /a size that is none/,
    ],
    [
      'a size in base 256',
      header('MANIFEST.json', 0, (block) => block.set([0x80, 0, 0, 0, 1], 124)),
      /a size that is none/,
    ],
    [
      'somebody who owns it',
      header('MANIFEST.json', 0, (block) => block.set(utf8Of('root'), 265)),
      /more than a path and a size/,
    ],
    ['a control character in its path', header('a\u001b[2Jb', 0, nothing), /other than plain characters/],
  ])('with %s is refused', async (_name, block, sentence) => {
    const report = await verify(joinedBytes([block, new Uint8Array(1024)]));
    expect([report.verdict, codes(report)]).toEqual(['tampered', ['malformed_archive']]);
    expect(report.defects[0]?.sentence).toMatch(sentence);
    expect(report.defects[0]?.sentence).toMatch(/^[\x20-\x7e]+$/);
  });

  it('that says that a file is huge is not believed', async () => {
    const block = header('MANIFEST.json', 8 ** 11 - 1, nothing);
    const report = await verify(joinedBytes([block, new Uint8Array(1024)]));
    expect(codes(report)).toEqual(['file_too_large', 'truncated_archive']);
  });

  it('with something behind its end is refused', async () => {
    const report = await verify(joinedBytes([whole, new Uint8Array(1)]));
    expect([report.verdict, report.level, codes(report)]).toEqual(['tampered', 'none', ['malformed_archive']]);
  });
});

describe('a holder of the key who records what is not JSON as everybody reads it', () => {
  it.each<[string, Uint8Array]>([
    ['the same key twice', utf8Of('{"a":1,"a":2}')],
    ['blanks', utf8Of('{"a": 1}')],
    ['keys in another order', utf8Of('{"b":1,"a":2}')],
    ['a NUL', utf8Of('{"a":"\u0000"}')],
    ['a lone surrogate', utf8Of('{"a":"\\ud800"}')],
    ['what is not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['a byte order mark', utf8Of('\ufeff{}')],
    ['a number written otherwise', utf8Of('{"a":1.0}')],
    ['a forbidden key', utf8Of('{"__proto__":1}')],
    ['nothing', new Uint8Array(0)],
  ])('as %s is found out', async (_name, data) => {
    const forged = new SampleLog(sampleEvents(2));
    const event = recorded(2, 'workflow-x', 0, 'X', {});
    const { metadata } = leafContentOf(event);
    for (const content of [
      { data, metadata },
      { data: utf8Of('{}'), metadata: data },
    ]) {
      const place = { index: forged.size, log: forged.origin, previousLeafHash: undefined };
      const entry = leafEntryOf(
        { ...event, stream: `workflow-${forged.size}`, position: `sql:${forged.size + 5}` },
        content,
        place,
        sha256,
      );
      expect(entry.data).toBe(base64UrlOf(sha256(content.data)));
      forged.appendEntry(entry, content);
    }
    const report = await verify(await write(await forged.contents([], signers), forged.leaves));
    expect([report.verdict, codes(report)]).toEqual(['tampered', ['data_not_canonical', 'metadata_not_canonical']]);
  });
});
