#!/usr/bin/env node
// npx runledger: the built command line program. Commands on the stores of a server come with the server.
import { existsSync } from 'node:fs';

const built = (path) => new URL(`../dist/apps/${path}`, import.meta.url);
const given = process.argv.slice(2);
const ofServer = ['migrate', 'backup', 'rebuild'];
// `help backup` is `backup --help`, whichever part of the program knows it.
const args = given[0] === 'help' && ofServer.includes(given[1]) ? [given[1], '--help'] : given;

// Whoever reads the output may have seen enough: `runledger migrate --help | head`.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

if (!existsSync(built('cli/src/main.js'))) {
  process.stderr.write('runledger is not built yet: npm run build\n');
  process.exitCode = 3;
} else if (ofServer.includes(args[0])) {
  process.umask(0o077);
  const { runOperator } = await import(built('server/src/operator.command.js').href);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  process.exitCode = await runOperator(args, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    nowMs: () => Date.now(),
    signal: stop.signal,
  });
} else {
  await import(built('cli/src/main.js').href);
}
