#!/usr/bin/env node
// npx runledger: the built command line program.
import { existsSync } from 'node:fs';

const program = new URL('../dist/apps/cli/src/main.js', import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('runledger is not built yet: npm run build\n');
  process.exitCode = 3;
}
