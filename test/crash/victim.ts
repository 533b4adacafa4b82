// The servers that follow each other on the same stores, and what a client says to them.
import { once } from 'node:events';
import { type Child, startNode } from '../support/child.js';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly retryAfter: string | null;
}

export class Victim {
  private child: Child | undefined;
  url = '';

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

  async call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      retryAfter: response.headers.get('retry-after'),
    };
  }
}
