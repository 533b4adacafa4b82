// What a server does once its log is not what was signed: it says so, takes on nothing new, and still shows everything.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@app/event-store/nest';
import { ed25519Signer, newSeed } from '@app/evidence/nest';
import { formatSignerKey, parseVerifierKey, verifyBundle } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { until } from '../support/until.js';
import { chain, setOutput, webhookTrigger } from './definitions.js';
import { V1Client } from './v1-client.js';
import { problem } from './world.js';

let directory: string;
let server: RunningServer | undefined;
let client: V1Client;

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  server = await startServer(
    parseSettings({ PORT: '0', LOG_LEVEL: 'silent', AUTH: 'off', DATA_DIR: directory, ...env }),
  );
  client = new V1Client(server.url);
}

async function stop(): Promise<void> {
  client.close();
  await server?.close();
  server = undefined;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'evidence-failure-'));
});
afterEach(async () => {
  await stop();
  rmSync(directory, { recursive: true, force: true });
});

/** As somebody does it who owns the file. */
function tamper(type: string): void {
  const database = openDatabase(join(directory, 'log.db'));
  database.exec('DROP TRIGGER IF EXISTS events_refuse_update');
  const { changes } = database
    .prepare(`UPDATE events SET data = json_set(data, '$.name', 'forged') WHERE type = ?`)
    .run(type);
  database.close();
  expect(changes).toBe(1);
}

const evidenceCheck = async () => (await client.get('/readyz')).body.checks.evidence;
const refused = problem('EVIDENCE_FAILED', 'Service Unavailable', expect.stringMatching(/does not verify/));

/** A workflow that a webhook starts, and the id of the entry that tells of its making. */
async function prepared(): Promise<{ workflowId: string; eventId: string }> {
  const { nodes, edges } = chain('honest', setOutput('out', { done: true })) as { nodes: object[]; edges: object[] };
  const hooked = { name: 'honest', edges, nodes: [webhookTrigger('/hook'), ...nodes.slice(1)] };
  const workflowId = await client.active(hooked);
  const [created] = (await client.made(client.get('/v1/audit-events?eventType=WORKFLOW_CREATED'))).items;
  // Answered 503 EVIDENCE_PENDING where signing takes longer than the server waits.
  await until(async () => (await client.get(`/v1/audit-events/${created.eventId}/verify`)).status === 200);
  return { workflowId, eventId: created.eventId };
}

async function expectNothingNew(workflowId: string): Promise<void> {
  const commands = [
    client.post('/v1/workflows', chain('new')),
    client.act(`/v1/workflows/${workflowId}/deactivate`),
    client.post(`/v1/workflows/${workflowId}/executions`, { inputData: {} }, { 'idempotency-key': 'k' }),
    client.delete(`/v1/workflows/${workflowId}`),
    client.post('/v1/webhooks/hook', {}),
  ];
  for (const answer of await Promise.all(commands)) {
    expect([answer.status, answer.headers['retry-after'], answer.body]).toEqual([503, '1', refused]);
  }
}

async function expectAllShown(workflowId: string): Promise<void> {
  const paths = [
    `/v1/workflows/${workflowId}`,
    '/v1/workflows',
    '/v1/audit-events',
    '/v1/audit-events/export',
    '/v1/evidence/checkpoint',
    '/v1/evidence/status',
    '/v1/evidence/export',
    '/health',
    '/metrics',
  ];
  for (const path of paths) expect([path, (await client.get(path)).status]).toEqual([path, 200]);
  expect((await client.get('/metrics')).text).toMatch(/^runledger_evidence_failed 1/m);
}

it('is noticed by whoever asks for a proof, and stays noticed', async () => {
  await start();
  const { workflowId, eventId } = await prepared();
  const key = parseVerifierKey((await client.get('/v1/evidence/key')).text.trim(), sha256);
  expect(await evidenceCheck()).toEqual({ status: 'up' });

  tamper('WorkflowCreated');
  const verification = await client.made(client.get(`/v1/audit-events/${eventId}/verify`));
  expect(verification).toMatchObject({
    isValid: false,
    firstInvalidId: eventId,
    message: expect.stringMatching(/data changed/),
  });
  await until(async () => (await evidenceCheck()).status === 'down');
  const { status, body } = await client.get('/readyz');
  expect([status, body.status]).toEqual([503, 'unhealthy']);
  expect(body.checks.evidence.reason).toMatch(/^leaf \d+ \(event 0 of workflow-.*data changed$/);
  await expectNothingNew(workflowId);
  await expectAllShown(workflowId);

  const bytes = new Uint8Array(await (await fetch(`${client.url}/v1/evidence/export`)).arrayBuffer());
  const report = await verifyBundle([bytes], { sha256, verify: verifyEd25519, key, nowMs: Date.now() });
  expect([report.verdict, report.defects.map(({ code }) => code)]).toEqual(['tampered', ['data_changed']]);

  await stop();
  await start();
  expect((await evidenceCheck()).status).toBe('down');
  await expectNothingNew(workflowId);
});

it('is noticed at the start', async () => {
  await start();
  const { workflowId } = await prepared();
  await stop();
  tamper('WorkflowActivated');
  await start();
  expect(await evidenceCheck()).toEqual({ status: 'down', reason: expect.stringMatching(/data changed/) });
  await expectNothingNew(workflowId);
  await expectAllShown(workflowId);
});

it('is noticed by the scrub, without anybody asking', async () => {
  await start({ EVIDENCE_SCRUB_RATE: '1000000' });
  await prepared();
  tamper('WorkflowCreated');
  await until(async () => (await evidenceCheck()).status === 'down');
}, 30_000);

it('shows what runs brought that ended before', async () => {
  await start();
  const { workflowId } = await prepared();
  const run = await client.run(workflowId, {}, 'before');
  tamper('WorkflowCreated');
  await stop();
  await start();
  await expectNothingNew(workflowId);
  expect((await client.get(`/v1/executions/${run.executionId}`)).body.status).toBe('completed');
});

it('does not start with another key than it was signed with, and says what to do', async () => {
  await start();
  await prepared();
  const { origin } = await client.made(client.get('/v1/evidence/status'));
  await stop();
  const seed = newSeed();
  const { algorithm, keyId } = ed25519Signer(origin, seed).key;
  const EVIDENCE_KEY = formatSignerKey({ name: origin, keyId, algorithm, seed });
  const secret = EVIDENCE_KEY.split('+').at(-1) ?? '';
  await expect(start({ EVIDENCE_KEY })).rejects.toThrow(
    /set EVIDENCE_REPLACES_KEY=[0-9a-f]{8} if it is to be replaced/,
  );
  await expect(start({ EVIDENCE_KEY })).rejects.not.toThrow(secret);
  await start();
  expect((await client.get('/readyz')).status).toBe(200);
});

it('publishes every checkpoint to the file it was told of', async () => {
  const anchor = join(directory, 'checkpoints.txt');
  await start({ EVIDENCE_ANCHOR_FILE: anchor });
  await prepared();
  await until(async () => {
    const { anchors, signed } = await client.made(client.get('/v1/evidence/status'));
    return anchors[0]?.size === signed.size;
  });
  const { text } = await client.get('/v1/evidence/checkpoint');
  expect(readFileSync(anchor, 'utf8')).toContain(`${text}\n`);
  expect((await client.get('/metrics')).text).toMatch(/^runledger_evidence_anchor_age_seconds\{anchor="file .*"\} \d/m);
});
