import { postgresForTests } from '../../../test/support/postgres.js';
import { until } from '../../../test/support/until.js';
import { PostgresDatabase } from './postgres.database.js';

const log = { error: (): void => undefined };
let database: PostgresDatabase;

beforeEach(async () => {
  const { url, schema } = await postgresForTests();
  const name = schema();
  database = await PostgresDatabase.open({ url, schema: name, applicationName: name, log });
});
afterEach(() => database.close());

describe('a listener', () => {
  it('hears what is announced on its channels, in order, once it is committed', async () => {
    const channel = `c_${database.schema}`;
    const heard: string[][] = [];
    const listener = await database.listen([channel, `${channel}_2`], (...message) => heard.push(message));
    const rolledBack = database.transaction(async (session) => {
      await session.execute('SELECT pg_notify($1, $2)', [channel, 'never']);
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    await database.execute('SELECT pg_notify($1, $2)', [channel, 'first']);
    await database.execute('SELECT pg_notify($1, $2)', [`${channel}_other`, 'not asked for']);
    await database.execute('SELECT pg_notify($1, $2)', [`${channel}_2`, '']);
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      [channel, 'first'],
      [`${channel}_2`, ''],
    ]);
    await listener.release();
    await listener.release();
    expect(listener.lost.aborted).toBe(false);
  });

  it('says when its connection is lost', async () => {
    const listener = await database.listen([`c_${database.schema}`], () => undefined);
    await database.execute(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'`,
      [database.schema],
    );
    await until(() => listener.lost.aborted);
    expect(listener.lost.reason).toMatchObject({ code: 'StoreUnavailable' });
  });

  it('ends with the database, and there is none after that', async () => {
    const listener = await database.listen([`c_${database.schema}`], () => undefined);
    await database.close();
    expect(listener.lost.aborted).toBe(false);
    await expect(database.listen(['c'], () => undefined)).rejects.toMatchObject({ code: 'Closed' });
  });
});
