// Processes that a benchmark starts, each stopped by its own id.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export interface Child {
  readonly process: ChildProcess;
  /** What its first matching line of output said. */
  readonly said: string;
  stop(): Promise<void>;
}

/** Starts `node <args>` and waits for a line that matches; its first group, or the whole line, is `said`. */
export async function startNode(
  args: readonly string[],
  line: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const said = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args[0] ?? ''} ended with ${String(code)} before it was ready`)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      const found = line.exec(text);
      if (found) resolve(found[1] ?? text);
    });
  });
  return {
    process: child,
    said,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
    },
  };
}

/** Processor time of all its threads so far, in milliseconds, as the kernel counts it (100 ticks a second). */
export async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory in MiB, as the kernel counts it. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}
