// The header of a plain file in a tar archive (POSIX ustar): wholly determined by its path and size, so that there is one spelling of an archive.
import { sameBytes, utf8Of } from './byte-text.js';
import { EvidenceError, excerptOf } from './evidence-error.js';

export const BLOCK_BYTES = 512;
/** Blocks of zeroes behind the last file. */
export const END_BLOCKS = 2;
/** What eleven octal digits can say. */
export const FILE_BYTES_MAX = 8 ** 11 - 1;

export interface TarEntry {
  readonly path: string;
  readonly size: number;
}

const PATH_BYTES_MAX = 100;
const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** The zeroes behind a file's last byte. */
export function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Throws malformed_archive for a path or size that we never write. */
export function tarHeader({ path, size }: TarEntry): Uint8Array {
  const problem = pathProblem(path);
  if (problem !== undefined) throw malformed(`${excerptOf(path)} ${problem}`);
  if (!Number.isSafeInteger(size) || size < 0 || size > FILE_BYTES_MAX) {
    throw malformed(`${path} cannot have a size of ${size}`);
  }
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string): void => block.set(utf8Of(text), at);
  put(0, path);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${octal(size, 11)}\0`);
  put(136, '00000000000\0');
  put(148, ' '.repeat(8));
  put(156, PLAIN_FILE);
  put(257, 'ustar\0');
  put(263, '00');
  put(329, '0000000\0');
  put(337, '0000000\0');
  put(148, `${octal(checksumOf(block), 6)}\0 `);
  return block;
}

/** Throws malformed_archive unless the block is what `tarHeader` writes for some path and size. */
export function readTarHeader(block: Uint8Array): TarEntry {
  const path = textField(block, 0, PATH_BYTES_MAX);
  const shown = excerptOf(path);
  const stated = octalField(block, 148, 8);
  if (stated !== checksumWithBlanks(block)) throw malformed(`the header of "${shown}" has a wrong checksum`);
  const kind = String.fromCharCode(block[156] as number);
  if (kind !== PLAIN_FILE) throw malformed(`"${shown}" is ${kinds[kind] ?? 'of an unknown kind'}, not a plain file`);
  if (block[345] !== 0) throw malformed(`"${shown}" has a path in two parts`);
  const problem = pathProblem(path);
  if (problem !== undefined) throw malformed(`"${shown}" ${problem}`);
  const size = octalField(block, 124, 12);
  if (size === undefined) throw malformed(`"${shown}" has a size that is none`);
  if (!sameBytes(block, tarHeader({ path, size }))) {
    throw malformed(`the header of "${shown}" holds more than a path and a size`);
  }
  return { path, size };
}

export function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

const PLAIN_FILE = '0';
const kinds: Readonly<Record<string, string>> = {
  '\0': 'a file of an older format',
  '1': 'a link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '5': 'a folder',
  '6': 'a pipe',
  x: 'an extended header',
  g: 'an extended header',
  L: 'a long name',
  K: 'a long link',
  S: 'a sparse file',
};

function pathProblem(path: string): string | undefined {
  if (path === '' || path.length > PATH_BYTES_MAX) return `has a path that is empty or longer than ${PATH_BYTES_MAX}`;
  if (path.startsWith('/')) return 'is an absolute path';
  const segments = path.split('/');
  if (segments.includes('..')) return 'is a path that leads out of the archive';
  return segments.every((part) => segment.test(part)) ? undefined : 'is a path with other than plain characters';
}

function checksumOf(block: Uint8Array): number {
  return block.reduce((sum, byte) => sum + byte, 0);
}

/** The checksum is taken over the header with blanks where the checksum stands. */
function checksumWithBlanks(block: Uint8Array): number {
  return checksumOf(block) - checksumOf(block.subarray(148, 156)) + 8 * 0x20;
}

function textField(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return String.fromCharCode(...(end === -1 ? field : field.subarray(0, end)));
}

function octalField(block: Uint8Array, at: number, length: number): number | undefined {
  const digits = textField(block, at, length).trimEnd();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_archive', `not an archive of ours: ${problem}`);
}
