// Writes plain files into a tar archive, chunk by chunk: nothing is held but what the caller hands over.
import { EvidenceError } from './evidence-error.js';
import { BLOCK_BYTES, END_BLOCKS, paddingOf, tarHeader } from './tar-header.js';

export interface TarFile {
  readonly path: string;
  /** Of the content, in bytes: it stands before it. */
  readonly size: number;
  readonly content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Throws malformed_archive for a path, size or content that does not fit; what was given out by then is no archive. */
export async function* writeTar(files: Iterable<TarFile> | AsyncIterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const file of files) {
    yield tarHeader(file);
    let left = file.size;
    for await (const chunk of file.content) {
      left -= chunk.length;
      if (left < 0) throw wrongSize(file);
      if (chunk.length > 0) yield chunk;
    }
    if (left > 0) throw wrongSize(file);
    const padding = paddingOf(file.size);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield new Uint8Array(END_BLOCKS * BLOCK_BYTES);
}

/** A file whose content is at hand. */
export function wholeFile(path: string, content: Uint8Array): TarFile {
  return { path, size: content.length, content: [content] };
}

function wrongSize({ path, size }: TarFile): EvidenceError {
  return new EvidenceError('malformed_archive', `the content of ${path} is not ${size} bytes long`);
}
