// The verifier: reads a bundle once, from its first byte to its last, in bounded memory, and says what was shown.
import { EvidenceError } from './evidence-error.js';
import { readTar } from './tar-reader.js';
import { BundleReading } from './verify-reading.js';
import type { VerifyOptions } from './verify-options.js';
import type { VerifyReport } from './verify-report.js';
import { DefectLog } from './verify-report.js';
import { reportOf } from './verify-verdict.js';

/** Never throws for anything that the bundle holds; passes on what `source` throws. */
export async function verifyBundle(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const defects = new DefectLog();
  const reading = new BundleReading(options, defects);
  let bytes = 0;
  let isWhole = true;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length;
      options.onProgress?.(bytes, reading.leaves);
      yield chunk;
    }
  }
  try {
    for await (const item of readTar(counted(), { comesAfter: anyOrder })) {
      reading.take(item);
      if (reading.isHopeless) break;
    }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    if (error.code === 'truncated_archive') defects.incomplete(error.code, error.message);
    else defects.tampered(error.code, error.message);
    isWhole = false;
  }
  reading.end(isWhole && !reading.isHopeless);
  return reportOf(reading, options, defects, bytes);
}

/** The reading looks at the order itself, and says more about it. */
const anyOrder = (): boolean => true;
