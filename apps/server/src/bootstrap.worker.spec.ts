import type { EsdbDouble } from '../../../test/esdb-double/index.js';
import { startDouble } from '../../../test/esdb-double/index.js';
import { bootstrap } from './bootstrap.worker.js';

describe('npm run bootstrap', () => {
  let double: EsdbDouble;
  beforeAll(async () => {
    double = await startDouble();
  });
  afterAll(() => double.close());

  const run = async (environment: Record<string, string>): Promise<{ status: number; lines: string[] }> => {
    const lines: string[] = [];
    return { status: await bootstrap(environment, (line) => lines.push(line)), lines };
  };

  it('sets the rules once and says so', async () => {
    const environment = { EVENTSTORE_ADMIN_URL: double.url, EVENTSTORE_USER: 'engine' };
    const ending = 'engine may append and read; nobody but $admins may delete, truncate or change metadata.';
    expect(await run(environment)).toEqual({
      status: 0,
      lines: ['$settings is set', '$$$all is set', '$$$settings is set', ending],
    });
    expect(await run(environment)).toEqual({
      status: 0,
      lines: ['$settings was as it should be', '$$$all was as it should be', '$$$settings was as it should be', ending],
    });
  });

  it('says what it needs', async () => {
    const { status, lines } = await run({ EVENTSTORE_USER: 'engine' });
    expect({ status, text: lines.join(' ') }).toEqual({
      status: 2,
      text: expect.stringMatching(/EVENTSTORE_ADMIN_URL.*EVENTSTORE_USER/),
    });
  });

  it.each([
    ['esdb://admin:s3cret@127.0.0.1:1?tls=false', 'engine', 'cannot be read'],
    ['esdb://admin:s3cret@127.0.0.1:1?colour=s3cret', 'engine', 'no setting'],
    ['esdb://admin:s3cret@127.0.0.1:1', '$admins', 'the name of the user'],
  ])('fails in words and without a secret: %s %s', async (url, user, problem) => {
    const { status, lines } = await run({ EVENTSTORE_ADMIN_URL: url, EVENTSTORE_USER: user });
    expect(status).toBe(1);
    expect(lines.join(' ')).toContain(problem);
    expect(lines.join(' ')).not.toContain('s3cret');
  });
});
