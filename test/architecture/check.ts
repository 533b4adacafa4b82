// The check alone: `npm run architecture`. Prints every violation and ends with 1 when there is one.
import { exceptions } from './exceptions.js';
import { violationsOf } from './rule.js';
import { rules } from './rules.js';
import { readTree } from './tree.js';

const files = readTree();
const violations = violationsOf(files, rules, exceptions);
for (const { path, line, rule, message } of violations) console.log(`${path}:${line}  ${rule}: ${message}`);
console.log(`${files.length} files, ${rules.length} rules, ${violations.length} violations`);
process.exitCode = violations.length > 0 ? 1 : 0;
