import type { CallOutcome } from '@app/provider';
import type { Json } from '@app/kernel';
import { isRefusal, jsonDefect } from '@app/kernel';
import type { CompiledStep } from './compiled-definition.js';
import { decideRun } from './execution.js';
import type { ExecutionEvent } from './execution-events.js';
import type { ExecutionState } from './execution-state.js';
import { evolveExecution } from './execution-state.js';
import type { RunCommand, Situation } from './run-command.js';
import {
  conditional,
  definitionOf,
  edge,
  executor,
  setOutput,
  situation,
  START_MS,
  startCommand,
} from './run-fixtures.contract.js';

const call = { method: 'POST', url: 'http://provider/', status: 200, durationMs: 3 };
const answered = (body: object): CallOutcome => ({
  ok: true,
  envelope: { status: 200, status_text: 'OK', url: 'http://provider/', headers: {}, body: body as never },
  call,
});
const failed = (retryable: boolean, retryAfterMs?: number): CallOutcome => ({
  ok: false,
  error: {
    code: 'http_status',
    message: 'executor error: http request failed with status 500',
    retryable,
    httpStatus: 500,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  },
});
const result = (nodeId: string, outcome: CallOutcome, attempt = 1): RunCommand => ({
  kind: 'AdvanceRun',
  results: [{ nodeId, attempt, outcome, durationMs: 3 }],
});

/** Given what was commanded so far, when the last command comes, then these events. */
function run(commands: readonly (readonly [RunCommand, Situation])[]) {
  let state: ExecutionState = null;
  let events: readonly ExecutionEvent[] = [];
  let blocked: readonly string[] = [];
  const all: ExecutionEvent[] = [];
  for (const [command, at] of commands) {
    const decision = decideRun(command, state, at);
    if (isRefusal(decision)) return { refusal: decision, events: [], state, blocked: [], all };
    ({ events, state } = decision);
    blocked = decision.blocked.map((step) => step.node.id);
    all.push(...events);
  }
  return { events, state, blocked, all, refusal: undefined };
}
const types = (events: readonly ExecutionEvent[]): string[] =>
  events.map((event) => ('nodeId' in event.data ? `${event.type} ${event.data.nodeId}` : event.type));

const two = definitionOf([executor('a'), executor('b')], [edge('in', 'a'), edge('a', 'b')]);
const at = (ms: number, definition = two, about: Partial<Situation> = {}): Situation =>
  situation(definition, { nowMs: START_MS + ms, ...about });

describe('a run', () => {
  it('begins and claims its first step in one decision', () => {
    expect(types(run([[startCommand(), at(0)]]).events)).toEqual(['ExecutionStarted', 'StepStarted a']);
  });

  it('records the result of one step and the claim of the next in one decision', () => {
    const { events } = run([
      [startCommand(), at(0)],
      [result('a', answered({ ok: true })), at(5)],
    ]);
    expect(types(events)).toEqual(['StepCompleted a', 'StepStarted b']);
  });

  it('ends with the last result, and its output is all it knows when nothing was put out', () => {
    const { events, state } = run([
      [startCommand(), at(0)],
      [result('a', answered({ x: 1 })), at(5)],
      [result('b', answered({ y: 2 })), at(9)],
    ]);
    expect(types(events)).toEqual(['StepCompleted b', 'ExecutionCompleted']);
    expect(state).toMatchObject({ status: 'completed', outputs: { a: { x: 1 }, b: { y: 2 } } });
    expect(events.at(-1)?.data).toMatchObject({ durationMs: 9 });
  });

  it('takes the branch that its condition chose, skips the other, and puts out what the action says', () => {
    const definition = definitionOf(
      [
        executor('a'),
        conditional('low?', (scope) => scope.steps['a'] !== null),
        setOutput('yes', { ok: true }),
        setOutput('no', { ok: false }),
      ],
      [edge('in', 'a'), edge('a', 'low?'), edge('low?', 'yes', 'true'), edge('low?', 'no', 'false')],
    );
    const { events, state } = run([
      [startCommand(), at(0, definition)],
      [result('a', answered({})), at(1, definition)],
    ]);
    expect(types(events)).toEqual([
      'StepCompleted a',
      'StepCompleted low?',
      'StepSkipped no',
      'StepCompleted yes',
      'ExecutionCompleted',
    ]);
    expect(state).toMatchObject({ output: { ok: true } });
    expect(events[1]?.data).toMatchObject({ output: { condition: 'given', result: true, branchTaken: 'true' } });
  });

  it('runs independent branches at the same time and their meeting point once, after both', () => {
    const definition = definitionOf(
      [executor('a'), executor('b'), executor('c')],
      [edge('in', 'a'), edge('in', 'b'), edge('a', 'c'), edge('b', 'c')],
    );
    const begun = run([[startCommand(), at(0, definition)]]);
    expect(types(begun.events)).toEqual(['ExecutionStarted', 'StepStarted a', 'StepStarted b']);
    const { all } = run([
      [startCommand(), at(0, definition)],
      [result('b', answered({})), at(1, definition)],
      [result('a', answered({})), at(2, definition)],
      [result('c', answered({})), at(3, definition)],
    ]);
    expect(types(all).filter((text) => text.endsWith(' c'))).toEqual(['StepStarted c', 'StepCompleted c']);
  });

  it('waits for a due time after a retryable failure, and then claims the next attempt with the same input', () => {
    const first: readonly [RunCommand, Situation][] = [
      [startCommand(), at(0)],
      [result('a', failed(true)), at(10)],
    ];
    const waiting = run(first);
    expect(types(waiting.events)).toEqual(['StepFailed a']);
    expect(waiting.events[0]?.data).toMatchObject({ retryAt: new Date(START_MS + 10 + 50).toISOString() });
    expect(run([...first, [{ kind: 'AdvanceRun', results: [] }, at(59)]]).events).toEqual([]);
    const again = run([...first, [{ kind: 'AdvanceRun', results: [] }, at(60)]]);
    expect(again.events).toMatchObject([{ type: 'StepStarted', data: { nodeId: 'a', attempt: 2 } }]);
    expect(again.state?.steps['a']?.input).toEqual({ amount: 5 });
  });

  it('never comes back before the provider asked for', () => {
    const { events } = run([
      [startCommand(), at(0)],
      [result('a', failed(true, 2_000)), at(10)],
    ]);
    expect(events[0]?.data).toMatchObject({ retryAt: new Date(START_MS + 2_010).toISOString() });
  });

  it('fails at once when a failure is final, naming the node and the attempts', () => {
    const { events } = run([
      [startCommand(), at(0)],
      [result('a', failed(false)), at(10)],
    ]);
    expect(types(events)).toEqual(['StepFailed a', 'ExecutionFailed a']);
    expect(events[1]?.data).toMatchObject({
      error: {
        code: 'http_status',
        message: 'node "a": executor call failed after 1 attempt: executor error: http request failed with status 500',
        nodeId: 'a',
      },
    });
  });

  it('lets calls under way end before it fails, and claims nothing more', () => {
    const definition = definitionOf(
      [executor('a'), executor('b'), executor('c')],
      [edge('in', 'a'), edge('in', 'b'), edge('b', 'c')],
    );
    const begun: readonly [RunCommand, Situation][] = [
      [startCommand(), at(0, definition)],
      [result('a', failed(false)), at(1, definition)],
    ];
    expect(types(run(begun).events)).toEqual(['StepFailed a']);
    const { events } = run([...begun, [result('b', answered({})), at(2, definition)]]);
    expect(types(events)).toEqual(['StepCompleted b', 'ExecutionFailed a']);
  });

  it('drops a result that nobody waits for', () => {
    const { events } = run([
      [startCommand(), at(0)],
      [result('a', answered({})), at(1)],
      [result('a', answered({ again: true })), at(2)],
      [result('b', answered({}), 7), at(3)],
    ]);
    expect(events).toEqual([]);
  });

  it('says which steps wait for a slot, and claims them when it looks again', () => {
    const full = at(0, two, { claim: () => false });
    const begun = run([[startCommand(), full]]);
    expect(begun.blocked).toEqual(['a']);
    expect(types(begun.events)).toEqual(['ExecutionStarted']);
    expect(
      types(
        run([
          [startCommand(), full],
          [{ kind: 'AdvanceRun', results: [] }, at(4)],
        ]).events,
      ),
    ).toEqual(['StepStarted a']);
  });

  it('ends the calls under way when it is cancelled, and cannot be cancelled after its end', () => {
    const cancelled = run([
      [startCommand(), at(0)],
      [{ kind: 'CancelRun', reason: 'wrong customer' }, at(5)],
    ]);
    expect(cancelled.events).toMatchObject([
      { type: 'StepFailed', data: { nodeId: 'a', error: { code: 'cancelled' } } },
      { type: 'ExecutionCancelled', data: { reason: 'wrong customer' } },
    ]);
    expect(
      types(
        run([
          [startCommand(), at(0)],
          [{ kind: 'CancelRun' }, at(5)],
          [{ kind: 'CancelRun' }, at(6)],
        ]).events,
      ),
    ).toEqual([]);
    const over = run([
      [startCommand(), at(0)],
      [result('a', failed(false)), at(1)],
      [{ kind: 'CancelRun' }, at(2)],
    ]);
    expect(over.refusal).toMatchObject({ kind: 'state', code: 'FLK-0501' });
  });

  it('fails when its time is up', () => {
    const { events } = run([
      [startCommand(), at(0)],
      [{ kind: 'ExpireRun', results: [] }, at(60_000)],
    ]);
    expect(events).toMatchObject([
      { type: 'StepFailed', data: { error: { code: 'timeout' } } },
      { type: 'ExecutionFailed', data: { error: { message: 'execution timeout: context deadline exceeded' } } },
    ]);
  });

  it('records a result that came in together with the end of its time', () => {
    const { results } = result('a', answered({ x: 1 })) as Extract<RunCommand, { kind: 'AdvanceRun' }>;
    const { events, state } = run([
      [startCommand(), at(0)],
      [{ kind: 'ExpireRun', results }, at(60_000)],
    ]);
    expect(types(events)).toEqual(['StepCompleted a', 'ExecutionFailed']);
    expect(state?.outputs).toEqual({ a: { x: 1 } });
  });

  it('repeats a claim without a result after a restart, without counting it as a failure', () => {
    const { events, state } = run([
      [startCommand(), at(0)],
      [{ kind: 'ResumeRun' }, at(500)],
    ]);
    expect(events).toMatchObject([
      { type: 'StepFailed', data: { error: { code: 'interrupted' } } },
      { type: 'StepStarted', data: { nodeId: 'a', attempt: 2 } },
    ]);
    expect(state?.steps['a']).toMatchObject({ status: 'running', failures: 0 });
  });

  it('makes no further call after a restart that came too late', () => {
    const { events } = run([
      [startCommand(), at(0)],
      [{ kind: 'ResumeRun' }, at(60_000)],
    ]);
    expect(events).toMatchObject([
      { type: 'StepFailed', data: { nodeId: 'a', error: { code: 'interrupted' } } },
      { type: 'ExecutionFailed', data: { error: { code: 'timeout' } } },
    ]);
  });

  it('leaves an at-most-once claim without a result to a person, who may retry it', () => {
    const once = definitionOf([executor('a', { effect: 'at_most_once' })], [edge('in', 'a')]);
    const stopped: readonly [RunCommand, Situation][] = [
      [startCommand(), at(0, once)],
      [{ kind: 'ResumeRun' }, at(500, once)],
    ];
    expect(run(stopped).events).toMatchObject([
      { type: 'StepFailed', data: { error: { code: 'outcome_unknown' } } },
      { type: 'ExecutionFailed', data: { nodeId: 'a' } },
    ]);
    const retried = run([...stopped, [{ kind: 'RetryRun', runTimeoutMs: 1_000 }, at(900, once)]]);
    expect(retried.events).toMatchObject([
      { type: 'ExecutionRetried', data: { fromNodeId: 'a' } },
      { type: 'StepStarted', data: { nodeId: 'a', attempt: 2 } },
    ]);
  });

  it('fails a step whose answer cannot stand in the log, instead of losing the run', () => {
    const { events } = run([
      [startCommand(), at(0)],
      [result('a', answered({ text: '\ud800' })), at(1)],
    ]);
    expect(events).toMatchObject([
      { type: 'StepFailed', data: { error: { code: 'invalid_response' } } },
      { type: 'ExecutionFailed' },
    ]);
  });

  it.each(['x'.repeat(300_000), 'half of one: \ud83d', `${'x'.repeat(999)}\u{1f600}`])(
    'records a failure whatever its message repeats',
    (message) => {
      const outcome: CallOutcome = { ok: false, error: { code: 'invalid_response', message, retryable: false } };
      const { events } = run([
        [startCommand(), at(0)],
        [result('a', outcome), at(1)],
      ]);
      expect(types(events)).toEqual(['StepFailed a', 'ExecutionFailed a']);
      for (const { data } of events) {
        expect(jsonDefect(data)).toBeUndefined();
        expect(JSON.stringify(data).length).toBeLessThan(3_000);
      }
    },
  );

  it('decides a failed conditional again when a person retries the run', () => {
    const undecidable: CompiledStep = {
      ...(conditional('if', () => true) as Extract<CompiledStep, { kind: 'conditional' }>),
      condition: { references: [], evaluate: () => ({ ok: false, message: 'no such key' }) },
    };
    const definition = definitionOf([undecidable], [edge('in', 'if')]);
    const { events } = run([
      [startCommand(), at(0, definition)],
      [{ kind: 'RetryRun', runTimeoutMs: 1_000 }, at(900, definition)],
    ]);
    expect(events).toMatchObject([
      { type: 'ExecutionRetried', data: { fromNodeId: 'if' } },
      { type: 'StepFailed', data: { nodeId: 'if', attempt: 2, stepNumber: 1 } },
      { type: 'ExecutionFailed' },
    ]);
  });

  it('makes the input of a step that failed before its first claim anew when a person retries the run', () => {
    let broken = true;
    const evaluate = () => (broken ? { ok: false as const, message: 'not now' } : { ok: true as const, value: 'made' });
    const definition = definitionOf([executor('a', { input: { references: [], evaluate } })], [edge('in', 'a')]);
    const { state } = run([[startCommand(), at(0, definition)]]);
    broken = false;
    const retried = decideRun({ kind: 'RetryRun', runTimeoutMs: 1_000 }, state, at(900, definition));
    expect(isRefusal(retried) ? [] : retried.events).toMatchObject([
      { type: 'ExecutionRetried' },
      { type: 'StepStarted', data: { nodeId: 'a', attempt: 2, input: 'made' } },
    ]);
  });

  it('gives a retried run the time that its workflow grants', () => {
    const definition = { ...two, settings: { runTimeoutSeconds: 3_600 } };
    const { events } = run([
      [startCommand(), at(0, definition)],
      [result('a', failed(false)), at(0, definition)],
      [{ kind: 'RetryRun', runTimeoutMs: 1_000 }, at(0, definition)],
    ]);
    const deadlineAt = new Date(START_MS + 3_600_000).toISOString();
    expect(events[0]).toMatchObject({ type: 'ExecutionRetried', data: { deadlineAt } });
  });

  it('fails a step whose output is nested too deep to be recorded', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 60; level += 1) deep = [deep];
    const definition = definitionOf([setOutput('out', deep)], [edge('in', 'out')]);
    expect(run([[startCommand(), at(0, definition)]]).events).toMatchObject([
      { type: 'ExecutionStarted' },
      { type: 'StepFailed', data: { error: { code: 'output_failed' } } },
      { type: 'ExecutionFailed' },
    ]);
  });

  it('is the same run when its stream is folded again', () => {
    const { all, state } = run([
      [startCommand(), at(0)],
      [result('a', failed(true)), at(0)],
      [{ kind: 'AdvanceRun', results: [] }, at(0, two, { nowMs: START_MS + 50 })],
      [result('a', answered({ x: 1 }), 2), at(50)],
      [result('b', answered({ y: 1 })), at(50)],
    ]);
    const times = [0, 0, 0, 50, 50, 50, 50, 50];
    expect(all).toHaveLength(times.length);
    const folded = all.reduce<ExecutionState>(
      (before, event, index) =>
        evolveExecution(before, {
          ...event,
          metadata: { occurredAt: new Date(START_MS + (times[index] ?? 0)).toISOString() },
        }),
      null,
    );
    expect(folded).toEqual(state);
  });
});
