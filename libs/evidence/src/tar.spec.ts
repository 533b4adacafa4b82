// Archives: written so that any tar reads them, read so that nothing else passes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { joinedBytes, textOfUtf8, utf8Of } from './byte-text.js';
import { FILE_BYTES_MAX, tarHeader } from './tar-header.js';
import type { TarLimits } from './tar-reader.js';
import { readTar } from './tar-reader.js';
import type { TarFile } from './tar-writer.js';
import { wholeFile, writeTar } from './tar-writer.js';

type Content = readonly (readonly [path: string, content: string])[];

const sample: Content = [
  ['MANIFEST.json', '{}\n'],
  ['empty/none.txt', ''],
  ['data/000.ndjson', 'x'.repeat(512)],
  ['data/001.ndjson', 'y'.repeat(1_300)],
];

async function written(files: Iterable<TarFile>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(files)) chunks.push(chunk);
  return joinedBytes(chunks);
}

const archiveOf = (content: Content): Promise<Uint8Array> =>
  written(content.map(([path, text]) => wholeFile(path, utf8Of(text))));

async function read(archive: Uint8Array, chunkBytes = archive.length, limits?: TarLimits): Promise<Content> {
  const files: [string, string][] = [];
  const chunks = Array.from({ length: Math.ceil(archive.length / chunkBytes) }, (_, index) =>
    archive.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  let parts: Uint8Array[] = [];
  for await (const item of readTar(chunks, limits)) {
    if (item.kind === 'file') files.push([item.path, `${item.size}`]);
    else if (item.kind === 'bytes') parts.push(item.bytes);
    else {
      const bytes = joinedBytes(parts);
      expect(String(bytes.length)).toBe(files.at(-1)![1]);
      files.at(-1)![1] = textOfUtf8(bytes)!;
      parts = [];
    }
  }
  return files;
}

const refusal = (code: string, text = '') => expect.objectContaining({ code, message: expect.stringContaining(text) });

/** The header block of the first file, changed and summed anew. */
function resummed(archive: Uint8Array, change: (header: Uint8Array) => void): Uint8Array {
  const copy = archive.slice();
  const header = copy.subarray(0, 512);
  change(header);
  header.set(utf8Of(' '.repeat(8)), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(utf8Of(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return copy;
}

const put = (at: number, text: string) => (header: Uint8Array) => header.set(utf8Of(text), at);

describe('an archive', () => {
  it('is read back, whatever pieces it comes in', async () => {
    const archive = await archiveOf(sample);
    for (const chunkBytes of [1, 7, 511, 512, 513, 1_000, archive.length]) {
      expect(await read(archive, chunkBytes)).toEqual(sample);
    }
    expect(await read(await archiveOf([]))).toEqual([]);
  });

  it('of any content is read back', async () => {
    const contents = fc.array(fc.string({ maxLength: 1_100 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 2_000 }), async (texts, chunkBytes) => {
        const content = texts.map((text, index) => [`d/${index}`, text] as const);
        expect(await read(await archiveOf(content), chunkBytes)).toEqual(content);
      }),
      { numRuns: 60 },
    );
  });

  it('is one for other programs too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runledger-tar-'));
    try {
      writeFileSync(join(folder, 'a.tar'), await archiveOf(sample));
      const listed = execFileSync('tar', ['-tf', 'a.tar'], { cwd: folder, encoding: 'utf8' });
      expect(listed.trim().split('\n')).toEqual(sample.map(([path]) => path));
      execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
      for (const [path, text] of sample) expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may be written from content that comes in pieces, of the size that was told', async () => {
    const file = (size: number): TarFile => ({ path: 'a', size, content: [utf8Of('ab'), utf8Of(''), utf8Of('c')] });
    expect(await read(await written([file(3)]))).toEqual([['a', 'abc']]);
    for (const size of [2, 4]) await expect(written([file(size)])).rejects.toThrow(refusal('malformed_archive'));
  });
});

describe('an archive that was tampered with', () => {
  it('is refused wherever a bit outside of the contents is flipped', async () => {
    const archive = await archiveOf(sample);
    const contents = new Set<number>();
    let at = 0;
    for (const [, text] of sample) {
      for (let index = 0; index < text.length; index += 1) contents.add(at + 512 + index);
      at += 512 + Math.ceil(text.length / 512) * 512;
    }
    for (let index = 0; index < archive.length; index += 1) {
      if (contents.has(index)) continue;
      const changed = archive.slice();
      changed[index]! ^= 1 << (index % 8);
      await expect(read(changed)).rejects.toThrow(expect.objectContaining({ name: 'EvidenceError' }));
    }
  });

  it('is refused wherever it is cut off', async () => {
    const archive = await archiveOf(sample);
    for (let length = 0; length < archive.length; length += 1) {
      await expect(read(archive.slice(0, length), 4_096)).rejects.toThrow(refusal('truncated_archive'));
    }
  });

  it.each<[string, (archive: Uint8Array) => Uint8Array, string]>([
    ['a hard link', (archive) => resummed(archive, put(156, '1')), 'is a link, not a plain file'],
    ['a symbolic link', (archive) => resummed(archive, put(156, '2')), 'is a symbolic link'],
    ['a device', (archive) => resummed(archive, put(156, '3')), 'is a device'],
    ['a folder', (archive) => resummed(archive, put(156, '5')), 'is a folder'],
    ['a pipe', (archive) => resummed(archive, put(156, '6')), 'is a pipe'],
    ['an extended header', (archive) => resummed(archive, put(156, 'x')), 'is an extended header'],
    ['a long name', (archive) => resummed(archive, put(156, 'L')), 'is a long name'],
    ['a sparse file', (archive) => resummed(archive, put(156, 'S')), 'is a sparse file'],
    ['a file of the old format', (archive) => resummed(archive, put(156, '\0')), 'is a file of an older format'],
    ['an unknown kind', (archive) => resummed(archive, put(156, 'z')), 'of an unknown kind'],
    ['an absolute path', (archive) => resummed(archive, put(0, '/etc/passwd\0')), 'is an absolute path'],
    ['a path upwards', (archive) => resummed(archive, put(0, '../x\0')), 'leads out of the archive'],
    ['a path upwards from within', (archive) => resummed(archive, put(0, 'a/../../x\0')), 'leads out of the archive'],
    ['a path with a dot', (archive) => resummed(archive, put(0, './x\0')), 'other than plain characters'],
    ['an empty segment', (archive) => resummed(archive, put(0, 'a//x\0')), 'other than plain characters'],
    ['a backslash', (archive) => resummed(archive, put(0, 'a\\x\0')), 'other than plain characters'],
    ['a path of other characters', (archive) => resummed(archive, put(0, 'aé\0')), 'other than plain characters'],
    ['a folder as path', (archive) => resummed(archive, put(0, 'MANIFEST/\0')), 'other than plain characters'],
    ['no path', (archive) => resummed(archive, (header) => header.fill(0, 0, 100)), 'empty'],
    ['a path in two parts', (archive) => resummed(archive, put(345, 'a')), 'in two parts'],
    ['rights', (archive) => resummed(archive, put(100, '0000755\0')), 'holds more than a path and a size'],
    ['an owner', (archive) => resummed(archive, put(108, '0001750\0')), 'holds more'],
    ['a time', (archive) => resummed(archive, put(136, '14717042310\0')), 'holds more'],
    ["an owner's name", (archive) => resummed(archive, put(265, 'root')), 'holds more'],
    ['something behind the path', (archive) => resummed(archive, put(60, 'x')), 'holds more'],
    ['a size in other digits', (archive) => resummed(archive, put(124, '0000000000 \0')), 'holds more'],
    ['a size that is none', (archive) => resummed(archive, put(124, 'zzzzzzzzzzz\0')), 'size that is none'],
    ['a size in base 256', (archive) => resummed(archive, (header) => (header[124] = 0x80)), 'size that is none'],
    ['a wrong checksum', (archive) => archive.with(0, 0x4e), 'wrong checksum'],
    ['something behind its end', (archive) => joinedBytes([archive, Uint8Array.of(0)]), 'stands behind its end'],
    ['an archive behind its end', (archive) => joinedBytes([archive, archive]), 'stands behind its end'],
    ['a block of zeroes in its midst', (archive) => joinedBytes([new Uint8Array(512), archive]), 'behind its end'],
  ])('with %s is refused', async (_, tamper, text) => {
    await expect(read(tamper(await archiveOf(sample)))).rejects.toThrow(refusal('malformed_archive', text));
  });

  it('with a file twice, out of order, too large or too many is refused', async () => {
    const twice = await archiveOf([...sample, sample[0]!]);
    await expect(read(twice)).rejects.toThrow(refusal('malformed_archive', 'MANIFEST.json comes twice'));
    const comesAfter = (previous: string | undefined, path: string): boolean =>
      previous === undefined || previous < path;
    const archive = await archiveOf([sample[1]!, sample[2]!]);
    await expect(read(archive, 512, { comesAfter })).rejects.toThrow(refusal('malformed_archive', 'out of order'));
    expect(await read(await archiveOf([sample[2]!, sample[1]!]), 512, { comesAfter })).toHaveLength(2);
    await expect(read(archive, 512, { fileBytesMax: 511 })).rejects.toThrow(
      refusal('malformed_archive', 'at most 511'),
    );
    await expect(read(archive, 512, { filesMax: 1 })).rejects.toThrow(
      refusal('malformed_archive', 'more than 1 files'),
    );
  });

  it('does not make the reader hold what its headers promise', async () => {
    const huge = tarHeader({ path: 'a', size: FILE_BYTES_MAX });
    await expect(read(huge)).rejects.toThrow(refusal('truncated_archive', 'in or behind a'));
  });
});

describe('a header', () => {
  it.each(['', '/a', '../a', 'a/..', 'a/', '.a', 'a b', 'a\0b', 'ü', 'x'.repeat(101)])('has no path %j', (path) => {
    expect(() => tarHeader({ path, size: 0 })).toThrow(refusal('malformed_archive'));
  });

  it.each([-1, 0.5, Number.NaN, FILE_BYTES_MAX + 1])('has no size %d', (size) => {
    expect(() => tarHeader({ path: 'a', size })).toThrow(refusal('malformed_archive'));
  });
});
