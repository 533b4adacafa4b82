// Providers that mean harm, or are only broken: each fails its own step with a code that says why, disturbs no other run,
// and gets nobody's secret into an answer, a log line or a byte of what is stored.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { ServerProcess } from '../support/server-process.js';
import { startServer } from '../support/server-process.js';
import type { TestStores } from '../support/store-configurations.js';
import { storeConfigurations } from '../support/store-configurations.js';
import { chain, executor, setOutput, webhookTrigger, workflow } from './definitions.js';
import type { Behaviour } from './provider.js';
import { LocalProvider } from './provider.js';
import { V1Client } from './v1-client.js';
import { text } from './world.js';

const MEBIBYTE = 1_048_576;
const secrets = {
  key: 'sk-tracer-5f2c9a771be04d11',
  password: 'pass/word+with=signs&é9',
  bearer: 'eyJhbGciOiJub25lIn0.c2VjcmV0.x',
  header: 'hdr-11f09c2c55aa4be1',
  token: 'hook-77aa01b2c3d4e5f6',
};

const once = { maxAttempts: 1 };
const json = { 'content-type': 'application/json' };
const none = undefined;

const answers =
  (head: Record<string, string | number>, ...body: (string | Buffer)[]): Behaviour =>
  (_received, response) => {
    response.writeHead(200, head);
    for (const part of body) response.write(part);
    response.end();
    return none;
  };

const onSocket =
  (act: (socket: Socket) => void): Behaviour =>
  (_received, _response, socket) => {
    socket.on('error', () => undefined);
    act(socket);
    return none;
  };

/** Writes the next piece every 20 ms until nobody listens any more. */
function drip(sink: Socket | ServerResponse, pieces: () => string): void {
  const timer = setInterval(() => (sink.destroyed ? clearInterval(timer) : sink.write(pieces())), 20);
  sink.on('close', () => clearInterval(timer));
}

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const hostile: Record<string, readonly [Behaviour, RegExp]> = {
  'never answers': [() => none, /^timeout$/],
  'hangs up at once': [onSocket((socket) => socket.destroy()), /^network$/],
  'resets the connection': [onSocket((socket) => socket.resetAndDestroy()), /^network$/],
  'promises more than it sends': [
    onSocket((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort')),
    /^network$/,
  ],
  'stops within a chunk': [
    onSocket((socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort')),
    /^(network|invalid_response)$/,
  ],
  'drips its body': [
    (_received, response) => {
      response.writeHead(200, json);
      drip(response, () => ' ');
      return none;
    },
    /^timeout$/,
  ],
  'drips its headers': [
    onSocket((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, () => 'X-A: b\r\n');
    }),
    /^(timeout|invalid_response)$/,
  ],
  'sends provisional answers without end': [
    onSocket((socket) => drip(socket, () => 'HTTP/1.1 102 Processing\r\n\r\n')),
    /^(timeout|invalid_response|network)$/,
  ],
  'speaks no HTTP': [onSocket((socket) => socket.end('220 smtp.example ESMTP\r\n')), /^invalid_response$/],
  'sends two lengths': [
    onSocket((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab')),
    /^(invalid_response|network)$/,
  ],
  'sends 64 KiB of headers': [
    onSocket((socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(65_536)}\r\nContent-Length: 0\r\n\r\n`)),
    /^invalid_response$/,
  ],
  'announces 11 MiB': [answers({ 'content-length': 11 * MEBIBYTE }, Buffer.alloc(MEBIBYTE)), /^response_too_large$/],
  'sends without end': [
    (_received, response) => {
      response.writeHead(200, json);
      const chunk = Buffer.alloc(MEBIBYTE, 'x');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
      return none;
    },
    /^response_too_large$/,
  ],
  'sends 64 MiB packed into few': [
    answers({ ...json, 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(64 * MEBIBYTE))),
    /^response_too_large$/,
  ],
  'packs nonsense': [answers({ ...json, 'content-encoding': 'gzip' }, 'not gzip'), /^invalid_response$/],
  'sends broken JSON': [answers(json, '{"a":'), /^invalid_response$/],
  'sends JSON with a lone surrogate': [answers(json, '{"a":"\\ud800"}'), /^invalid_response$/],
  'nests 64 levels': [answers(json, deep(64)), /^invalid_response$/],
  'nests a hundred thousand levels': [answers(json, deep(100_000)), /^invalid_response$/],
  'sends a number beyond all bounds': [answers(json, '{"a":1e999}'), /^invalid_response$/],
  'sends __proto__': [answers(json, '{"__proto__":{"polluted":true}}'), /^invalid_response$/],
  'redirects to a private address': [
    answersRedirect('http://10.0.0.1/internal'),
    /^(egress_refused|redirect_refused)$/,
  ],
  'redirects to the metadata service': [
    answersRedirect('http://169.254.169.254/latest/meta-data'),
    /^(egress_refused|redirect_refused)$/,
  ],
  'redirects to an embedded private address': [
    answersRedirect('http://[::ffff:10.0.0.1]/'),
    /^(egress_refused|redirect_refused)$/,
  ],
  'redirects to a file': [answersRedirect('file:///etc/passwd'), /^(egress_refused|redirect_refused)$/],
  'redirects to itself': [answersRedirect('?again'), /^redirect_refused$/],
  'redirects to nonsense': [answersRedirect('http://'), /^(egress_refused|redirect_refused|http_\d+|http_status)$/],
};

function answersRedirect(location: string): Behaviour {
  return (_received, response) => {
    response.writeHead(307, { location }).end();
    return none;
  };
}

describe.each(storeConfigurations())('on $name', (configuration) => {
  let provider: LocalProvider;
  let stores: TestStores;
  let server: ServerProcess;
  let client: V1Client;
  let config: string;

  beforeAll(async () => {
    [provider, stores] = await Promise.all([new LocalProvider().listen(), configuration.open()]);
    server = await startServer({ dataDir: stores.directory, env: { ...stores.env, LOG_LEVEL: 'trace' } });
    client = new V1Client(server.url);
    config = await client.provider('hostile', { base_url: provider.url, api_key: secrets.key });
  }, 60_000);

  afterAll(async () => {
    client.close();
    provider.close();
    await server.stop();
    await stores.remove();
  }, 30_000);

  describe('a provider', () => {
    const outcomes = new Map<string, Awaited<ReturnType<V1Client['run']>>>();
    const well: Awaited<ReturnType<V1Client['run']>>[] = [];

    beforeAll(async () => {
      provider.on('/well', () => [200, { decision: 'ALLOW' }]);
      const good = await client.active(
        chain('well', executor('a', config, { path: 'well' }), setOutput('b', { ok: 1 })),
      );
      const names = Object.keys(hostile);
      const ids: string[] = [];
      for (const [index, name] of names.entries()) {
        const [behaviour, code] = hostile[name]!;
        provider.on(`/${index}`, behaviour);
        // Short only where it is what ends the call: a busy machine must not be taken for a silent provider.
        const timeout = code.test('timeout') ? 0.7 : 12;
        // A configuration each: what one provider does opens no circuit for another.
        const own = await client.provider(name, { base_url: provider.url, api_key: secrets.key });
        ids.push(
          await client.active(chain(name, executor('call', own, { path: String(index), timeout, retry: once }))),
        );
      }
      const [ended] = await Promise.all([
        Promise.all(ids.map((id, index) => client.run(id, { document: 'd' }, `hostile-${index}`))),
        ...Array.from({ length: 30 }, async (_, index) => {
          await new Promise((later) => setTimeout(later, index * 40));
          well.push(await client.run(good, {}, `well-${index}`));
        }),
      ]);
      names.forEach((name, index) => outcomes.set(name, ended[index]!));
    }, 60_000);

    it.each(Object.entries(hostile).map(([name, [, code]]) => [name, code] as const))(
      'that %s fails its step with a clear code',
      async (name, code) => {
        const { executionId, status, results } = outcomes.get(name)!;
        expect(status).toMatchObject({
          ...{ status: 'failed', errorMessage: expect.stringMatching(/^node "call": executor call failed/) },
          error: { code: expect.stringMatching(code), nodeId: 'call', attempt: 1 },
        });
        expect(results.stepResults).toEqual([
          expect.objectContaining({ nodeId: 'call', status: 'failed', errorMessage: text }),
        ]);
        expect(status.errorMessage).toBe(`node "call": ${results.stepResults[0].errorMessage}`);
        const { steps } = (await client.get(`/v1/executions/${executionId}/steps`)).body;
        expect(steps[0]).toMatchObject({
          status: 'failed',
          error: { code: status.error.code },
          attempts: [expect.anything()],
        });
      },
    );

    it('that harms harms no other: all runs beside it went well', () => {
      expect(well).toHaveLength(30);
      for (const { status } of well) expect(status.status).toBe('completed');
      expect(({} as { polluted?: true }).polluted).toBeUndefined();
    });

    it('that was redirected away is never followed with the key', () => {
      const again = provider.received.filter(({ url }) => url.endsWith('?again'));
      expect(again.length).toBeGreaterThan(0);
      expect(again.length).toBeLessThan(7);
    });

    it('that is on another origin does not get the credentials of the first', async () => {
      const other = await new LocalProvider().listen();
      other.on('/elsewhere', () => [200, {}]);
      provider.on('/moved', answersRedirect(`${other.url}/elsewhere`));
      const id = await client.active(chain('moved', executor('call', config, { path: 'moved', retry: once })));
      const { status } = await client.run(id, {}, 'moved');
      const [followed] = other.to('/elsewhere');
      other.close();
      expect(status.status).toBe('completed');
      expect(JSON.stringify(followed)).not.toContain(secrets.key);
    });

    it('that answers what is odd but harmless is understood', async () => {
      provider
        .on('/nul', answers({ 'content-type': 'text/plain' }, 'a\u0000b'))
        .on('/latin1', answers({ 'content-type': 'text/plain' }, Buffer.from([0xe9])))
        .on('/empty', answers({ ...json }))
        .on('/null', answers(json, 'null'));
      for (const path of ['nul', 'latin1', 'empty', 'null']) {
        const id = await client.active(chain(`odd ${path}`, executor('call', config, { path, retry: once })));
        const { status } = await client.run(id, {}, path);
        expect([path, status.status, status.errorMessage]).toEqual([path, 'completed', undefined]);
      }
    });
  });

  describe('a secret', () => {
    const everySecret = [
      ...Object.values(secrets),
      encodeURIComponent(secrets.password),
      Buffer.from(`someone:${secrets.password}`).toString('base64'),
    ];
    const all = (): readonly string[] => [...everySecret, ...stores.passwords];
    const answered: string[] = [];
    const read = async (path: string): Promise<void> => {
      const answer = await client.get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      answered.push(answer.text);
    };

    it('is sent to its provider, and then nowhere to be found, though the provider says it all again', async () => {
      // It can only know what it was sent, which it says again in every way it can think of.
      const echo: Behaviour = ({ headers, url }, response) => {
        const [, credentials = ''] = headers.authorization?.split(' ') ?? [];
        const decoded = Buffer.from(credentials, 'base64').toString();
        const own = decoded.startsWith('someone:') ? decoded.slice('someone:'.length) : credentials;
        const said = { headers, url, own, encoded: encodeURIComponent(own), text: JSON.stringify(own) };
        const echoed = String(headers['x-api-key'] ?? headers['x-service-token'] ?? credentials);
        response.writeHead(Number(headers['x-answer'] ?? 200), { ...json, 'x-echo': echoed }).end(JSON.stringify(said));
        return none;
      };
      provider.on('/echo', echo).on('/fails', (received, response, socket) => {
        received.headers['x-answer'] = '500';
        return echo(received, response, socket);
      });
      const base_url = provider.url;
      const configurations = [
        ['tracer', { base_url, api_key: secrets.key }],
        ['http', { base_url, auth_type: 'basic', username: 'someone', password: secrets.password }],
        ['http', { base_url, auth_type: 'bearer', bearer_token: secrets.bearer }],
        ['http', { base_url, headers: { 'X-Service-Token': secrets.header } }],
        ['http', { base_url, auth_type: 'api_key', api_key: secrets.key, location: 'query', query_param_name: 'k' }],
      ] as const;
      for (const [index, [providerId, body]] of configurations.entries()) {
        const id = await client.provider(`secret-${index}`, body, providerId);
        const executorId = providerId === 'http' ? 'http.request' : 'tracer.list-validations';
        for (const path of ['echo', 'fails']) {
          const call = executor('call', id, { executorId, path, retry: once, effect: 'at_least_once' });
          const run = await client.run(await client.active(chain(`secret ${index} ${path}`, call)), {}, 'k');
          expect(run.status.status).toBe(path === 'echo' ? 'completed' : 'failed');
          for (const end of ['', '/results', '/steps', '/events'])
            await read(`/v1/executions/${run.executionId}${end}`);
          await read(`/v1/audit-events?resourceId=${run.executionId}&limit=100`);
        }
        await client.made(client.patch(`/v1/provider-configurations/${id}`, { config: { ...body, note: 'changed' } }));
        answered.push((await client.act(`/v1/provider-configurations/${id}/test`)).text);
        answered.push(
          (await client.post('/v1/provider-configurations', { name: `secret-${index}`, providerId, config: body }))
            .text,
        );
        answered.push(
          (
            await client.post('/v1/provider-configurations', {
              name: 'no',
              providerId,
              config: { ...body, auth_type: 'no' },
            })
          ).text,
        );
        await read(`/v1/provider-configurations/${id}`);
        await read(`/v1/audit-events?resourceId=${id}&limit=100`);
        await read(`/v1/streams/providerConfiguration-${id}/events`);
        await read(`/v1/streams/providerConfiguration-${id}/state`);
      }
      const sent = JSON.stringify(provider.received.map(({ headers, url }) => [headers, url]));
      for (const secret of [secrets.key, secrets.bearer, secrets.header, everySecret.at(-1)!])
        expect(sent).toContain(secret);
      expect(sent).toContain(`k=${secrets.key}`);
    }, 60_000);

    it('of a webhook is kept as well', async () => {
      const hook = webhookTrigger('/secret', { verify_token: secrets.token });
      const id = await client.active(workflow('secret hook', [hook, setOutput('o', { all: '= input' })], ['in>o']));
      const started = await client.post(
        '/v1/webhooks/secret?token=x',
        {},
        { 'x-webhook-token': secrets.token, prefer: 'wait=5' },
      );
      expect(started.status).toBe(201);
      answered.push(
        started.text,
        (await client.post('/v1/webhooks/secret', {}, { 'x-webhook-token': `${secrets.token}x` })).text,
      );
      await read(`/v1/workflows/${id}`);
      await read(`/v1/streams/workflow-${id}/events`);
      await read(`/v1/executions/${started.body.executionId}/events`);
    });

    it('is in no answer', () => {
      expect(answered.length).toBeGreaterThan(60);
      for (const secret of all())
        expect([secret, answered.some((each) => each.includes(secret))]).toEqual([secret, false]);
    });

    it('is in no line that the server wrote', () => {
      for (const secret of all()) expect([secret, server.output().includes(secret)]).toEqual([secret, false]);
    });

    it('is in no byte of what is stored', async () => {
      const known = 'sends without end';
      expect((await stores.placesOf([known])).length).toBeGreaterThan(1);
      expect(await stores.placesOf(all())).toEqual([]);
    });
  });
});
