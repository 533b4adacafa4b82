import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ServerClient } from './http.server-client.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** As a server sends a bundle: in pieces, and of no length that is told before. */
const server = createServer((request, response) => {
  response.write('half a ');
  if (request.url === '/endless') response.once('close', () => (left = true));
  else setTimeout(() => response.end('bundle'), 20);
});
let left = false;
let client: ServerClient;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new ServerClient({ url, apiKey: undefined });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('a download', () => {
  it('is whole, however late it is read and whatever the garbage collector does meanwhile', async () => {
    // Once the witness is gone, the collector has been here.
    const gone: string[] = [];
    const watch = new FinalizationRegistry<string>((name) => gone.push(name));
    const { chunks } = await client.download('/bundle');
    watch.register({}, 'the witness');
    for (let times = 500; times > 0 && gone.length === 0; times -= 1) {
      collectGarbage();
      await pause(10);
    }
    collectGarbage();
    await pause(50);
    expect(gone).toEqual(['the witness']);
    const found: Uint8Array[] = [];
    for await (const chunk of chunks) found.push(chunk);
    expect(Buffer.concat(found).toString()).toBe('half a bundle');
  });

  it('that is left before its end is ended at the server too', async () => {
    const { chunks } = await client.download('/endless');
    for await (const chunk of chunks) {
      expect(Buffer.from(chunk).toString()).toBe('half a ');
      break;
    }
    for (let times = 500; times > 0 && !left; times -= 1) await pause(10);
    expect(left).toBe(true);
  });
});
