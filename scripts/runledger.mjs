#!/usr/bin/env node
// npx runledger: the built command line program. Commands on the stores of a server come with the server.
import { existsSync } from 'node:fs';

const built = (path) => new URL(`../dist/apps/${path}`, import.meta.url);
const [command] = process.argv.slice(2);
if (!existsSync(built('cli/src/main.js'))) {
  process.stderr.write('runledger is not built yet: npm run build\n');
  process.exitCode = 3;
} else if (['migrate', 'backup', 'rebuild'].includes(command)) {
  process.umask(0o077);
  const { runOperator } = await import(built('server/src/operator.command.js').href);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  process.exitCode = await runOperator(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    nowMs: () => Date.now(),
    signal: stop.signal,
  });
} else {
  await import(built('cli/src/main.js').href);
}
