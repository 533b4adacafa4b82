import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from './source-file.js';
import { parseSource } from './source-file.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every TypeScript source of the repository. */
export function readTree(): SourceFile[] {
  return ['libs', 'apps', 'test'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .map((name) => `${top}/${name.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('/node_modules/'))
      .sort()
      .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8'))),
  );
}
