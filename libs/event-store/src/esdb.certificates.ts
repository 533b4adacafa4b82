// The certificates that a connection string names, as the client of EventStoreDB wants them.
import { readFileSync } from 'node:fs';
import type { EsdbTarget } from './esdb-connection-string.js';
import { StoreError } from './store-error.js';

/** Throws InvalidArgument when a file cannot be read. */
export function channelCredentials(target: EsdbTarget): Record<string, unknown> {
  if (!target.tls) return { insecure: true };
  const files = [
    ['rootCertificate', target.tlsCaFile],
    ['userCertFile', target.userCertFile],
    ['userKeyFile', target.userKeyFile],
  ] as const;
  return Object.fromEntries(files.flatMap(([name, path]) => (path === undefined ? [] : [[name, bytesOf(path)]])));
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new StoreError('InvalidArgument', `the certificate or key file ${path} cannot be read`, { cause });
  }
}
