// The EventStoreDB of one test: a node of its own where a program to start one is named, else the double. Both begin empty.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EsdbDouble } from '../esdb-double/index.js';
import { startDouble } from '../esdb-double/index.js';
import type { PortRange } from './free-port.js';
import { freePort } from './free-port.js';

const START_LIMIT_MS = 60_000;
/** Below the ports that connections are given, for that of a node's replication too, which is often 10,000 above. */
const PORTS: PortRange = [12_000, 20_000];

export interface EventStoreNode {
  readonly url: string;
  readonly port: number;
  /** Undefined: it is a real node. */
  readonly double?: EsdbDouble;
  /** At once, without a chance to write anything more. What was acknowledged stays. */
  kill(): Promise<void>;
  /** After `kill`; on the same port, with the same log. Resolves once it takes connections. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

/**
 * A program that runs a node in the foreground until it is killed, without TLS on 127.0.0.1: `<program> <port> <directory>`,
 * with a directory that is its own and may hold the log of an earlier run.
 */
export const nodeProgram: string | undefined = process.env['EVENTSTORE_NODE'] || undefined;

/** For this test alone; whoever starts it removes it. */
export async function startEventStoreNode(): Promise<EventStoreNode> {
  return nodeProgram === undefined ? startNodeDouble() : RealNode.create(nodeProgram);
}

export async function startNodeDouble(): Promise<EventStoreNode> {
  const double = await startDouble();
  const { url, port } = double;
  return { url, port, double, kill: () => double.stop(), start: () => double.start(), remove: () => double.close() };
}

const GUARD = `
  while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
  if read -r pid <"$2/pid" && tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$2"; then kill -KILL "$pid"; fi
  rm -rf "$2"`;

class RealNode implements EventStoreNode {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    private readonly directory: string,
    readonly port: number,
    private readonly guard: ChildProcess,
  ) {}

  static async create(program: string): Promise<RealNode> {
    const directory = await mkdtemp(join(tmpdir(), 'runledger-node-'));
    const parts = ['-c', GUARD, 'guard', String(process.pid), directory];
    const guard = spawn('bash', parts, { detached: true, stdio: 'ignore' });
    guard.unref();
    const node = new RealNode(program, directory, await freePort(PORTS), guard);
    try {
      await node.start();
      return node;
    } catch (error) {
      await node.remove();
      throw error;
    }
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  async start(): Promise<void> {
    if (this.child) throw new Error('the node is running');
    const log = openSync(join(this.directory, 'output'), 'a', 0o600);
    // A node takes variables that begin like ours for options of its own, and refuses those that it does not know.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EVENTSTORE_')));
    const child = spawn(this.program, [String(this.port), this.directory], { env, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    this.child = child;
    writeFileSync(join(this.directory, 'pid'), `${String(child.pid)}\n`);
    const deadline = Date.now() + START_LIMIT_MS;
    while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/health/live`).catch(() => undefined);
      if (answer?.ok) return;
      await pause(50);
    }
    await this.kill();
    throw new Error(`the node did not start:\n${readFileSync(join(this.directory, 'output'), 'utf8').slice(-2_000)}`);
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.ref();
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    this.guard.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
