// Which files a bundle holds, how they are called and in which order they stand. docs/evidence-format.md is the same for other readers.
import { keyIdText } from './note-key.js';

/** Leaves of one shard; only the last holds fewer. As many as in an entry bundle of C2SP tlog-tiles. */
export const SHARD_ENTRIES = 256;

/** Small files first: once the bulk comes, a reader knows what it must prove. In this order. */
export const bundleFolders = [
  'manifest',
  'checkpoints',
  'keys',
  'proofs',
  'definitions',
  'entries',
  'data',
  'meta',
] as const;
export type BundleFolder = (typeof bundleFolders)[number];

export interface BundlePlace {
  readonly folder: BundleFolder;
  /** Of the file in its folder. */
  readonly name: string;
}

export const MANIFEST_PATH = 'MANIFEST.json';
export const RANGE_PROOF_PATH = 'proofs/range.txt';

const LEAF_DIGITS = 20;
const SHARD_DIGITS = 12;

/** The signed note over the tree of `size`. */
export function checkpointPath(size: number): string {
  return `checkpoints/${leafDigits(size)}.txt`;
}

export function keyPath(keyId: number): string {
  return `keys/${keyIdText(keyId)}.vkey`;
}

/** That the leaf `index` is in the tree. */
export function inclusionPath(index: number): string {
  return `proofs/${leafDigits(index)}.tlog-proof`;
}

/** That the tree continues the one of `size1`. */
export function consistencyPath(size1: number): string {
  return `proofs/${leafDigits(size1)}.consistency`;
}

/** @param sha256 of the definition's canonical JSON, hexadecimal. */
export function definitionPath(sha256: string): string {
  return `definitions/${sha256}.json`;
}

export interface ShardPaths {
  readonly entries: string;
  readonly data: string;
  readonly meta: string;
}

/** @param shard 0, 1, 2 and so on. */
export function shardPaths(shard: number): ShardPaths {
  const name = String(shard).padStart(SHARD_DIGITS, '0');
  return { entries: `entries/${name}.bin`, data: `data/${name}.ndjson`, meta: `meta/${name}.ndjson` };
}

function leafDigits(value: number): string {
  return String(value).padStart(LEAF_DIGITS, '0');
}

const names: Readonly<Record<Exclude<BundleFolder, 'manifest'>, RegExp>> = {
  checkpoints: /^\d{20}\.txt$/,
  keys: /^[0-9a-f]{8}\.vkey$/,
  proofs: /^(?:\d{20}\.(?:tlog-proof|consistency)|range\.txt)$/,
  definitions: /^[0-9a-f]{64}\.json$/,
  entries: /^\d{12}\.bin$/,
  data: /^\d{12}\.ndjson$/,
  meta: /^\d{12}\.ndjson$/,
};

/** Undefined for every path that no file of a bundle has. */
export function bundlePlaceOf(path: string): BundlePlace | undefined {
  if (path === MANIFEST_PATH) return { folder: 'manifest', name: path };
  const slash = path.indexOf('/');
  const [folder, name] = [path.slice(0, slash), path.slice(slash + 1)];
  if (!Object.hasOwn(names, folder)) return undefined;
  const known = folder as keyof typeof names;
  return names[known].test(name) ? { folder: known, name } : undefined;
}

/** Whether a file may stand behind another; no file behind itself. `previous` is undefined for the first. */
export function comesAfter(previous: string | undefined, next: string): boolean {
  const [before, after] = [previous === undefined ? '' : sortKeyOf(previous), sortKeyOf(next)];
  return before !== undefined && after !== undefined && before < after;
}

const FIRST_BULK = bundleFolders.indexOf('entries');

/** A text that sorts as the files stand: the bulk by shard first, everything else by folder first. */
function sortKeyOf(path: string): string | undefined {
  const place = bundlePlaceOf(path);
  if (!place) return undefined;
  const rank = bundleFolders.indexOf(place.folder);
  return rank < FIRST_BULK ? `${rank}/${place.name}` : `${FIRST_BULK}/${place.name.slice(0, SHARD_DIGITS)}/${rank}`;
}
