import { postgresForTests } from '../../../test/support/postgres.js';
import { PostgresDatabase } from '@app/event-store/nest';
import { evidenceStoreContract } from './evidence-store.contract.js';
import type { PostgresForTests } from '../../../test/support/postgres.js';
import { PostgresEvidenceStore } from './postgres.evidence-store.js';

let server: PostgresForTests;
let store: PostgresEvidenceStore;
let other: PostgresEvidenceStore;
const log = { error: () => undefined };

async function openIn(schema: string): Promise<PostgresEvidenceStore> {
  const database = await PostgresDatabase.open({ url: server.url, applicationName: 'tests', schema, log });
  return PostgresEvidenceStore.open(database, { owned: true });
}

beforeAll(async () => {
  server = await postgresForTests();
}, 120_000);
beforeEach(async () => {
  const schema = server.schema();
  [store, other] = [await openIn(schema), await openIn(schema)];
});
afterEach(() => Promise.all([store.close(), other.close()]));

describe('the evidence store in PostgreSQL', () => {
  evidenceStoreContract(() => ({ store, other }));

  it('lets one server write at a time', async () => {
    const claim = await store.claim();
    expect(claim).toBeDefined();
    expect(await other.claim()).toBeUndefined();
    await claim?.release();
    const taken = await other.claim();
    expect(taken).toBeDefined();
    await taken?.release();
  });
});
