// What the events of a run may look like, told from the recorded events alone: for whoever replays a log he does not
// trust. It knows no definition and no engine, so it refuses only what no engine of ours ever records.
import type { RuleDefect, RuleEvent, StreamRule } from '@app/evidence';
import type { ExecutionEvent } from './execution-events.js';

/** Where a step stands. */
const CLAIMED = 0;
const WAITING = 1;
const COMPLETED = 2;
const FAILED = 3;
const SKIPPED = 4;
/** Per step: node, step number, last attempt, standing. Flat numbers, because a log holds runs by the hundred thousand. */
const STEP_FIELDS = 4;

export interface OpenRun {
  readonly workflow: number;
  readonly version: number;
  hasFailed: boolean;
  stepCount: number;
  readonly steps: number[];
}

export type RunMemory = OpenRun | 'unborn' | 'ended';

/** Data of any event of a run, as far as the bytes of somebody else can be believed to have them. */
interface Told {
  readonly workflowId?: unknown;
  readonly workflowVersion?: unknown;
  readonly nodeId?: unknown;
  readonly nodeType?: unknown;
  readonly stepNumber?: unknown;
  readonly attempt?: unknown;
  readonly call?: unknown;
  readonly retryAt?: unknown;
  readonly durationMs?: unknown;
  readonly error?: { readonly code?: unknown };
}

/** Failures without a claim: the step ended before anything was sent. */
const unsentCode = 'input_transformation_failed';

/** A rule of its own memory: names that repeat over many runs are kept once. */
export function runRule(): StreamRule<RunMemory> {
  const names = new Map<string, number>();
  const numberOf = (name: unknown): number => {
    const text = typeof name === 'string' ? name : '';
    const known = names.get(text);
    if (known !== undefined) return known;
    names.set(text, names.size);
    return names.size - 1;
  };
  return {
    category: 'execution',
    name: 'runs',
    start: () => 'unborn',
    step(state, event) {
      const defects: RuleDefect[] = [];
      const next = judged(state, event, numberOf, (code, sentence) => defects.push({ code, sentence }));
      return { state: next, defects };
    },
    namesContent,
  };
}

/** Inputs and outputs too large for an event, see blobs.ts. */
function namesContent(data: unknown): boolean {
  const { inputBlob, outputBlob } = (data ?? {}) as { readonly inputBlob?: unknown; readonly outputBlob?: unknown };
  return inputBlob !== undefined || outputBlob !== undefined;
}

type Report = (code: string, sentence: string) => void;
type NumberOf = (name: unknown) => number;

function judged(run: RunMemory, event: RuleEvent, numberOf: NumberOf, report: Report): RunMemory {
  const told = (event.data ?? {}) as Told;
  const type = event.type as ExecutionEvent['type'];
  if (run === 'unborn') {
    if (type === 'ExecutionStarted') return begun(told, numberOf);
    report('run_not_begun', `${type} is the first event of a run; a run begins with ExecutionStarted`);
    return begun(told, numberOf);
  }
  if (run === 'ended') {
    report('after_the_end', `${type} was recorded after the run had ended`);
    return run;
  }
  if (run.hasFailed && type !== 'ExecutionRetried') {
    report('after_the_end', `${type} was recorded after the run had failed, and nobody had retried it`);
  }
  if (told.workflowId !== undefined && numberOf(told.workflowId) !== run.workflow) {
    report('other_workflow', `${type} names another workflow than the run began with`);
  }
  if (told.workflowVersion !== undefined && told.workflowVersion !== run.version) {
    report('other_workflow', `${type} names another version of the workflow than the run began with`);
  }
  return moved(run, type, told, numberOf, report);
}

function begun({ workflowId, workflowVersion }: Told, numberOf: NumberOf): OpenRun {
  return {
    workflow: numberOf(workflowId),
    version: typeof workflowVersion === 'number' ? workflowVersion : 0,
    hasFailed: false,
    stepCount: 0,
    steps: [],
  };
}

function moved(run: OpenRun, type: ExecutionEvent['type'], told: Told, numberOf: NumberOf, report: Report): RunMemory {
  switch (type) {
    case 'ExecutionStarted':
      report('run_began_twice', 'the run began, though it had begun already');
      return run;
    case 'StepStarted':
      claimed(run, told, numberOf, report);
      return run;
    case 'StepCompleted':
    case 'StepFailed':
      settled(run, type, told, numberOf, report);
      return run;
    case 'StepSkipped':
      skipped(run, told, numberOf, report);
      return run;
    case 'ExecutionCompleted':
      checkNothingOpen(run, report);
      return 'ended';
    case 'ExecutionCancelled':
      return 'ended';
    case 'ExecutionFailed':
      run.hasFailed = true;
      return run;
    case 'ExecutionRetried':
      retried(run, report);
      return run;
    default:
      // A newer server may record types that this one does not know; they change nothing here.
      return run;
  }
}

function claimed(run: OpenRun, told: Told, numberOf: NumberOf, report: Report): void {
  const at = stepAt(run, told, numberOf, report);
  const standing = run.steps[at + 3];
  if (standing === CLAIMED && run.steps[at + 2] !== 0) {
    report('claimed_twice', `${nameOf(told)} was claimed while an earlier claim of it was open`);
  }
  if (standing === COMPLETED || standing === SKIPPED) {
    report('claimed_after_its_end', `${nameOf(told)} was claimed though it had ended`);
  }
  checkNextAttempt(run, at, told, report);
  stand(run, at, told, CLAIMED);
}

function settled(
  run: OpenRun,
  type: 'StepCompleted' | 'StepFailed',
  told: Told,
  numberOf: NumberOf,
  report: Report,
): void {
  const at = stepAt(run, told, numberOf, report);
  const isOpen = run.steps[at + 3] === CLAIMED && run.steps[at + 2] !== 0;
  if (isOpen) {
    if (told.attempt !== run.steps[at + 2]) {
      report(
        'result_without_claim',
        `${nameOf(told)} has a result of attempt ${said(told.attempt)}, which has no claim`,
      );
    }
  } else {
    if (needsClaim(type, told)) report('result_without_claim', `${nameOf(told)} has a result, but no claim before it`);
    else if (run.steps[at + 3] === COMPLETED || run.steps[at + 3] === SKIPPED) {
      report('result_after_its_end', `${nameOf(told)} has a result though it had ended`);
    }
    checkNextAttempt(run, at, told, report);
  }
  if (type === 'StepCompleted') stand(run, at, told, COMPLETED);
  else stand(run, at, told, told.retryAt === undefined ? FAILED : WAITING);
}

/** Steps that call nobody are decided without a claim; so does a step fail whose request could not be put together. */
function needsClaim(type: 'StepCompleted' | 'StepFailed', { nodeType, call, error, durationMs }: Told): boolean {
  if (call !== undefined) return true;
  if (nodeType !== 'executor') return false;
  return type === 'StepCompleted' || error?.code !== unsentCode || durationMs !== 0;
}

function skipped(run: OpenRun, told: Told, numberOf: NumberOf, report: Report): void {
  const node = numberOf(told.nodeId);
  const at = placeOf(run, node);
  if (at === -1) {
    run.steps.push(node, 0, 0, SKIPPED);
    return;
  }
  report('skipped_after_its_begin', `${nameOf(told)} was skipped though it had begun, or had been skipped before`);
  run.steps[at + 3] = SKIPPED;
}

/** Whatever was not completed is due again. */
function retried(run: OpenRun, report: Report): void {
  if (!run.hasFailed) report('retried_without_failure', 'the run was retried though it had not failed');
  run.hasFailed = false;
  for (let at = 0; at < run.steps.length; at += STEP_FIELDS) {
    const standing = run.steps[at + 3];
    if (standing === CLAIMED || standing === FAILED) run.steps[at + 3] = WAITING;
  }
}

/** A good end has nothing open; whoever cancels a run, or a fault that ends it, need not wait for its steps. */
function checkNothingOpen(run: OpenRun, report: Report): void {
  for (let at = 0; at < run.steps.length; at += STEP_FIELDS) {
    const standing = run.steps[at + 3];
    if (standing === COMPLETED || standing === SKIPPED) continue;
    report('ended_with_open_steps', `the run ended well while step ${run.steps[at + 1] ?? 0} had not`);
    return;
  }
}

function placeOf(run: OpenRun, node: number): number {
  for (let at = 0; at < run.steps.length; at += STEP_FIELDS) if (run.steps[at] === node) return at;
  return -1;
}

/** The step's place; one met for the first time takes the next number and stands as if it waited for its first attempt. */
function stepAt(run: OpenRun, told: Told, numberOf: NumberOf, report: Report): number {
  const node = numberOf(told.nodeId);
  const known = placeOf(run, node);
  if (known !== -1) {
    if (run.steps[known + 1] !== told.stepNumber && run.steps[known + 1] !== 0) {
      report('step_number_changed', `${nameOf(told)} was step ${run.steps[known + 1] ?? 0} before`);
    }
    return known;
  }
  run.stepCount += 1;
  if (told.stepNumber !== run.stepCount) {
    report(
      'step_number_out_of_order',
      `${nameOf(told)} has number ${said(told.stepNumber)}; ${run.stepCount} was next`,
    );
  }
  run.steps.push(node, typeof told.stepNumber === 'number' ? told.stepNumber : run.stepCount, 0, WAITING);
  return run.steps.length - STEP_FIELDS;
}

function checkNextAttempt(run: OpenRun, at: number, told: Told, report: Report): void {
  const next = (run.steps[at + 2] ?? 0) + 1;
  if (told.attempt !== next) {
    report('attempt_out_of_order', `${nameOf(told)} has attempt ${said(told.attempt)}; ${next} was next`);
  }
}

function stand(run: OpenRun, at: number, told: Told, standing: number): void {
  if (typeof told.attempt === 'number') run.steps[at + 2] = told.attempt;
  run.steps[at + 3] = standing;
}

const NAME_LENGTH_MAX = 80;

function nameOf({ nodeId }: Told): string {
  return `node ${JSON.stringify(typeof nodeId === 'string' ? nodeId.slice(0, NAME_LENGTH_MAX) : nodeId)}`;
}

function said(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'none';
}
