// Starts the threads of the views: the built file, or its TypeScript source in tests and tools.
import { Worker } from 'node:worker_threads';

/** A batch of events and its entries fit into the young generation: else half the time of folding goes into moving them. */
const YOUNG_MB = 48;

/** @param youngMb of the young generation, for batches that are larger than usual */
export function startViewThread(url: URL, workerData: unknown, youngMb = YOUNG_MB): Worker {
  const loader = new URL('../../../test/support/typescript.mjs', import.meta.url).href;
  const fromSource = url.pathname.endsWith('.ts');
  return new Worker(url, {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    ...(fromSource ? { execArgv: ['--no-warnings', '--import', loader] } : {}),
  });
}
