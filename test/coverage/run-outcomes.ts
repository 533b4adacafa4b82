// What comes of runs: every entry of the engine, from the start that somebody asked for to the end of the run.
import type { Outcome } from './outcome.js';
import { byEngine, succeeds } from './outcome.js';
import { calls, straight } from './world.js';

const position = { x: 0, y: 0 };
const started = ['EXECUTION_STARTED'];
/** What a run of `straight` leaves. */
export const ranThrough = [...started, byEngine('STEP_COMPLETED'), byEngine('EXECUTION_COMPLETED')];
/** What a run leaves behind its start, or its retry, when its provider answers with an error. */
export const ranIntoFailure = ['PROVIDER_CALL_STARTED', 'PROVIDER_CALL_FAILED', 'EXECUTION_FAILED'].map(byEngine);

/** A trigger, a condition, and an end behind each of its branches. */
function branching(condition: string): object {
  const ends = ['true', 'false'];
  return {
    nodes: [
      { id: 'in', type: 'trigger', position },
      { id: 'if', type: 'conditional', position, data: { condition } },
      ...ends.map((id) => ({ id, type: 'action', position })),
    ],
    edges: [
      { id: 'e', source: 'in', target: 'if' },
      ...ends.map((sourceHandle) => ({ id: sourceHandle, source: 'if', target: sourceHandle, sourceHandle })),
    ],
  };
}

function runs(when: string, content: object | '/ok' | '/wrong', entries: readonly string[], inputData = {}): Outcome {
  return succeeds(
    when,
    async (w) => ({
      params: {
        workflowId: await w.active(typeof content === 'string' ? calls(content, await w.provider()) : content),
      },
      headers: { 'idempotency-key': 'first' },
      body: { inputData },
    }),
    { status: 201, entries: [...started, ...entries] },
  );
}

const ended = ['STEP_COMPLETED', 'EXECUTION_COMPLETED'];

export const runOutcomes: readonly Outcome[] = [
  runs('it is active', straight, ended.map(byEngine)),
  runs('its input is too large for an event', straight, ended.map(byEngine), { large: 'x'.repeat(300_000) }),
  runs('it calls a provider', '/ok', ['PROVIDER_CALL_STARTED', 'PROVIDER_CALL_COMPLETED', ...ended].map(byEngine)),
  runs('its provider answers with an error', '/wrong', ranIntoFailure),
  runs(
    'a branch of it is not taken',
    branching('workflow.amount > 1'),
    ['STEP_COMPLETED', 'STEP_SKIPPED', ...ended].map(byEngine),
    { amount: 2 },
  ),
  runs(
    'a condition of it cannot be decided',
    branching('= input.a.b == 1'),
    ['STEP_FAILED', 'EXECUTION_FAILED'].map(byEngine),
  ),
];
