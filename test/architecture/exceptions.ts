import type { Exception } from './rule.js';

/** Where a rule does not hold, and why that is right. One that is no longer needed fails the check. */
export const exceptions: readonly Exception[] = [
  {
    rule: 'pure-imports',
    path: 'libs/kernel/src/hash.ts',
    reason: 'hashing is a function of its input; node:crypto is the one implementation at hand that is fast',
  },
  {
    rule: 'one-timer-file',
    path: 'libs/event-store/src/event-loop.thread.ts',
    reason:
      'the store stands below the loops and runs in a thread of its own: its share of the event loop, in one place',
  },
  {
    rule: 'one-timer-file',
    path: 'libs/read-model/src/projector.thread.ts',
    reason: 'the thread of the views has no loops but this one: a pause before a disk that failed is tried again',
  },
  {
    rule: 'one-timer-file',
    path: 'libs/read-model/src/position-waiters.worker.ts',
    reason: 'deadline of one query that waits for the views; it ends with the query',
  },
  {
    rule: 'one-timer-file',
    path: 'libs/evidence/src/pause.thread.ts',
    reason: 'the thread of the evidence stands apart from the heartbeat, whose library would bring the whole framework',
  },
  {
    rule: 'one-timer-file',
    path: 'libs/provider/src/undici.http-client.ts',
    reason: 'deadline of one call, from the first byte out to the last byte in; it ends with the call',
  },
  {
    rule: 'one-timer-file',
    path: 'libs/provider/src/http.token-source.ts',
    reason: 'deadline of one caller that waits for a shared token request; it ends with the wait',
  },
  {
    rule: 'one-timer-file',
    path: 'libs/provider/src/cockatiel.call-gate.ts',
    reason: 'deadline of one call that waits for a free place; it ends with the wait',
  },
  ...['libs/provider/src/late.configuration-usage.ts', 'libs/workflow/src/view.configuration-usage.ts'].map((path) => ({
    rule: 'port-contract',
    path,
    reason: 'one answers and the other passes the question on to it: there is one behaviour',
  })),
];
