// npm run demo: starts two providers and a server, tells the story, and leaves everything running until Ctrl-C.
// With --once it ends after the story; with --sources the server runs from the sources instead of the build.
import { resolve } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { startServer } from '../support/server-process.js';
import { startIdentityProvider, startScreeningProvider } from './providers.js';
import type { Told } from './story.js';
import { tellStory } from './story.js';

const flags = new Set(process.argv.slice(2));
const dataDir = resolve(process.env['DATA_DIR'] ?? './data/demo');
const port = Number(process.env['PORT'] ?? 4021);

function farewell(url: string, { workflowId, runs }: Told): string {
  const run = runs[0]?.executionId ?? '';
  return `
The server stays at ${url} (data in ${dataDir}). Look around, in another terminal:

  curl -s ${url}/v1/workflows/${workflowId}
  curl -s ${url}/v1/executions/${run}/steps
  curl -s ${url}/v1/streams/execution-${run}/events
  curl -s '${url}/v1/audit-events?eventType=WORKFLOW_ACTIVATED'
  curl -s '${url}/v1/audit-events?q=souza'
  curl -s -X POST ${url}/v1/workflows/${workflowId}/activate    # refused, and recorded
  curl -s '${url}/v1/audit-events?category=access'

API reference: ${url}/swagger          Ctrl-C ends the demo.`;
}

async function untilStopped(serverEnded: Promise<void>): Promise<void> {
  const signals = new Promise<void>((stop) => {
    process.once('SIGINT', () => stop());
    process.once('SIGTERM', () => stop());
  });
  await Promise.race([signals, serverEnded]);
}

const identity = await startIdentityProvider();
const screening = await startScreeningProvider();
try {
  const server = await startServer({
    dataDir,
    port,
    from: flags.has('--sources') ? 'sources' : 'build',
    ownGroup: true,
  });
  const serverEnded = new Promise<void>((ended) => server.process.once('exit', () => ended()));
  try {
    console.log(`Runledger listens at ${server.url}.`);
    const providers = { identityUrl: identity.url, screeningUrl: screening.url };
    const suffix = Math.floor(Date.now() / 1000).toString(36);
    const told = await tellStory(new ApiClient(server.url), providers, suffix, console.log);
    if (!flags.has('--once')) {
      console.log(farewell(server.url, told));
      await untilStopped(serverEnded);
    }
  } finally {
    await server.stop();
  }
} catch (error) {
  console.error(`\nThe demo could not go on: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await Promise.all([identity.close(), screening.close()]);
}
