import { readFileSync } from 'node:fs';

/** The version in the package.json above this file, from the sources as from the build. */
export function productVersion(): string {
  for (let directory = new URL('./', import.meta.url); ; directory = new URL('../', directory)) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL('package.json', directory), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === 'runledger' && version !== undefined) return version;
    } catch {
      // none here: one higher
    }
    if (directory.pathname === '/') return '0.0.0';
  }
}
