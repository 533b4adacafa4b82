// Asks a server, with an API key from the environment, and tells what it answers in one sentence when that is a no.
import type { CliError } from './cli-world.js';
import { incomplete, usage } from './cli-world.js';

const ANSWER_BYTES_MAX = 64 * 1_048_576;

export interface ServerAccess {
  readonly url: string;
  /** A secret. */
  readonly apiKey: string | undefined;
}

export interface Download {
  /** As announced; undefined when it was not. */
  readonly bytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export class ServerClient {
  private readonly base: URL;

  /** Throws a usage error for what is no address of a server. */
  constructor(private readonly access: ServerAccess) {
    this.base = baseOf(access.url);
  }

  async text(path: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    const { chunks } = await this.download(path, query);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let text = '';
    try {
      for await (const chunk of chunks) {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > ANSWER_BYTES_MAX) throw incomplete(`the answer to ${path} is far too long`);
      }
      return text + decoder.decode();
    } catch (error) {
      throw error instanceof TypeError ? incomplete(`the answer to ${path} is not UTF-8`) : error;
    }
  }

  async json(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const text = await this.text(path, query);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw incomplete(`the answer to ${path} is not JSON: is ${this.base.origin} a Runledger server?`);
    }
  }

  /** @param signal ends it: the chunks then throw. */
  async download(path: string, query: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<Download> {
    const url = new URL(this.base.pathname.replace(/\/$/, '') + path, this.base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const response = await this.get(url, signal);
    if (!response.ok) throw await refusal(response, path);
    const announced = Number(response.headers.get('content-length') ?? Number.NaN);
    return {
      bytes: Number.isSafeInteger(announced) ? announced : undefined,
      // Held at once: the body of a response that nobody holds any more is cancelled, and looks like one that has ended.
      chunks: whole(response.body?.getReader(), path, this.base.origin),
    };
  }

  private async get(url: URL, signal: AbortSignal | undefined): Promise<Response> {
    const { apiKey } = this.access;
    const headers = apiKey === undefined || apiKey === '' ? {} : { 'x-api-key': apiKey };
    try {
      // A key must not follow a redirect to somebody else.
      return await fetch(url, { headers, redirect: 'manual', ...(signal ? { signal } : {}) });
    } catch (error) {
      if (error instanceof TypeError && error.message.includes('header')) {
        throw usage('RUNLEDGER_API_KEY is not an API key');
      }
      throw unreachable(url.origin, error);
    }
  }
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw usage('--server is the address of a server, as in https://host:4021');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw usage('--server is an address and nothing else; an API key is given as RUNLEDGER_API_KEY');
  }
  return url;
}

async function* whole(
  body: ReadableStreamDefaultReader<Uint8Array> | undefined,
  path: string,
  origin: string,
): AsyncGenerator<Uint8Array> {
  try {
    for (let part = await body?.read(); part && !part.done; part = await body?.read()) yield part.value;
  } catch (error) {
    throw incomplete(`the answer to ${path} from ${origin} broke off: ${reasonOf(error)}`);
  } finally {
    // Whoever leaves before the end has it ended at the server too.
    await body?.cancel().catch(() => undefined);
  }
}

const EXCERPT = 300;

async function refusal(response: Response, path: string): Promise<CliError> {
  if (response.status >= 300 && response.status < 400) {
    return incomplete(`${path}: the server points elsewhere (${response.status}); give that address as --server`);
  }
  const text = await response.text().catch(() => '');
  const { code, message } = problemIn(text);
  const said = [code, message].filter((part) => part !== undefined).join(': ');
  const hint = response.status === 401 ? '; give an API key as RUNLEDGER_API_KEY' : '';
  return incomplete(`${path}: the server answered ${response.status}${said === '' ? '' : ` ${said}`}${hint}`);
}

function problemIn(text: string): { readonly code?: string; readonly message?: string } {
  try {
    const { code, message } = JSON.parse(text) as { readonly code?: unknown; readonly message?: unknown };
    return {
      ...(typeof code === 'string' ? { code: onOneLine(code) } : {}),
      ...(typeof message === 'string' ? { message: onOneLine(message) } : {}),
    };
  } catch {
    return {};
  }
}

function onOneLine(text: string): string {
  return text.slice(0, EXCERPT).replace(/\p{Cc}+/gu, ' ');
}

function unreachable(origin: string, error: unknown): CliError {
  return incomplete(`${origin} cannot be reached: ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as NodeJS.ErrnoException;
  return onOneLine(code ?? deeper ?? message);
}
