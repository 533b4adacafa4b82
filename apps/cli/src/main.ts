#!/usr/bin/env node
// The process: arguments in, an exit code out.
import { readFileSync } from 'node:fs';
import { runCli } from './cli.command.js';

/** Of the package.json above this file, from the sources as from the build. */
function versionOf(): string {
  for (let directory = new URL('./', import.meta.url); ; directory = new URL('../', directory)) {
    try {
      const text = readFileSync(new URL('package.json', directory), 'utf8');
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch (error) {
      if (directory.pathname === '/') throw error;
    }
  }
}

// Whoever reads the output may have seen enough: `runledger replay ... | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const stops = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const world = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
  columns: process.stderr.columns ?? 80,
  env: process.env,
  nowMs: () => Date.now(),
  untilStopped: () =>
    new Promise<void>((stopped) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopped());
    }),
  stopSignal: () => {
    const controller = new AbortController();
    for (const signal of stops) process.once(signal, () => controller.abort());
    return controller.signal;
  },
};
process.exitCode = await runCli(process.argv.slice(2), world, versionOf());
