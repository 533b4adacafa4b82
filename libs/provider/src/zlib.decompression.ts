// We ask for plain bodies; some servers compress all the same. What comes out is bounded, whatever went in.
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { HttpFailure } from './http-client.js';

const decoders = {
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  'x-gzip': promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  deflate: promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate),
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
};

/** The body without its content coding, at most `bytesMax` bytes. */
export async function decompressed(
  body: Buffer,
  coding: string | undefined,
  bytesMax: number,
): Promise<Buffer | Pick<HttpFailure, 'code' | 'message'>> {
  const name = coding?.trim().toLowerCase();
  if (name === undefined || name === '' || name === 'identity' || body.length === 0) return body;
  if (!(name in decoders)) return { code: 'invalid_response', message: 'the answer has an unknown content coding' };
  try {
    return await decoders[name as keyof typeof decoders](body, { maxOutputLength: bytesMax });
  } catch (error) {
    return (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
      ? { code: 'response_too_large', message: `the response is larger than ${bytesMax} bytes` }
      : { code: 'invalid_response', message: 'the answer cannot be decompressed' };
  }
}
