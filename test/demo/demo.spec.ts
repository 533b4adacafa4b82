import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

describe('the demo', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'runledger-demo-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  const tell = async (): Promise<string> => {
    const program = ['--no-warnings', '--import', './test/support/typescript.mjs', 'test/demo/demo.ts'];
    const env = { ...process.env, DATA_DIR: dataDir, PORT: String(await freePort()) };
    return (await run(process.execPath, [...program, '--once', '--sources'], { cwd: root, env })).stdout;
  };

  it('approves the low-risk customer, sends the high-risk one to review, and shows who did what', async () => {
    const told = await tell();
    expect(told).toContain('"decision":"approve","riskScore":5');
    expect(told).toContain('"decision":"review","reason":"the identity check scores too high"');
    expect(told).toMatch(/1 {2}Identity check +completed/);
    for (const eventType of ['WORKFLOW_ACTIVATED', 'PROVIDER_CALL_COMPLETED', 'STEP_SKIPPED', 'EXECUTION_COMPLETED']) {
      expect(told).toContain(eventType);
    }
    expect(told).toContain('anonymous (127.0.0.1)');
  }, 60_000);

  it('can be told again on the same log', async () => {
    expect(await tell()).toContain('"decision":"approve"');
  }, 60_000);
});
