// The last lines of `npm test`, from reports as Jest writes them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const directory = mkdtempSync(join(tmpdir(), 'summary-'));
afterAll(() => rmSync(directory, { recursive: true }));

const passed = { status: 'passed', fullName: 'adds', failureMessages: [] };
const failed = {
  status: 'failed',
  fullName: 'adds too',
  failureMessages: [
    'Error: \u001b[31mExpected: 2\u001b[39m\n\n    at add (a.ts:1:1)\n    at run (node_modules/jest/x.js:1:1)',
  ],
};

/** Of one suite that ended so. */
function summary(suite: { assertionResults: object[]; message?: string }, broken = 0): { out: string; exit: unknown } {
  const failures = suite.assertionResults.filter((test) => test === failed).length;
  const success = failures + broken === 0;
  const report = {
    success,
    numPassedTests: suite.assertionResults.length - failures,
    numFailedTests: failures,
    numPendingTests: 0,
    numRuntimeErrorTestSuites: broken,
    testResults: [{ name: resolve('libs/a.spec.ts'), status: success ? 'passed' : 'failed', message: '', ...suite }],
  };
  const file = join(directory, 'report.json');
  writeFileSync(file, JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, ['scripts/summary.mjs', file], { encoding: 'utf8' });
  return { out: stdout, exit: status };
}

describe('the summary of the tests', () => {
  it('counts what passed', () => {
    expect(summary({ assertionResults: [passed, passed] })).toEqual({ out: '2 passed, 0 failed\n', exit: 0 });
  });

  it('tells each failure with its test, without colours and what is not ours, before the count', () => {
    const { out, exit } = summary({ assertionResults: [passed, failed] });
    const lines = ['FAILED libs/a.spec.ts: adds too', '    Error: Expected: 2', '        at add (a.ts:1:1)'];
    expect([out, exit]).toEqual([[...lines, '1 passed, 1 failed', ''].join('\n'), 1]);
  });

  it.each([
    ['that did not load', []],
    ['whose last hook threw', [passed]],
  ])('tells why a suite failed %s, and counts it', (_what, assertionResults) => {
    const { out, exit } = summary({ assertionResults, message: '  no such module' }, 1);
    const lines = ['FAILED libs/a.spec.ts as a whole', '      no such module', '1 suites could not run'];
    expect([out, exit]).toEqual([[...lines, `${assertionResults.length} passed, 1 failed`, ''].join('\n'), 1]);
  });

  it('takes a run without a test for a failure', () => {
    expect(summary({ assertionResults: [] })).toEqual({ out: '0 passed, 0 failed\n', exit: 1 });
  });
});
