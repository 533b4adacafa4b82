import fc from 'fast-check';
import type { JsonObject } from '@app/kernel';
import { httpConnector } from './connector-http.js';
import { midazConnector } from './connector-midaz.js';
import { secretPathsOf, urlFindings } from './configuration-secrets.js';
import { MemorySecretStore } from './memory.secret-store.js';
import {
  foreignReferences,
  maskOf,
  maskSecrets,
  openSecrets,
  sealSecrets,
  secretIdsIn,
  unmaskSecrets,
} from './secrets.js';
import { isSensitiveName, isSensitiveParameter } from './sensitive-name.js';

const isSecret = secretPathsOf(httpConnector);

describe('names that promise a secret', () => {
  it.each(
    'password secret token api_key apikey apiKey X-API-Key authorization client_secret clientSecret clientsecret credentials private_key bearer_token Cookie access_token secret_access_key'.split(
      ' ',
    ),
  )('%s does', (name) => expect(isSensitiveName(name)).toBe(true));

  it.each(
    'auth_type token_url client_id issuer_url base_url header_name prefix location query_param_name scopes access_key_id name keyboard monkey'.split(
      ' ',
    ),
  )('%s does not', (name) => expect(isSensitiveName(name)).toBe(false));

  it('is stricter with headers and query parameters', () => {
    expect(['X-Auth', 'Ocp-Apim-Subscription-Key', 'sig_signature'].every(isSensitiveParameter)).toBe(true);
    expect(['Accept', 'X-Tenant', 'page'].some(isSensitiveParameter)).toBe(false);
  });
});

describe('secrets of a configuration', () => {
  const config: JsonObject = {
    base_url: 'http://x',
    auth_type: 'api_key',
    api_key: 'k-9f2a77c1',
    headers: { Authorization: 'Bearer abcdefgh', 'X-Tenant': 'bank' },
    credentials: { user: 'u', pins: [123456789] },
    token_url: 'http://t',
  };

  it('leave the document and come back whole, numbers as numbers', async () => {
    const store = new MemorySecretStore();
    const { document, created } = await sealSecrets(config, isSecret, store);
    expect(created).toHaveLength(4);
    expect(JSON.stringify(document)).not.toMatch(/9f2a|abcdefgh|123456789/);
    expect(document).toMatchObject({ auth_type: 'api_key', token_url: 'http://t', headers: { 'X-Tenant': 'bank' } });
    expect(await openSecrets(document, store)).toEqual({ document: config, missing: [] });
  });

  it('are shown as masks', async () => {
    const store = new MemorySecretStore();
    const { document } = await sealSecrets(config, isSecret, store);
    expect(await maskSecrets(document, store)).toMatchObject({ api_key: '****77c1', auth_type: 'api_key' });
    expect([maskOf('12345678'), maskOf('123456789'), maskOf(undefined)]).toEqual(['********', '****6789', '********']);
  });

  it('keep their reference when a mask or the same text comes back, and only then', async () => {
    const store = new MemorySecretStore();
    const { document } = await sealSecrets(config, isSecret, store);
    const shown = await maskSecrets(document, store);
    const back = await unmaskSecrets(shown, isSecret, document, store, 'config');
    expect(back).toEqual({ document: config, findings: [] });
    expect(await sealSecrets(back.document, isSecret, store, document)).toEqual({ document, created: [] });
    const changed = await sealSecrets({ ...config, api_key: 'another-key' }, isSecret, store, document);
    expect(changed.created).toHaveLength(1);
    expect(secretIdsIn(changed.document)).not.toContain((document['api_key'] as JsonObject)['$secret']);
  });

  it('refuse a mask that fits nothing', async () => {
    const { findings } = await unmaskSecrets(
      { api_key: '****77c1' },
      isSecret,
      undefined,
      new MemorySecretStore(),
      'config',
    );
    expect(findings).toEqual([{ field: 'config.api_key', message: expect.stringContaining('mask') }]);
  });

  it('cannot be claimed by reference', () => {
    expect(foreignReferences({ a: [{ $secret: 'id' }], b: { $secret: 1 } }, 'config')).toMatchObject([
      { field: 'config.a[0]' },
      { field: 'config.b' },
    ]);
  });

  it('stand where the schema says writeOnly', () => {
    const inMidaz = secretPathsOf(midazConnector);
    expect([inMidaz(['auth', 'client_secret']), inMidaz(['auth', 'issuer_url']), inMidaz(['ledger_id'])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('are refused inside URLs', () => {
    const found = urlFindings({ base_url: 'http://u:p@x/', list: ['https://x/?api_key=1'], fine: 'http://x/?a=1' });
    expect(found.map(({ field }) => field)).toEqual(['config.base_url', 'config.list[0]']);
  });

  it('survive sealing and opening in any document', async () => {
    const keys = fc.constantFrom('password', 'a', 'token', 'headers', 'list', 'auth_type');
    const documents = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), tie('object'), fc.array(tie('value'))),
      object: fc.dictionary(keys, tie('value')),
    })).object as fc.Arbitrary<JsonObject>;
    await fc.assert(
      fc.asyncProperty(documents, async (document) => {
        const store = new MemorySecretStore();
        const plain = { ...document };
        const sealed = await sealSecrets(plain, isSecret, store);
        expect(secretIdsIn(sealed.document)).toEqual(sealed.created);
        expect((await openSecrets(sealed.document, store)).document).toEqual(plain);
      }),
    );
  });
});
