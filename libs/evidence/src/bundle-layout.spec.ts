// The names and the order of a bundle's files, and its manifest.
import { canonicalJson } from '@app/kernel';
import {
  bundlePlaceOf,
  checkpointPath,
  comesAfter,
  consistencyPath,
  definitionPath,
  inclusionPath,
  keyPath,
  MANIFEST_PATH,
  RANGE_PROOF_PATH,
  shardPaths,
} from './bundle-layout.js';
import type { BundleManifest } from './bundle-manifest.js';
import { formatManifest, parseManifest } from './bundle-manifest.js';
import { utf8Of } from './byte-text.js';

const hash = 'ab'.repeat(32);
const inOrder = [
  MANIFEST_PATH,
  checkpointPath(7),
  checkpointPath(1_000),
  keyPath(0xc74f20a3),
  keyPath(0xd74f20a3),
  consistencyPath(7),
  inclusionPath(8),
  consistencyPath(1_000),
  RANGE_PROOF_PATH,
  definitionPath(hash),
  shardPaths(0).entries,
  shardPaths(0).data,
  shardPaths(0).meta,
  shardPaths(1).entries,
  shardPaths(1).data,
  shardPaths(1).meta,
  shardPaths(10).entries,
];

describe('the files of a bundle', () => {
  it('are called so', () => {
    expect(inOrder.slice(1, 13)).toEqual([
      'checkpoints/00000000000000000007.txt',
      'checkpoints/00000000000000001000.txt',
      'keys/c74f20a3.vkey',
      'keys/d74f20a3.vkey',
      'proofs/00000000000000000007.consistency',
      'proofs/00000000000000000008.tlog-proof',
      'proofs/00000000000000001000.consistency',
      'proofs/range.txt',
      `definitions/${hash}.json`,
      'entries/000000000000.bin',
      'data/000000000000.ndjson',
      'meta/000000000000.ndjson',
    ]);
  });

  it('are known by their folders', () => {
    for (const path of inOrder.slice(1)) {
      const [folder, name] = path.split('/');
      expect(bundlePlaceOf(path)).toEqual({ folder, name });
    }
    expect(bundlePlaceOf(MANIFEST_PATH)).toEqual({ folder: 'manifest', name: MANIFEST_PATH });
  });

  it('stand in one order, none behind itself', () => {
    for (const [index, path] of inOrder.entries()) {
      expect(comesAfter(undefined, path)).toBe(true);
      for (const [other, next] of inOrder.entries()) expect(comesAfter(path, next)).toBe(other > index);
    }
  });

  it.each([
    '',
    'manifest.json',
    'MANIFEST.json/x',
    '/MANIFEST.json',
    'checkpoints/7.txt',
    'checkpoints/00000000000000000007.txt/',
    'checkpoints/00000000000000000007.TXT',
    'keys/C74F20A3.vkey',
    'keys/log.vkey',
    'proofs/00000000000000000007.txt',
    'proofs/range',
    'definitions/x.json',
    `definitions/${hash}.json\n`,
    'entries/0.bin',
    'entries/000000000000.ndjson',
    'data/000000000000.bin',
    'data/../000000000000.ndjson',
    'other/000000000000.bin',
    'constructor/x',
    'manifest/MANIFEST.json',
  ])('%j is none', (path) => {
    expect(bundlePlaceOf(path)).toBeUndefined();
    expect(comesAfter(undefined, path)).toBe(false);
    expect(comesAfter(path, MANIFEST_PATH)).toBe(false);
  });
});

const manifest: BundleManifest = {
  entries: '3',
  files: [
    { path: checkpointPath(9), sha256: hash, size: '120' },
    { path: keyPath(1), sha256: hash, size: '60' },
  ],
  format: 'runledger-bundle/1',
  from: '4',
  kind: 'range',
  log: 'example.com/log',
  size: '9',
  streams: [],
  to: '7',
};

describe('a manifest', () => {
  it('is canonical JSON in a line, and read back', () => {
    const bytes = formatManifest(manifest);
    expect(bytes).toEqual(utf8Of(`${canonicalJson(manifest)}\n`));
    expect(parseManifest(bytes)).toEqual(manifest);
    const streams: BundleManifest = { ...manifest, kind: 'streams', streams: ['a-1', 'b-1'], files: [] };
    expect(parseManifest(formatManifest(streams))).toEqual(streams);
  });

  it.each<[string, unknown]>([
    ['a number for a text', { ...manifest, entries: 3 }],
    ['a number with a leading zero', { ...manifest, from: '04' }],
    ['a negative number', { ...manifest, from: '-4' }],
    ['an end before its beginning', { ...manifest, to: '3' }],
    ['an end behind the tree', { ...manifest, to: '10' }],
    ['another format', { ...manifest, format: 'runledger-bundle/2' }],
    ['another kind', { ...manifest, kind: 'everything' }],
    ['a log without a name', { ...manifest, log: '' }],
    ['a log whose name has a blank', { ...manifest, log: 'a b' }],
    ['an unknown member', { ...manifest, created: 'x' }],
    ['a missing member', { ...manifest, to: undefined }],
    ['no list of files', { ...manifest, files: {} }],
    ['no list of streams', { ...manifest, streams: null }],
    ['streams in a range', { ...manifest, streams: ['a-1'] }],
    ['no streams', { ...manifest, kind: 'streams' }],
    ['streams out of order', { ...manifest, kind: 'streams', streams: ['b-1', 'a-1'] }],
    ['a stream twice', { ...manifest, kind: 'streams', streams: ['a-1', 'a-1'] }],
    ['a stream without a name', { ...manifest, kind: 'streams', streams: [''] }],
    ['a stream that is no text', { ...manifest, kind: 'streams', streams: [7] }],
    ['files out of order', { ...manifest, files: manifest.files.toReversed() }],
    ['itself among its files', { ...manifest, files: [{ ...manifest.files[0]!, path: MANIFEST_PATH }] }],
    ['the bulk among its files', { ...manifest, files: [{ ...manifest.files[0]!, path: shardPaths(0).data }] }],
    ['a file outside', { ...manifest, files: [{ ...manifest.files[0]!, path: '../x' }] }],
    ['a file without a hash', { ...manifest, files: [{ path: checkpointPath(9), size: '1' }] }],
    ['a hash in capitals', { ...manifest, files: [{ ...manifest.files[0]!, sha256: hash.toUpperCase() }] }],
    ['a size that is none', { ...manifest, files: [{ ...manifest.files[0]!, size: '' }] }],
    ['a file that is null', { ...manifest, files: [null] }],
    ['an array around it', [manifest]],
    ['null', null],
    ['a text', 'manifest'],
  ])('with %s is malformed', (_, value) => {
    const wrong = JSON.parse(JSON.stringify(value)) as unknown;
    expect(() => parseManifest(utf8Of(`${canonicalJson(wrong)}\n`))).toThrow(
      expect.objectContaining({ code: 'malformed_manifest' }),
    );
  });

  it('in any other spelling is malformed', () => {
    const text = canonicalJson(manifest);
    for (const wrong of [
      text,
      '',
      '\n',
      `${text}\n\n`,
      ` ${text}\n`,
      `${JSON.stringify(manifest, undefined, 1)}\n`,
      `${text.replace('"from"', '"entries":"3","from"')}\n`,
      `${JSON.stringify(Object.fromEntries(Object.entries(manifest).reverse()))}\n`,
    ]) {
      expect(() => parseManifest(utf8Of(wrong))).toThrow(expect.objectContaining({ code: 'malformed_manifest' }));
    }
    expect(() => formatManifest({ ...manifest, to: '99' })).toThrow(
      expect.objectContaining({ code: 'malformed_manifest' }),
    );
  });
});
