import type { ResourceLimits } from 'node:worker_threads';
import { Worker } from 'node:worker_threads';

/**
 * Starts `./<name>` (without its ending) beside the module `importer` (`import.meta.url`) as a thread: the built file, or
 * the TypeScript source when the importer is one.
 */
export function startThread(
  importer: string,
  name: string,
  workerData: unknown,
  resourceLimits: ResourceLimits = {},
): Worker {
  const fromSource = importer.endsWith('.ts');
  const url = new URL(`${name}.${fromSource ? 'ts' : 'js'}`, importer);
  const loader = new URL('../../../test/support/typescript.mjs', importer).href;
  return new Worker(url, {
    workerData,
    resourceLimits,
    ...(fromSource ? { execArgv: ['--no-warnings', '--import', loader] } : {}),
  });
}
