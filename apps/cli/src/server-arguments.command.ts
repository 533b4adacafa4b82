// Which server a command asks, and with which key.
import { InvalidArgumentError } from 'commander';
import type { CliWorld } from './cli-world.js';
import { ServerClient } from './http.server-client.js';
import { usage } from './cli-world.js';

export const SERVER_DEFAULT = 'http://127.0.0.1:4021';

export const serverOption = [
  '--server <url>',
  `the server's address (default: RUNLEDGER_SERVER, or ${SERVER_DEFAULT})`,
] as const;

export const serverHelp = 'The API key, where the server wants one, is read from RUNLEDGER_API_KEY.';

export function clientOf(world: CliWorld, server: string | undefined): ServerClient {
  const url = server ?? world.env['RUNLEDGER_SERVER'] ?? SERVER_DEFAULT;
  return new ServerClient({ url, apiKey: world.env['RUNLEDGER_API_KEY'] });
}

/** A safe integer >= 0. */
export function wholeNumber(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be an integer of at least 0.');
  return value;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function uuidOf(option: string, text: string): string {
  if (!uuid.test(text)) throw usage(`${option} wants a UUID`);
  return text.toLowerCase();
}
