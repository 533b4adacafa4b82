// A long answer that is saved as a file: made as fast as it is read, with little of it in memory.
import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';

/** @param name without quotes and control characters */
export function download(chunks: AsyncIterable<Uint8Array | string>, type: string, name: string): StreamableFile {
  const disposition = `attachment; filename="${name}"`;
  return new StreamableFile(Readable.from(chunks, { objectMode: false }), { type, disposition });
}
