// Says in one line what Jest's own report says: `<n> passed, <n> failed`. A suite that could not run counts as failed.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const broken = report.numRuntimeErrorTestSuites;
const failed = report.numFailedTests + broken;
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
if (broken > 0) console.log(`${broken} suites could not run`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = report.success && failed === 0 && report.numPassedTests > 0 ? 0 : 1;
