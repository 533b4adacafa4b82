// What a command reads from and writes to the disk, with errors in the words of whoever named the file.
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, link, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CliError, incomplete, usage } from './cli-world.js';

const CHUNK_BYTES = 1_048_576;
const TEXT_BYTES_MAX = 1_048_576;
const PATH_SHOWN = 200;
export const OWNER_ONLY = 0o600;
const FOR_ALL_TO_READ = 0o644;

export interface ByteSource {
  /** Undefined when it cannot be told beforehand. */
  readonly bytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** @param path `-` is standard input. */
export async function openBytes(path: string): Promise<ByteSource> {
  if (path === '-') return { bytes: undefined, chunks: toldOf('standard input', process.stdin) };
  try {
    const found = await stat(path);
    if (!found.isFile()) throw usage(`${path} is not a file`);
    return { bytes: found.size, chunks: toldOf(path, createReadStream(path, { highWaterMark: CHUNK_BYTES })) };
  } catch (error) {
    throw told(path, error);
  }
}

async function* toldOf(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw told(path, error);
  }
}

/** A small text, as of a key or a checkpoint. */
export async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > TEXT_BYTES_MAX) throw usage(`${path} is not a small text file`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw told(path, error);
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Refuses a path at which no file can be written, before anything is done that would be in vain. */
export async function checkWritable(path: string): Promise<void> {
  if (path === '') throw usage('the path of a file must not be empty');
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === false) throw usage(`${path} is not a file`);
  const folder = dirname(resolve(path));
  try {
    if (!(await stat(folder)).isDirectory()) throw usage(`${folder} is not a folder`);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw told(folder, error);
  }
}

export interface WriteOptions {
  /** Whether a file that is there already may be replaced. */
  readonly overwrite: boolean;
  /** Default: everybody may read it. */
  readonly mode?: number;
}

/** All of it or nothing; only a process that is killed leaves what it had beside it, as `.partial`. Returns the number of bytes. */
export async function writeWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { overwrite, mode = FOR_ALL_TO_READ }: WriteOptions,
): Promise<number> {
  await checkWritable(path);
  if (!overwrite && (await exists(path))) throw usage(`${path} is there already`);
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    const bytes = await writeSynced(partial, chunks, mode);
    if (overwrite) await rename(partial, path);
    else await link(partial, path);
    await syncDirectory(dirname(resolve(path)));
    return bytes;
  } catch (error) {
    throw told(path, error);
  } finally {
    await unlink(partial).catch(() => undefined);
  }
}

async function writeSynced(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mode: number,
): Promise<number> {
  const file = await open(path, 'wx', mode);
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return bytes;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}

/** What a fault of the disk is called, as an error to throw; any other is passed on. */
export function told(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof CliError || code === undefined || syscall === undefined) return error;
  switch (code) {
    case 'ENOENT':
      return usage(path === '' ? 'the path of a file must not be empty' : `there is no ${path}`);
    case 'EACCES':
    case 'EPERM':
      return usage(`${path} may not be used by this user`);
    case 'EEXIST':
      return usage(`${path} is there already`);
    case 'EISDIR':
    case 'ENOTDIR':
      return usage(`${path} is not a file`);
    case 'ENOSPC':
      return usage(`there is no room left for ${path}`);
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return usage(`${path.slice(0, PATH_SHOWN)} is no path that can be used: ${code}`);
    default:
      return incomplete(`${path} cannot be used: ${code}`);
  }
}
