// The servers that follow each other on the same stores.
import { once } from 'node:events';
import type { Answer, Caller } from '../support/caller.js';
import { callServer } from '../support/caller.js';
import { type Child, startNode } from '../support/child.js';

export class Victim implements Caller {
  private child: Child | undefined;
  private url = '';

  constructor(private readonly env: Readonly<Record<string, string>>) {}

  async start(): Promise<void> {
    this.child = await startNode(['dist/apps/server/src/main.js'], /listening on (\S+)/, {
      ...{ PORT: '0', HOST: '127.0.0.1', AUTH: 'off', LOG_LEVEL: 'fatal' },
      ...this.env,
    });
    this.url = this.child.said;
  }

  /** How the process ended, as the kernel says. */
  async kill(): Promise<NodeJS.Signals | null> {
    const { process } = this.child as Child;
    const exit = once(process, 'exit');
    process.kill('SIGKILL');
    await exit;
    return process.signalCode;
  }

  async stop(): Promise<void> {
    await this.child?.stop();
  }

  call(...asked: Parameters<Caller['call']>): Promise<Answer> {
    return callServer(this.url, ...asked);
  }
}
