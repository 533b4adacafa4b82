// A server in this process with stores of its own, a provider, and a client of the contract.
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { verifyEvents } from '../support/verified-events.js';
import type { StoreConfiguration } from '../support/store-configurations.js';
import { LocalProvider } from './provider.js';
import { V1Client } from './v1-client.js';

export interface World {
  readonly client: V1Client;
  readonly provider: LocalProvider;
  /** A text that no other call of this gave. */
  readonly fresh: (word: string) => string;
  readonly close: () => Promise<void>;
}

export async function openWorld(
  configuration: StoreConfiguration,
  env: Readonly<Record<string, string>> = {},
): Promise<World> {
  const [stores, provider] = await Promise.all([configuration.open(), new LocalProvider().listen()]);
  const server = await startServer(
    parseSettings({ PORT: '0', LOG_LEVEL: 'silent', AUTH: 'off', ...env, ...stores.env }),
  );
  const client = new V1Client(server.url);
  let serial = 0;
  return {
    client,
    provider,
    fresh: (word) => `${word}-${(serial += 1)}`,
    async close() {
      client.close();
      await server.close();
      provider.close();
      // Whatever a suite did, an auditor has nothing to find: no result without a claim, nothing after an end.
      const { defects } = await verifyEvents(await stores.wholeLog());
      await stores.remove();
      expect(defects).toEqual([]);
    },
  };
}

export const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/) as string;
export const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/) as string;
export const text = expect.stringMatching(/[^]/) as string;
export const unknownId = '00000000-0000-4000-8000-000000000000';

/** The error envelope, whole. */
export function problem(code: string, title: string, message: unknown = text): object {
  return { code, title, message, requestId: text };
}
