import { postgresForTests } from '../../../test/support/postgres.js';
import { keyChecksContract } from './key-checks.contract.js';
import { MemoryKeyChecks } from './memory.key-checks.js';
import { PostgresDatabase } from './postgres.database.js';
import { PostgresKeyChecks } from './postgres.key-checks.js';

describe('key checks in memory', () =>
  keyChecksContract(async () => {
    const checks = new MemoryKeyChecks();
    return [checks, checks];
  }));

describe('key checks in PostgreSQL', () => {
  const databases: PostgresDatabase[] = [];
  afterEach(() => Promise.all(databases.splice(0).map((database) => database.close())));

  keyChecksContract(async () => {
    const server = await postgresForTests();
    const schema = server.schema();
    const open = async (): Promise<PostgresKeyChecks> => {
      const log = { error: () => undefined };
      const database = await PostgresDatabase.open({ url: server.url, applicationName: 'tests', schema, log });
      databases.push(database);
      return PostgresKeyChecks.open(database);
    };
    return Promise.all([open(), open()]);
  });
});
