// What a bundle says it holds. Nothing in it is believed: everything can be told again from the other files, so that no byte may differ.
import { canonicalJson } from '@app/kernel';
import { bundlePlaceOf, comesAfter, MANIFEST_PATH } from './bundle-layout.js';
import { numberOfDecimal, textOfUtf8, utf8Of } from './byte-text.js';
import { canonicalBytesDefect } from './canonical-scan.js';
import { isOrigin } from './checkpoint.js';
import { EvidenceError, excerptOf } from './evidence-error.js';

export const BUNDLE_FORMAT = 'runledger-bundle/1';

/**
 * `log`: all leaves of the tree. `range`: the leaves `[from, to)`. `streams`: all leaves so far of the streams named, from
 * their first on.
 */
export const bundleKinds = ['log', 'range', 'streams'] as const;
export type BundleKind = (typeof bundleKinds)[number];

/** One of the files before the bulk. */
export interface BundleFile {
  readonly path: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** Bytes, decimal. */
  readonly size: string;
}

/** Numbers are decimal texts. */
export interface BundleManifest {
  /** How many leaves are in it. */
  readonly entries: string;
  /** All files but the manifest and the bulk, in their order. */
  readonly files: readonly BundleFile[];
  readonly format: typeof BUNDLE_FORMAT;
  /** The first leaf. */
  readonly from: string;
  readonly kind: BundleKind;
  /** Origin of the log. */
  readonly log: string;
  /** Of the checkpoint that everything is proved against, the largest in the bundle. */
  readonly size: string;
  /** Of a bundle of streams their names, sorted by code unit; else none. */
  readonly streams: readonly string[];
  /** The leaf behind the last; `from <= to <= size`. */
  readonly to: string;
}

/** Canonical JSON and a line end. Throws malformed_manifest when it is none. */
export function formatManifest(manifest: BundleManifest): Uint8Array {
  const bytes = utf8Of(`${canonicalJson(manifest)}\n`);
  parseManifest(bytes);
  return bytes;
}

/** Throws malformed_manifest for everything that `formatManifest` never writes. */
export function parseManifest(bytes: Uint8Array): BundleManifest {
  const body = bytes.subarray(0, -1);
  if (bytes.at(-1) !== LINE_END) throw malformed('has no line end behind it');
  const defect = canonicalBytesDefect(body, DEPTH_MAX);
  if (defect) throw malformed(`is not canonical JSON: ${defect.problem}, byte ${defect.at}`);
  const value: unknown = JSON.parse(textOfUtf8(body) ?? '');
  const members = membersOf(value, manifestMembers);
  const texts = ['entries', 'format', 'from', 'kind', 'log', 'size', 'to'].every(
    (name) => typeof members[name] === 'string',
  );
  if (!texts || !Array.isArray(members['files']) || !Array.isArray(members['streams'])) {
    throw malformed('has a member of the wrong type');
  }
  const manifest = value as BundleManifest;
  checkFiles(manifest.files);
  checkStreams(manifest);
  const problem = memberProblem(manifest);
  if (problem !== undefined) throw malformed(problem);
  return manifest;
}

const LINE_END = 0x0a;
/** The manifest, its list, a file. */
const DEPTH_MAX = 3;

const manifestMembers = ['entries', 'files', 'format', 'from', 'kind', 'log', 'size', 'streams', 'to'];
const fileMembers = ['path', 'sha256', 'size'];

function membersOf(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const found = isObject ? Object.keys(value) : [];
  if (!isObject || found.length !== names.length || found.some((name) => !names.includes(name))) {
    throw malformed(`has not exactly the members ${names.join(', ')}`);
  }
  return value as Record<string, unknown>;
}

function memberProblem({ entries, format, from, kind, log, size, to }: BundleManifest): string | undefined {
  if (format !== BUNDLE_FORMAT) return `is of the unknown format "${excerptOf(format)}"`;
  if (!bundleKinds.includes(kind)) return `is of the unknown kind "${excerptOf(kind)}"`;
  if (!isOrigin(log)) return 'has no sensible name of a log';
  const [count, first, end, leaves] = [entries, from, to, size].map(numberOfDecimal);
  if (count === undefined || first === undefined || end === undefined || leaves === undefined) {
    return 'has a number that is none';
  }
  return first <= end && end <= leaves ? undefined : `is about leaves from ${from} to ${to} of ${size}`;
}

const sha256Pattern = /^[0-9a-f]{64}$/;

function checkFiles(files: readonly unknown[]): void {
  let previous = MANIFEST_PATH;
  for (const file of files) {
    const { path, sha256, size } = membersOf(file, fileMembers);
    if (typeof path !== 'string' || typeof sha256 !== 'string' || typeof size !== 'string') {
      throw malformed('names a file without path, sha256 and size');
    }
    const folder = bundlePlaceOf(path)?.folder;
    if (folder === undefined || folder === 'entries' || folder === 'data' || folder === 'meta') {
      throw malformed(`names ${excerptOf(path)}, which is none of its files`);
    }
    if (!comesAfter(previous, path)) throw malformed(`names ${path} twice or out of order`);
    if (!sha256Pattern.test(sha256) || numberOfDecimal(size) === undefined) {
      throw malformed(`says nothing sensible of ${path}`);
    }
    previous = path;
  }
}

function checkStreams({ kind, streams }: BundleManifest): void {
  const names: readonly unknown[] = streams;
  const isSorted = names.every(
    (name, at) => typeof name === 'string' && name !== '' && (at === 0 || (names[at - 1] as string) < name),
  );
  if (!isSorted) throw malformed('names a stream twice, out of order or not at all');
  if (kind === 'streams' ? names.length === 0 : names.length > 0) {
    throw malformed(`is of kind ${kind} and names ${names.length} streams`);
  }
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_manifest', `the manifest ${problem}`);
}
