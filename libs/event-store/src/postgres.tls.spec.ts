// A PostgreSQL that speaks TLS, with a certificate of an authority of its own.
import { execFileSync } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresCluster } from '../../../test/support/postgres.js';
import { startPostgres } from '../../../test/support/postgres.js';
import { PostgresDatabase } from './postgres.database.js';

let cluster: PostgresCluster;
const log = { error: () => undefined };

async function usesTls(parameters: string): Promise<boolean> {
  const url = `${cluster.url.replace('127.0.0.1', 'localhost')}?${parameters}`;
  const database = await PostgresDatabase.open({ url, applicationName: 'tests', log });
  try {
    const [row] = await database.rows<[boolean]>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return row![0];
  } finally {
    await database.close();
  }
}

function makeCertificate(name: string, subject: string): void {
  const files = ['-keyout', join(cluster.directory, `${name}.key`), '-out', join(cluster.directory, `${name}.crt`)];
  const names = ['-subj', `/CN=${subject}`, '-addext', `subjectAltName=DNS:${subject}`];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...kind, ...names, ...files], { stdio: 'ignore' });
  const { uid, gid } = statSync(join(cluster.directory, 'data'));
  for (const end of ['key', 'crt']) chownSync(join(cluster.directory, `${name}.${end}`), uid, gid);
}

async function present(name: string): Promise<void> {
  const url = cluster.adminUrl;
  const database = await PostgresDatabase.open({ url, schema: 'public', applicationName: 'admin', log });
  await database.execute(`ALTER SYSTEM SET ssl_cert_file = '${join(cluster.directory, `${name}.crt`)}'`);
  await database.execute(`ALTER SYSTEM SET ssl_key_file = '${join(cluster.directory, `${name}.key`)}'`);
  await database.execute('ALTER SYSTEM SET ssl = on');
  await database.close();
  await cluster.restart();
}

const trusting = (name: string): string => `sslmode=verify-full&sslrootcert=${join(cluster.directory, `${name}.crt`)}`;

beforeAll(async () => {
  cluster = await startPostgres();
  makeCertificate('right', 'localhost');
  makeCertificate('elsewhere', 'db.example');
  await present('right');
}, 120_000);
afterAll(() => cluster.remove());

describe('TLS to PostgreSQL', () => {
  it('is spoken when the connection string asks for it, and the certificate is that of the host', async () => {
    expect(await usesTls(trusting('right'))).toBe(true);
    expect(await usesTls('sslmode=no-verify')).toBe(true);
    expect(await usesTls('sslmode=disable')).toBe(false);
  });

  it.each(['verify-full', 'verify-ca', 'require'])(
    'with %s refuses a certificate that nobody vouches for',
    async (mode) => {
      await expect(usesTls(`sslmode=${mode}`)).rejects.toMatchObject({
        code: 'StoreUnavailable',
        message: expect.stringMatching(
          /^PostgreSQL at localhost:\d+\/runledger cannot be reached: self-signed certificate/,
        ),
      });
    },
  );

  it('refuses the certificate of another host', async () => {
    await present('elsewhere');
    await expect(usesTls(trusting('elsewhere'))).rejects.toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringMatching(/cannot be reached: .*localhost.* not in the cert's altnames/s),
    });
  });
});
