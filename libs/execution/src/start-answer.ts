// How a start is answered, by REST and by webhook alike.
import type { JsonObject } from '@app/kernel';
import { startAnswerOf, waitedAnswerOf } from './execution-wire.js';
import type { RunState } from './execution-state.js';

interface Reply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** 201 for a new run; 200 with `Idempotency-Replayed: true` for one that its key began before. */
export function answerStart(
  reply: Reply,
  started: { readonly executionId: string; readonly state: RunState; readonly replayed: boolean },
  waitSeconds: number,
): JsonObject {
  reply.status(started.replayed ? 200 : 201);
  if (started.replayed) reply.header('idempotency-replayed', 'true');
  if (waitSeconds > 0) {
    reply.header('preference-applied', `wait=${waitSeconds}`);
    return waitedAnswerOf(started.executionId, started.state);
  }
  // Clients compare a new run with exactly "running", also one that had nothing to wait for and has ended already.
  return started.replayed
    ? startAnswerOf(started.executionId, started.state)
    : startAnswerOf(started.executionId, started.state, 'running');
}
