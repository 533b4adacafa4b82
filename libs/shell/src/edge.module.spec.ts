import 'reflect-metadata';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, HttpCode, Module, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsObject, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import type { RequestContext } from '@app/kernel';
import { refuse, RefusalError } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import { StoreError } from '@app/event-store';
import { Caller } from './caller.decorator.js';
import { Edge } from './edge.module.js';
import type { RefusalEntry } from './refusal-log.js';
import type { RawBodyRequest } from './route.decorator.js';
import { BodyLimit, WebhookRoute } from './route.decorator.js';
import { UuidPipe } from './uuid.pipe.js';
import { WireCode } from './wire-code.decorator.js';

class NodeDto {
  @IsString()
  id!: string;

  @IsOptional()
  @IsObject()
  config?: Record<string, unknown>;
}

class ThingDto {
  @IsString()
  @MaxLength(10)
  name!: string;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => NodeDto)
  nodes?: NodeDto[];
}

class ListQuery {
  @IsOptional()
  @IsInt()
  @Min(1)
  @Type(() => Number)
  @WireCode('FLK-0309')
  limit?: number;

  @IsOptional()
  @IsString()
  status?: string;
}

class ReasonDto {
  @IsOptional()
  @IsString()
  reason?: string;
}

const refusals: Record<string, () => unknown> = {
  invalid: () => new RefusalError(refuse('invalid', 'FLK-0110', 'a name is needed')),
  route: () => new RefusalError(refuse('conflict', 'FLK-0360', 'taken')),
  state: () => new RefusalError(refuse('state', 'FLK-0102', 'not from here')),
  ours: () => new RefusalError(refuse('conflict', 'API_KEY_NAME_EXISTS', 'taken')),
  denied: () => new RefusalError(refuse('forbidden', 'FORBIDDEN', 'not you')),
  unavailable: () => new StoreError('StoreUnavailable', 'disk full at /var/secret'),
  unknown: () => new StoreError('AppendOutcomeUnknown', 'lost'),
  closed: () => new StoreError('Closed', 'closed'),
  bug: () => new TypeError('secret text'),
  text: () => 'thrown text',
};

@Controller('v1/things')
class ThingController {
  @Post()
  create(@Body() body: ThingDto): unknown {
    return { name: body.name, nodes: body.nodes };
  }

  @Get()
  list(@Query() query: ListQuery): unknown {
    return query;
  }

  @Get('caller')
  caller(@Caller() context: RequestContext): RequestContext {
    return context;
  }

  @Get(':id')
  get(@Param('id', UuidPipe) id: string): unknown {
    return { id };
  }

  @Post(':id/activate')
  @HttpCode(200)
  activate(@Param('id', UuidPipe) id: string, @Body() body: ReasonDto): unknown {
    return { id, body };
  }

  @Post('refused/:how')
  refusedCommand(@Param('how') how: string): never {
    throw refusals[how]?.();
  }

  @Get('refused/:how')
  refusedQuery(@Param('how') how: string): never {
    throw refusals[how]?.();
  }

  @Post('small')
  @BodyLimit(100, 'FLK-0506')
  small(@Body() body: unknown): unknown {
    return body;
  }

  @Post('hook')
  @WebhookRoute()
  hook(@Req() request: RawBodyRequest, @Caller() { channel }: RequestContext): unknown {
    return { raw: request.rawBody?.toString('hex'), channel };
  }
}

/** Like a folder of files: the route knows its method, and still has nothing. */
@Controller('files')
class FolderController {
  @Get('*')
  file(@Res() reply: FastifyReply): void {
    reply.callNotFound();
  }
}

@Module({ controllers: [ThingController, FolderController] })
class ThingModule {}

describe('the HTTP edge', () => {
  let app: NestFastifyApplication;
  let edge: Edge;
  const recorded: { entry: RefusalEntry; context: RequestContext }[] = [];
  const faults: { message: string; details: object }[] = [];
  let logIsAway = false;

  beforeAll(async () => {
    edge = new Edge({ ids: new RandomIdSource() });
    const module = await Test.createTestingModule({ imports: [ThingModule] }).compile();
    app = module.createNestApplication<NestFastifyApplication>(edge.adapter, { bodyParser: false, logger: false });
    const log = {
      record: (entry: RefusalEntry, context: RequestContext) => {
        recorded.push({ entry, context });
        return logIsAway ? Promise.reject(new StoreError('StoreUnavailable', 'no room')) : Promise.resolve();
      },
    };
    edge.equip(app, log, { error: (message, details) => faults.push({ message, details }) });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(() => app.close());
  beforeEach(() => {
    recorded.length = 0;
    faults.length = 0;
  });

  const json = { 'content-type': 'application/json' };
  const post = (url: string, payload: string | Buffer, headers: Record<string, string> = json) =>
    app.inject({ method: 'POST', url, payload, headers });
  const codeOf = (response: { json: () => { code: string } }) => response.json().code;

  describe('request ids', () => {
    it('echoes an acceptable one and puts it into every error', async () => {
      const response = await app.inject({ url: '/nowhere', headers: { 'x-request-id': 'abc-1' } });
      expect(response.headers['x-request-id']).toBe('abc-1');
      expect(response.json()).toEqual({
        code: 'NOT_FOUND',
        title: 'Not Found',
        message: 'there is no /nowhere here',
        requestId: 'abc-1',
      });
    });

    it.each(['', ' ', 'a b', 'x'.repeat(129), 'é', '<script>'])('replaces %j', async (id) => {
      const response = await app.inject({ url: '/v1/things/caller', headers: { 'x-request-id': id } });
      expect(response.headers['x-request-id']).not.toBe(id);
      expect(response.json()).toMatchObject({ requestId: response.headers['x-request-id'], channel: 'rest' });
    });
  });

  describe('bodies', () => {
    it('takes JSON under any type that ends with json', async () => {
      for (const type of ['application/json; charset=utf-8', 'application/problem+json', 'text/json']) {
        const response = await post('/v1/things', '{"name":"a"}', { 'content-type': type });
        expect(response.statusCode).toBe(201);
      }
    });

    it('takes an empty body of any type as no content', async () => {
      const id = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';
      for (const headers of [json, { 'content-type': 'text/plain' }]) {
        const response = await post(`/v1/things/${id}/activate`, '', headers);
        expect([response.statusCode, response.json()]).toEqual([200, { id, body: {} }]);
      }
      expect((await app.inject({ method: 'POST', url: `/v1/things/${id}/activate` })).statusCode).toBe(200);
    });

    it.each([
      ['broken JSON', '{"name":', json],
      ['no JSON type', '{"name":"a"}', { 'content-type': 'text/plain' }],
      ['a form', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['broken UTF-8', Buffer.from([0x22, 0xff, 0x22]), json],
      ['an array', '[]', json],
      ['a text', '"name"', json],
      ['nothing', '', json],
      ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, json],
      ['100,000 levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, json],
      ['__proto__', '{"name":"a","__proto__":{"x":1}}', json],
      ['a spelled out __proto__', '{"name":"a","\\u005f_proto__":{"x":1}}', json],
      ['constructor.prototype', '{"name":"a","constructor":{"prototype":{"x":1}}}', json],
      ['a lone surrogate', '{"name":"\\ud800"}', json],
    ])('refuses %s with FLK-0001', async (_name, payload, headers) => {
      const response = await post('/v1/things', payload, headers);
      expect([response.statusCode, codeOf(response)]).toEqual([400, 'FLK-0001']);
    });

    it('asks about the id before it looks at the body', async () => {
      const response = await post('/v1/things/no-uuid/activate', '{"broken');
      expect([response.statusCode, codeOf(response)]).toEqual([400, 'FLK-0002']);
    });

    it('refuses more than 4 MiB, or than the route takes, before anything else', async () => {
      const large = await post('/v1/things', `"${'x'.repeat(4 * 1024 * 1024)}"`);
      expect([large.statusCode, codeOf(large)]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
      const small = await post('/v1/things/small', `"${'x'.repeat(100)}"`);
      expect([small.statusCode, codeOf(small)]).toEqual([413, 'FLK-0506']);
      expect((await post('/v1/things/small', '{"a":1}')).json()).toEqual({ a: 1 });
    });

    it('keeps the bytes for webhooks, whatever their type', async () => {
      const bytes = Buffer.from([1, 2, 255]);
      const response = await post('/v1/things/hook', bytes, { 'content-type': 'application/octet-stream' });
      expect(response.json()).toEqual({ raw: '0102ff', channel: 'webhook' });
    });
  });

  describe('checks', () => {
    it('names every finding with its path', async () => {
      const body = { name: 'x'.repeat(11), nodes: [{ id: 'a' }, { id: 1, more: true }], extra: 1 };
      const response = await post('/v1/things', JSON.stringify(body));
      const { code, fields } = response.json<{ code: string; fields: { field: string }[] }>();
      expect([response.statusCode, code]).toEqual([400, 'FLK-0001']);
      expect(fields.map(({ field }) => field).sort()).toEqual(['extra', 'name', 'nodes[1].id', 'nodes[1].more']);
    });

    it('hands free-form JSON on as it came', async () => {
      const config = { constructor: 'x', deep: { big: 1e21, list: [1, null, { a: [] }] }, then: 'y' };
      const response = await post('/v1/things', JSON.stringify({ name: 'a', nodes: [{ id: 'n', config }] }));
      expect(response.json()).toEqual({ name: 'a', nodes: [{ id: 'n', config }] });
    });

    it('reads numbers in queries and answers bad ones with the code of the parameter', async () => {
      expect((await app.inject('/v1/things?limit=5')).json()).toEqual({ limit: 5 });
      for (const limit of ['0', '-1', 'x', '', '0x10', '1e1', ' 1', '1&limit=2']) {
        const response = await app.inject(`/v1/things?limit=${limit}`);
        expect([limit, response.statusCode, codeOf(response)]).toEqual([limit, 400, 'FLK-0309']);
      }
      expect(codeOf(await app.inject('/v1/things?unknown=1'))).toBe('FLK-0304');
      expect(codeOf(await app.inject('/v1/things?__proto__=1'))).toBe('FLK-0304');
    });

    it('lower-cases ids and refuses what is none', async () => {
      const id = '0D6F2A8E-1C1B-4F6E-9A7F-8A2F7A0C9E11';
      expect((await app.inject(`/v1/things/${id}`)).json()).toEqual({ id: id.toLowerCase() });
      const response = await app.inject('/v1/things/42');
      expect([response.statusCode, response.json()]).toMatchObject([400, { code: 'FLK-0002', title: 'Bad Request' }]);
    });
  });

  describe('refusals and faults', () => {
    it.each([
      ['invalid', 400, 'FLK-0110', 'Bad Request'],
      ['route', 400, 'FLK-0360', 'Bad Request'],
      ['state', 422, 'FLK-0102', 'Unprocessable Entity'],
      ['ours', 409, 'API_KEY_NAME_EXISTS', 'Conflict'],
      ['denied', 403, 'FORBIDDEN', 'Forbidden'],
      ['unavailable', 503, 'STORE_UNAVAILABLE', 'Service Unavailable'],
      ['unknown', 503, 'STORE_UNAVAILABLE', 'Service Unavailable'],
      ['closed', 503, 'STORE_UNAVAILABLE', 'Service Unavailable'],
      ['bug', 500, 'FLK-9999', 'Internal Server Error'],
      ['text', 500, 'FLK-9999', 'Internal Server Error'],
    ])('answers %s with %i %s', async (how, status, code, title) => {
      const response = await post(`/v1/things/refused/${how}`, '');
      expect([response.statusCode, response.json()]).toMatchObject([status, { code, title }]);
      expect(response.body).not.toContain('secret');
      if (status === 503) expect(response.headers['retry-after']).toBe('1');
    });

    it('logs an unexpected error under the request id', async () => {
      await app.inject({ method: 'POST', url: '/v1/things/refused/bug', headers: { 'x-request-id': 'r1' } });
      expect(faults).toMatchObject([{ message: 'unexpected error', details: { requestId: 'r1' } }]);
    });

    it('records refused commands, and of queries only those that were denied', async () => {
      for (const how of ['invalid', 'route', 'state', 'denied', 'bug']) await post(`/v1/things/refused/${how}?q=1`, '');
      expect(recorded.map(({ entry }) => [entry.kind, entry.status, entry.path])).toEqual([
        ['conflict', 400, '/v1/things/refused/route'],
        ['state', 422, '/v1/things/refused/state'],
        ['forbidden', 403, '/v1/things/refused/denied'],
      ]);
      recorded.length = 0;
      for (const how of ['route', 'state', 'denied']) await app.inject(`/v1/things/refused/${how}`);
      expect(recorded.map(({ entry }) => entry.code)).toEqual(['FORBIDDEN']);
    });

    it('gives no refusal that will not be recorded', async () => {
      logIsAway = true;
      const { statusCode, headers, ...response } = await post('/v1/things/refused/state', '');
      logIsAway = false;
      expect([statusCode, codeOf(response), headers['retry-after']]).toEqual([503, 'STORE_UNAVAILABLE', '1']);
      expect(faults).toMatchObject([{ message: 'a refusal could not be recorded' }]);
    });

    it('tells a wrong method from an unknown path', async () => {
      const wrong = await app.inject({ method: 'DELETE', url: '/v1/things' });
      expect([wrong.statusCode, wrong.json()]).toMatchObject([405, { code: 'METHOD_NOT_ALLOWED' }]);
      expect(wrong.headers.allow).toBe('GET, HEAD, POST');
      expect((await app.inject({ method: 'DELETE', url: '/v1/thing' })).statusCode).toBe(404);
    });

    it('answers a file that is not there with 404, whatever its folder knows', async () => {
      const response = await app.inject('/files/nothing');
      expect([response.statusCode, codeOf(response)]).toEqual([404, 'NOT_FOUND']);
    });

    it('answers a request that does not arrive in time with 408, and hangs up', async () => {
      const slow = new Edge({ ids: new RandomIdSource(), requestTimeoutMs: 200 });
      const server = slow.adapter.getInstance();
      await server.listen({ port: 0, host: '127.0.0.1' });
      const { port } = server.server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1', () => socket.write('POST / HTTP/1.1\r\nHost: here\r\n'));
      let heard = '';
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      await once(socket, 'close');
      await server.close();
      expect(heard).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*"code":"REQUEST_TIMEOUT"/);
    });

    it('answers a URL that cannot be decoded with 400', async () => {
      const response = await app.inject('/v1/things/%zz');
      expect([response.statusCode, codeOf(response)]).toEqual([400, 'FLK-0001']);
    });
  });

  it('turns new requests away once it drains, and waits for those under way', async () => {
    expect(edge.requestsUnderWay).toBe(0);
    await edge.drain(1_000);
    const response = await app.inject('/v1/things');
    expect([response.statusCode, response.json()]).toMatchObject([503, { code: 'SHUTTING_DOWN' }]);
    expect(response.headers.connection).toBe('close');
  });
});
