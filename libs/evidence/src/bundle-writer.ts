// A bundle, written in one pass from whatever yields leaves in order: nothing is held but the shard under way.
import {
  checkpointPath,
  consistencyPath,
  definitionPath,
  inclusionPath,
  keyPath,
  MANIFEST_PATH,
  RANGE_PROOF_PATH,
  SHARD_ENTRIES,
  shardPaths,
} from './bundle-layout.js';
import type { BundleKind, BundleManifest } from './bundle-manifest.js';
import { BUNDLE_FORMAT, formatManifest } from './bundle-manifest.js';
import { hexOf, joinedBytes, utf8Of } from './byte-text.js';
import { packEntries } from './entry-bundle.js';
import { EvidenceError } from './evidence-error.js';
import type { VerifierKey } from './note-key.js';
import { formatVerifierKey } from './note-key.js';
import type { ConsistencyText, InclusionText, RangeText } from './proof-text.js';
import { formatConsistency, formatInclusion, formatRange } from './proof-text.js';
import type { TarFile } from './tar-writer.js';
import { wholeFile, writeTar } from './tar-writer.js';
import type { Sha256 } from './tree-hasher.js';

/** One leaf with what it is the leaf of, as `leafContentOf` and `encodeLeafEntry` have them. */
export interface BundledLeaf {
  readonly entry: Uint8Array;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface BundleContents {
  readonly kind: BundleKind;
  /** Origin of the log. */
  readonly log: string;
  /** Leaves `[from, to)`; of whole streams, from the first to behind the last leaf. */
  readonly from: number;
  readonly to: number;
  /** Leaves that will come, exactly. */
  readonly entries: number;
  /** Of kind `streams`: their names, in order; else none. */
  readonly streams: readonly string[];
  /** Signed notes by the size of their tree; the largest is what everything is measured against. */
  readonly checkpoints: ReadonlyMap<number, string>;
  /** Of everybody who signed one of them. */
  readonly keys: readonly VerifierKey[];
  readonly range?: RangeText;
  readonly inclusions?: readonly InclusionText[];
  readonly consistencies?: readonly ConsistencyText[];
  /** Canonical JSON. */
  readonly definitions?: readonly Uint8Array[];
}

/**
 * The bytes of the bundle, in chunks. Throws out_of_range, in the midst of it, when `leaves` yields fewer or more than
 * `contents.entries`: whoever reads must not take what came so far for a bundle.
 */
export async function* writeBundle(
  contents: BundleContents,
  leaves: AsyncIterable<BundledLeaf> | Iterable<BundledLeaf>,
  sha256: Sha256,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* writeTar(filesOf(contents, leaves, sha256));
}

async function* filesOf(
  contents: BundleContents,
  leaves: AsyncIterable<BundledLeaf> | Iterable<BundledLeaf>,
  sha256: Sha256,
): AsyncGenerator<TarFile> {
  const small = smallFiles(contents, sha256);
  yield wholeFile(MANIFEST_PATH, formatManifest(manifestOf(contents, small, sha256)));
  for (const { path, bytes } of small) yield wholeFile(path, bytes);
  let written = 0;
  let shard: BundledLeaf[] = [];
  for await (const leaf of leaves) {
    shard.push(leaf);
    if (shard.length < SHARD_ENTRIES) continue;
    yield* shardFiles(written / SHARD_ENTRIES, shard);
    written += shard.length;
    shard = [];
  }
  if (shard.length > 0) yield* shardFiles(written / SHARD_ENTRIES, shard);
  written += shard.length;
  if (written === contents.entries) return;
  throw new EvidenceError('out_of_range', `the bundle was to hold ${contents.entries} leaves, there were ${written}`);
}

interface SmallFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

function smallFiles(contents: BundleContents, sha256: Sha256): SmallFile[] {
  const checkpoints = [...contents.checkpoints].map(([size, note]) => ({
    path: checkpointPath(size),
    bytes: utf8Of(note),
  }));
  const keys = contents.keys.map((key) => ({
    path: keyPath(key.keyId),
    bytes: utf8Of(`${formatVerifierKey(key)}\n`),
  }));
  const definitions = (contents.definitions ?? []).map((bytes) => ({
    path: definitionPath(hexOf(sha256(bytes))),
    bytes,
  }));
  return [checkpoints, keys, proofFiles(contents), definitions].flatMap((files) => inOrder(files));
}

function proofFiles({ range, inclusions = [], consistencies = [] }: BundleContents): SmallFile[] {
  return [
    ...inclusions.map((one) => ({ path: inclusionPath(one.index), bytes: utf8Of(formatInclusion(one)) })),
    ...consistencies.map((one) => ({
      path: consistencyPath(one.size1),
      bytes: utf8Of(formatConsistency(one)),
    })),
    ...(range ? [{ path: RANGE_PROOF_PATH, bytes: utf8Of(formatRange(range)) }] : []),
  ];
}

/** By name; the same file given twice stands there once. */
function inOrder(files: readonly SmallFile[]): SmallFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function manifestOf(contents: BundleContents, small: readonly SmallFile[], sha256: Sha256): BundleManifest {
  const { kind, log, from, to, entries, streams, checkpoints } = contents;
  const files = small.map(({ path, bytes }) => ({
    path,
    sha256: hexOf(sha256(bytes)),
    size: String(bytes.length),
  }));
  return {
    format: BUNDLE_FORMAT,
    kind,
    log,
    size: String(Math.max(...checkpoints.keys())),
    from: String(from),
    to: String(to),
    entries: String(entries),
    streams,
    files,
  };
}

function* shardFiles(shard: number, leaves: readonly BundledLeaf[]): Iterable<TarFile> {
  const paths = shardPaths(shard);
  yield wholeFile(paths.entries, packEntries(leaves.map(({ entry }) => entry)));
  yield wholeFile(paths.data, linesOf(leaves.map(({ data }) => data)));
  yield wholeFile(paths.meta, linesOf(leaves.map(({ metadata }) => metadata)));
}

const lineEnd = Uint8Array.of(0x0a);

function linesOf(lines: readonly Uint8Array[]): Uint8Array {
  return joinedBytes(lines.flatMap((line) => [line, lineEnd]));
}
