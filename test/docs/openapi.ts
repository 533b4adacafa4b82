// docs/openapi.json: what a running server says of itself.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { startServer } from '../support/server-process.js';

/** Starts a server on an empty data directory, asks it for its OpenAPI document and stops it. */
export async function openApiDocument(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runledger-docs-'));
  try {
    const server = await startServer({ dataDir });
    try {
      return JSON.stringify(await new ApiClient(server.url).get('/swagger/json'));
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
