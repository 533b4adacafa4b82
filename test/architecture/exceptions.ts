import type { Exception } from './rule.js';

/** Where a rule does not hold, and why that is right. One that is no longer needed fails the check. */
export const exceptions: readonly Exception[] = [
  {
    rule: 'pure-imports',
    path: 'libs/kernel/src/hash.ts',
    reason: 'hashing is a function of its input; node:crypto is the one implementation at hand that is fast',
  },
];
