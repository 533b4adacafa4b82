import type { Json, JsonObject } from '@app/kernel';
import { findExecutor, validateExecutorConfig } from './catalog.js';
import { buildRequest, successCodesOf } from './request-builder.js';

const midaz = {
  onboarding_base_url: 'https://onboarding.example/',
  transaction_base_url: 'https://ledger.example',
  organization_id: 'org',
  ledger_id: 'led',
};

function build(executorId: string, config: JsonObject, node: JsonObject, body?: Json): string {
  const executor = findExecutor(executorId)!;
  const built = buildRequest(executor, config, node, body);
  return 'unbuildable' in built ? built.unbuildable : `${built.method} ${built.url.href} ${built.body ?? '-'}`;
}

describe('a call is built', () => {
  const kyc = { base_url: 'https://p.example/v1/kyc' };

  it.each<[JsonObject, string]>([
    [{ endpointName: 'validate' }, 'POST https://p.example/v1/kyc/validate {"a":1}'],
    [{ path: '/validate/', endpointName: 'other' }, 'POST https://p.example/v1/kyc/validate/ {"a":1}'],
    [{}, 'POST https://p.example/v1/kyc {"a":1}'],
    [{ method: 'get' }, 'GET https://p.example/v1/kyc {"a":1}'],
    [{ path: 'x y/ü' }, 'POST https://p.example/v1/kyc/x%20y/%C3%BC {"a":1}'],
    [{ path: 'x?q=1&r={a}' }, 'POST https://p.example/v1/kyc/x?q=1&r=%7Ba%7D {"a":1}'],
    [{ path: '../admin' }, 'the path must not contain . or .. segments'],
    [{ path: 'a/%2e%2E/b' }, 'the path must not contain . or .. segments'],
    [{ method: 'TRACE' }, 'method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  ])('for tracer from %j', (node, expected) => {
    expect(build('tracer.validate-transaction', kyc, node, { a: 1 })).toBe(expected);
  });

  it('for midaz with parameters from configuration, node and body, each one segment', () => {
    const base = 'https://onboarding.example/v1/organizations/org/ledgers/led/accounts';
    expect(build('midaz.create-account', midaz, { path: 'ignored', method: 'GET' }, { assetCode: 'BRL' })).toBe(
      `POST ${base} {"assetCode":"BRL"}`,
    );
    expect(build('midaz.get-account', midaz, {}, { accountId: 'a/../b?c' })).toBe(`GET ${base}/a%2F..%2Fb%3Fc -`);
    expect(build('midaz.get-account', midaz, { accountId: 'n' }, { accountId: 'b' })).toBe(`GET ${base}/n -`);
    expect(build('midaz.get-account', midaz, {}, { accountId: '..' })).toContain('segments');
    expect(build('midaz.get-account', midaz, {}, {})).toBe('the parameter "accountId" of the path has no value');
    expect(build('midaz.get-account-balance', midaz, { limit: 5 }, { accountId: 'b', cursor: 'c&d' })).toBe(
      'GET https://ledger.example/v1/organizations/org/ledgers/led/accounts/b/balances?limit=5&cursor=c%26d -',
    );
  });

  it('for http with path, query, headers and body of the node', () => {
    const node = { method: 'GET', path: '/c/{id}', query: { full: true, tag: ['a', 'b'], of: '{id}' } };
    expect(build('http.request', kyc, node, { id: 'x/1' })).toBe(
      'GET https://p.example/v1/kyc/c/x%2F1?full=true&tag=a&tag=b&of=x%2F1 -',
    );
    expect(build('http.request', kyc, { body: { own: 1 } })).toBe('POST https://p.example/v1/kyc {"own":1}');
    expect(build('http.request', kyc, { body: { own: 1 } }, { mapped: 1 })).toContain('{"mapped":1}');
    expect(build('http.request', kyc, { headers: { 'a b': 'c' } })).toBe('the header "a b" is not valid');
    expect(build('http.request', kyc, { headers: { a: 'b\r\nc: d' } })).toBe('the header "a" is not valid');
    expect(build('http.request', { base_url: 'nonsense' }, {})).toBe('config.base_url is not a URL');
  });

  it('with node headers over those of the configuration, and never the reserved ones', () => {
    const executor = findExecutor('http.request')!;
    const config = { base_url: 'http://x', headers: { 'X-A': '1', Host: 'evil', 'X-B': '1' } };
    const node = { headers: { 'x-a': '2', 'Idempotency-Key': 'mine', 'Content-Type': 'text/plain' } };
    const built = buildRequest(executor, config, node, 'b');
    expect(built).toMatchObject({ headers: { 'x-a': '2', 'x-b': '1', 'content-type': 'text/plain' } });
    expect(JSON.stringify(built)).not.toMatch(/evil|mine/);
  });

  it('counts 200, 201, 202 and 204 as a success unless the node says otherwise', () => {
    expect(successCodesOf({})).toEqual([200, 201, 202, 204]);
    expect(successCodesOf({ successCodes: [404] })).toEqual([404]);
  });
});

describe('an executor configuration', () => {
  it('is not checked when the node has nothing but call settings', () => {
    const node = {
      executorId: 'x',
      providerConfigId: 'y',
      inputMapping: [],
      outputMapping: [],
      timeout: 5,
      path: '/p',
    };
    expect(validateExecutorConfig('tracer.validate-transaction', node)).toEqual([]);
  });

  it('is checked with every finding at once', () => {
    const fields = validateExecutorConfig('tracer.validate-transaction', { amount: 'x', currency: 'brl' }).map(
      ({ field }) => field,
    );
    expect(fields).toEqual(expect.arrayContaining(['amount', 'currency', 'requestId', 'account']));
  });

  it('names wrong call settings', () => {
    const node = { query: [], headers: { a: 1 }, successCodes: [], method: 'FETCH' };
    expect(validateExecutorConfig('http.request', node).map(({ field }) => field)).toEqual([
      'query',
      'headers.a',
      'successCodes',
      'method',
    ]);
    expect(validateExecutorConfig('s3.put', {})).toMatchObject([{ field: 'executorId' }]);
  });
});
