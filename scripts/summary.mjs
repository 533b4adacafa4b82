// Says what Jest's own report says, shortly and last: every failure with its test, then `<n> passed, <n> failed`. A suite
// that could not run counts as failed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const LINES_OF_A_FAILURE = 30;

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));

for (const { name, status, message, assertionResults } of report.testResults) {
  const file = relative(process.cwd(), name);
  const failures = assertionResults.filter((test) => test.status === 'failed');
  for (const { fullName, failureMessages } of failures) tell(`${file}: ${fullName}`, failureMessages.join('\n'));
  // A module that does not load, a hook that throws after the last test.
  if (status === 'failed' && failures.length === 0) tell(`${file} as a whole`, message);
}

const broken = report.numRuntimeErrorTestSuites;
const failed = report.numFailedTests + broken;
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
if (broken > 0) console.log(`${broken} suites could not run`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = report.success && failed === 0 && report.numPassedTests > 0 ? 0 : 1;

function tell(what, why) {
  const lines = stripVTControlCharacters(why)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at .*(node_modules|node:internal)/.test(line));
  console.log(`FAILED ${what}`);
  for (const line of lines.slice(0, LINES_OF_A_FAILURE)) console.log(`    ${line}`);
}
