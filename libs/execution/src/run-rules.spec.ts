import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { CallOutcome } from '@app/provider';
import { isRefusal } from '@app/kernel';
import type { CompiledDefinition, CompiledStep } from './compiled-definition.js';
import { decideRun } from './execution.js';
import type { ExecutionEvent } from './execution-events.js';
import type { ExecutionState } from './execution-state.js';
import type { RunCommand } from './run-command.js';
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
import { runRule } from './run-rules.js';

type Told = Pick<ExecutionEvent, 'type'> & { readonly data: object };

function codesOf(events: readonly Told[]): string[] {
  const rule = runRule();
  let state = rule.start();
  return events.flatMap(({ type, data }, revision) => {
    const judged = rule.step(state, { stream: 'execution-x', type, data, revision, metadata: {} });
    state = judged.state;
    return judged.defects.map((defect) => {
      expect(defect.sentence).toMatch(/\w/);
      return defect.code;
    });
  });
}

const call = { method: 'POST', url: 'http://provider/', status: 200, durationMs: 3 };
const outcomes: readonly CallOutcome[] = [
  { ok: true, envelope: { status: 200, status_text: 'OK', url: 'u', headers: {}, body: { n: 1 } }, call },
  { ok: false, error: { code: 'http_status', message: 'status 500', retryable: true }, call },
  { ok: false, error: { code: 'http_status', message: 'status 400', retryable: false } },
];

/** What steps do: each kind of executor, and those that call nobody. */
const stepKinds: readonly ((id: string) => CompiledStep)[] = [
  (id) => executor(id),
  (id) => executor(id, { effect: 'at_most_once' }),
  (id) => executor(id, { input: { references: [], evaluate: () => ({ ok: false, message: 'nothing there' }) } }),
  (id) => executor(id, { output: { references: [], evaluate: () => ({ ok: false, message: 'nothing there' }) } }),
  (id) => conditional(id, () => true),
  (id) => conditional(id, () => false),
  (id) => setOutput(id, { done: id }),
];

interface Story {
  readonly kinds: readonly number[];
  readonly edges: readonly (readonly [number, number, number])[];
  readonly moves: readonly (readonly [number, number])[];
}

const story: fc.Arbitrary<Story> = fc.record({
  kinds: fc.array(fc.nat(stepKinds.length - 1), { minLength: 1, maxLength: 6 }),
  edges: fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(2)), { maxLength: 10 }),
  moves: fc.array(fc.tuple(fc.nat(9), fc.nat(20)), { minLength: 1, maxLength: 25 }),
});

function definitionFrom({ kinds, edges }: Story): CompiledDefinition {
  const steps = kinds.map((kind, index) => stepKinds[kind]!(`n${index}`));
  const handles = [undefined, 'true', 'false'];
  const forward = edges.flatMap(([from, to, handle]) =>
    from < to && to < kinds.length ? [edge(`n${from}`, `n${to}`, handles[handle])] : [],
  );
  const reached = new Set(forward.map(({ target }) => target));
  const entries = steps.filter(({ node }) => !reached.has(node.id)).map(({ node }) => edge('in', node.id));
  return definitionOf(steps, [...entries, ...forward]);
}

/** What a real run records when anything that may happen to it happens. */
function eventsOf(told: Story): ExecutionEvent[] {
  const definition = definitionFrom(told);
  const all: ExecutionEvent[] = [];
  let state: ExecutionState = null;
  let nowMs = START_MS;
  const give = (command: RunCommand): void => {
    const decision = decideRun(command, state, situation(definition, { nowMs, claim: () => nowMs % 7 !== 0 }));
    if (isRefusal(decision)) return;
    all.push(...decision.events);
    state = decision.state;
  };
  give(startCommand());
  for (const [move, chance] of told.moves) {
    nowMs += 137 * (chance + 1);
    give(commandOf(move, chance, state));
  }
  return all;
}

function commandOf(move: number, chance: number, state: ExecutionState): RunCommand {
  const running = Object.values(state?.steps ?? {}).filter((step) => step.status === 'running');
  const chosen = running[chance % Math.max(1, running.length)];
  const results = chosen
    ? [
        {
          nodeId: chosen.nodeId,
          attempt: chosen.attempts.at(-1)?.attempt ?? 1,
          outcome: outcomes[chance % outcomes.length]!,
          durationMs: 3,
        },
      ]
    : [];
  if (move === 9 && chance < 4) return { kind: 'CancelRun', reason: 'enough' };
  if (move === 9 && chance < 8) return { kind: 'ExpireRun', results };
  if (move === 8) return { kind: 'ResumeRun' };
  if (move === 7) return { kind: 'RetryRun', runTimeoutMs: 60_000 };
  return { kind: 'AdvanceRun', results };
}

const goldenStreams = JSON.parse(
  readFileSync(new URL('../../../test/golden/execution.json', import.meta.url), 'utf8'),
) as readonly { readonly stream: string; readonly events: readonly Told[] }[];

describe('the rule of runs', () => {
  it.each(goldenStreams.map(({ stream, events }) => [stream, events] as const))(
    'finds nothing wrong with %s as a released version recorded it',
    (_stream, events) => expect(codesOf(events)).toEqual([]),
  );

  it('finds nothing wrong with whatever the engine records', () => {
    fc.assert(
      fc.property(story, (told) => expect(codesOf(eventsOf(told))).toEqual([])),
      { numRuns: 3_000 },
    );
  });

  it('misses no event told twice, and no claim that is missing', () => {
    fc.assert(
      fc.property(story, fc.nat(), (told, chance) => {
        const events = eventsOf(told);
        const place = chance % events.length;
        expect(codesOf([...events.slice(0, place + 1), ...events.slice(place)])).not.toEqual([]);
        const claim = events.findIndex(({ type }, index) => type === 'StepStarted' && wasSettled(events, index));
        if (claim !== -1) expect(codesOf(events.toSpliced(claim, 1))).not.toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  const started: Told = { type: 'ExecutionStarted', data: { workflowId: 'w', workflowVersion: 1 } };
  const step = { workflowId: 'w', nodeId: 'a', nodeType: 'executor', stepNumber: 1, attempt: 1 };
  const claim: Told = { type: 'StepStarted', data: step };
  const completed: Told = { type: 'StepCompleted', data: { ...step, durationMs: 3, call } };
  const end: Told = { type: 'ExecutionCompleted', data: { workflowId: 'w', workflowVersion: 1 } };
  const failedStep: Told = { type: 'StepFailed', data: { ...step, durationMs: 3, error: { code: 'http_status' } } };
  const failedRun: Told = { type: 'ExecutionFailed', data: { workflowId: 'w', workflowVersion: 1 } };
  const retried: Told = { type: 'ExecutionRetried', data: { workflowId: 'w', workflowVersion: 1 } };
  const skipped: Told = { type: 'StepSkipped', data: { workflowId: 'w', nodeId: 'b', nodeType: 'action' } };
  const other = (told: Told, about: object): Told => ({ type: told.type, data: { ...told.data, ...about } });

  it.each<readonly [string, readonly Told[], readonly string[]]>([
    ['a whole run', [started, claim, completed, end], []],
    ['a run that is retried', [started, claim, failedStep, failedRun, retried, other(claim, { attempt: 2 })], []],
    ['a run without its beginning', [claim], ['run_not_begun']],
    ['a run that begins twice', [started, started], ['run_began_twice']],
    ['a result without a claim', [started, completed], ['result_without_claim']],
    ['a failure without a claim', [started, failedStep], ['result_without_claim']],
    [
      'a call by a node that calls nobody',
      [started, other(completed, { nodeType: 'action' })],
      ['result_without_claim'],
    ],
    ['a result of another attempt', [started, claim, other(completed, { attempt: 2 })], ['result_without_claim']],
    ['two claims at once', [started, claim, other(claim, { attempt: 2 })], ['claimed_twice']],
    ['a claim after the result', [started, claim, completed, other(claim, { attempt: 2 })], ['claimed_after_its_end']],
    ['an attempt left out', [started, other(claim, { attempt: 2 })], ['attempt_out_of_order']],
    ['a second result', [started, claim, completed, completed], ['result_without_claim', 'attempt_out_of_order']],
    ['an event after the end', [started, claim, completed, end, skipped], ['after_the_end']],
    ['a second end', [started, claim, completed, end, end], ['after_the_end']],
    ['an event after the failure', [started, claim, failedStep, failedRun, skipped], ['after_the_end']],
    ['a retry of what had not failed', [started, claim, retried], ['retried_without_failure']],
    ['an end while a claim is open', [started, claim, end], ['ended_with_open_steps']],
    ['a good end after a failed step', [started, claim, failedStep, end], ['ended_with_open_steps']],
    ['a step skipped twice', [started, skipped, skipped], ['skipped_after_its_begin']],
    [
      'a step skipped after its result',
      [started, claim, completed, other(skipped, { nodeId: 'a' })],
      ['skipped_after_its_begin'],
    ],
    ['a claim of what was skipped', [started, other(skipped, { nodeId: 'a' }), claim], ['claimed_after_its_end']],
    ['a step number left out', [started, other(claim, { stepNumber: 2 })], ['step_number_out_of_order']],
    ['a step that changes its number', [started, claim, other(completed, { stepNumber: 2 })], ['step_number_changed']],
    ['another workflow', [started, other(claim, { workflowId: 'x' })], ['other_workflow']],
    ['another version', [started, claim, completed, other(end, { workflowVersion: 2 })], ['other_workflow']],
    ['a type of a newer version', [started, { type: 'StepPaused' as never, data: {} }, claim], []],
    [
      'data that is nothing',
      [started, { type: 'StepCompleted', data: null as never }],
      ['step_number_out_of_order', 'attempt_out_of_order'],
    ],
  ])('%s', (_name, events, codes) => {
    expect(codesOf(events)).toEqual(codes);
  });
});

describe('content stored apart', () => {
  it.each<[unknown, boolean]>([
    [{ inputBlob: { sha256: 'a'.repeat(64), bytes: 70_000 } }, true],
    [{ outputBlob: { sha256: 'a'.repeat(64), bytes: 70_000 }, input: null }, true],
    [{ input: { inputBlob: 'of the caller' } }, false],
    [{}, false],
    [null, false],
  ])('%j', (data, expected) => {
    expect(runRule().namesContent?.(data)).toBe(expected);
  });
});

function wasSettled(events: readonly ExecutionEvent[], claim: number): boolean {
  const { data } = events[claim] as { readonly data: { readonly nodeId?: string; readonly attempt?: number } };
  return events
    .slice(claim + 1)
    .some(
      (later) =>
        (later.type === 'StepCompleted' || later.type === 'StepFailed') &&
        later.data.nodeId === data.nodeId &&
        later.data.attempt === data.attempt,
    );
}
