import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore } from '@app/event-store';
import type { RunningServer } from './server.worker.js';
import { startServer } from './server.worker.js';
import { parseSettings } from './settings.js';

const directories: string[] = [];
const servers: RunningServer[] = [];

const fresh = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'server-'));
  directories.push(directory);
  return directory;
};

async function start(directory: string, environment: Record<string, string> = {}, keys: string[] = []) {
  const settings = parseSettings({ DATA_DIR: directory, PORT: '0', LOG_LEVEL: 'silent', ...environment });
  const server = await startServer(settings, { showFirstKey: (key) => keys.push(key) });
  servers.push(server);
  return server;
}

async function eventTypes(server: RunningServer): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of server.app.get(EventStore, { strict: false }).readAll()) types.push(type);
  return types;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

describe('a running server', () => {
  it('answers its probes, describes itself, and lets no page in that it was not told of', async () => {
    const { url } = await start(fresh());
    const body = async (path: string) => (await fetch(`${url}${path}`)).json() as Promise<Record<string, unknown>>;
    expect(await body('/health')).toMatchObject({ status: 'healthy', checks: { database: { status: 'healthy' } } });
    expect(await body('/readyz')).toMatchObject({ status: 'healthy', checks: { workers: { status: 'up' } } });
    expect(await body('/version')).toEqual({
      version: expect.stringMatching(/^\d/),
      requestDate: expect.stringMatching(/Z$/),
    });
    expect(Object.keys((await body('/swagger/json'))['paths'] as object)).toContain('/v1/api-keys/{id}');
    const page = await fetch(`${url}/swagger`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html']);
    const style = await fetch(`${url}/swagger/swagger-ui.css`);
    expect(style.status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('route="/version"');
    expect(metrics).toMatch(/runledger_log_head \d+/);
    for (const check of ['server', 'event_store', 'views', 'evidence', 'workers']) {
      expect(metrics).toContain(`runledger_check_up{check="${check}"} 1`);
    }
    const { headers } = await fetch(`${url}/v1/nowhere`, { headers: { origin: 'https://evil.example' } });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-request-id')).toBeTruthy();
  });

  it('lets the pages in that it was told of', async () => {
    const { url } = await start(fresh(), { CORS_ALLOWED_ORIGINS: 'https://console.example' });
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'idempotency-key' };
    const preflight = (origin: string) =>
      fetch(`${url}/v1/api-keys`, { method: 'OPTIONS', headers: { origin, ...asked } });
    const { headers } = await preflight('https://console.example');
    expect(headers.get('access-control-allow-origin')).toBe('https://console.example');
    expect(headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('shows the first key once, and it opens the door', async () => {
    const [directory, keys]: [string, string[]] = [fresh(), []];
    const first = await start(directory, { AUTH: 'keys' }, keys);
    expect(keys).toHaveLength(1);
    const list = await fetch(`${first.url}/v1/api-keys`, { headers: { 'x-api-key': keys[0] ?? '' } });
    expect([list.status, await list.json()]).toMatchObject([200, { items: [{ name: 'administrator' }] }]);
    expect((await fetch(`${first.url}/v1/api-keys`)).status).toBe(401);
    await first.close();
    const second = await start(directory, { AUTH: 'keys' }, keys);
    expect(keys).toHaveLength(1);
    expect((await fetch(`${second.url}/version`)).status).toBe(200);
  });

  it('keeps a second server away from its data, lets go of it at the end, and records both its ends', async () => {
    const directory = fresh();
    const first = await start(directory);
    await expect(start(directory)).rejects.toThrow(/is held by process/);
    expect(await eventTypes(first)).toEqual(['ServerStarted']);
    await first.close('SIGTERM');
    expect(await eventTypes(await start(directory))).toEqual(['ServerStarted', 'ServerStopped', 'ServerStarted']);
  });

  it('leaves nothing behind when its port is taken', async () => {
    const directory = fresh();
    const { port } = await start(fresh());
    await expect(start(directory, { PORT: String(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await eventTypes(await start(directory))).toEqual(['ServerStarted']);
  });
});
