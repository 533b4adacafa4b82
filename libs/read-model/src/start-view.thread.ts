// Starts the threads of the views: the built file, or its TypeScript source in tests and tools.
import { Worker } from 'node:worker_threads';

/** A batch of events and its entries fit into the young generation: else half the time of folding goes into moving them. */
const resourceLimits = { maxYoungGenerationSizeMb: 48 };

export function startViewThread(url: URL, workerData: unknown): Worker {
  const loader = new URL('../../../test/support/typescript.mjs', import.meta.url).href;
  const fromSource = url.pathname.endsWith('.ts');
  return new Worker(url, {
    workerData,
    resourceLimits,
    ...(fromSource ? { execArgv: ['--no-warnings', '--import', loader] } : {}),
  });
}
