// What the runner keeps of a run while it is under way: it never re-reads what it has just written.
import type { Actor, NewEvent, RequestContext } from '@app/kernel';
import { engineActor, streamName } from '@app/kernel';
import type { ProviderCall } from '@app/provider';
import type { CompiledDefinition, ExecutorStep } from './compiled-definition.js';
import type { RunCommand, RunDecision, StepResult } from './run-command.js';
import type { ExecutionState, RunState } from './execution-state.js';
import { readRun } from './run-reader.js';
import type { RunnerParts } from './runner-parts.js';

export interface Asker {
  readonly command: RunCommand;
  readonly context: RequestContext;
  readonly resolve: (state: RunState) => void;
  readonly reject: (reason: unknown) => void;
}

/** A decision on its way to the log. */
export interface PendingAppend {
  readonly batch: readonly NewEvent[];
  readonly expectedRevision: number;
  readonly decision: RunDecision;
  readonly claimed: readonly ExecutorStep[];
  /** What it settles: not settled when the append turns out to be void. */
  readonly results: readonly StepResult[];
}

export interface LiveRun {
  readonly id: string;
  readonly stream: string;
  readonly workflowId: string;
  readonly definition: CompiledDefinition;
  /** The engine acting for whoever started the run. */
  readonly engine: RequestContext;
  /** When somebody last asked something of it here, by the clock. */
  askedForMs: number;
  state: ExecutionState;
  /** -1 before the first append. */
  revision: number;
  /** The last revision that somebody is known to have written; above `revision`, the stream is read again. */
  heardOf: number;
  /** What is asked of providers now, by node. */
  readonly calls: Map<string, ProviderCall>;
  /** Ends all of them; made with the first call, anew after an abort. */
  abort: AbortController | undefined;
  results: StepResult[];
  askers: Asker[];
  /** Look at the run again: a slot is free or something is due. */
  look: boolean;
  /** A decision is being made or recorded; one at a time. */
  busy: boolean;
  /** The log did not take this; it is repeated identically at `stalledUntilMs`. */
  stalled?: PendingAppend;
  stalledUntilMs: number;
  /** Failures of the stores in a row; above 0 without `stalled`: not even the decision could be prepared. */
  stalledTimes: number;
  /** It waits in line for a slot: what is due waits with it. */
  inLine: boolean;
  /** Another server drives it: nothing but what somebody asks of it is decided here. */
  foreign: boolean;
  /** A bug met while deciding on it: it is left alone, for a person to look at. */
  faulted: boolean;
  readonly ended: ((state: RunState) => void)[];
}

export function engineContext(onBehalfOf: Actor, correlationId: string, causationId: string): RequestContext {
  return { actor: engineActor, onBehalfOf, channel: 'engine', correlationId, causationId };
}

export interface LiveRunOrigin {
  readonly id: string;
  readonly workflowId: string;
  readonly definition: CompiledDefinition;
  readonly engine: RequestContext;
  readonly askedForMs: number;
  readonly state?: RunState;
  readonly revision?: number;
}

export function liveRun(origin: LiveRunOrigin): LiveRun {
  const { id, workflowId, definition, engine, askedForMs, state, revision } = origin;
  return {
    id,
    stream: streamName('execution', id),
    workflowId,
    definition,
    engine,
    askedForMs,
    state: state ?? null,
    revision: revision ?? -1,
    heardOf: -1,
    calls: new Map(),
    abort: undefined,
    results: [],
    askers: [],
    look: false,
    busy: false,
    stalledUntilMs: 0,
    stalledTimes: 0,
    inLine: false,
    foreign: false,
    faulted: false,
    ended: [],
  };
}

/** A run as its stream tells it, ready to be driven; undefined when there is none, or it stands otherwise. */
export async function readLiveRun(
  id: string,
  { events, blobs, clock, definitionOf }: Pick<RunnerParts, 'events' | 'blobs' | 'clock' | 'definitionOf'>,
  onlyWhen?: RunState['status'],
): Promise<LiveRun | undefined> {
  const askedForMs = clock.nowMs();
  const read = await readRun(events, blobs, id);
  if (!read || (onlyWhen !== undefined && read.state.status !== onlyWhen)) return undefined;
  const { state, revision } = read;
  const { workflowId, workflowVersion } = state;
  const definition = await definitionOf(workflowId, workflowVersion);
  const engine = engineContext(read.startedBy, read.correlationId, read.startEventId);
  return liveRun({ id, workflowId, definition, engine, askedForMs, state, revision });
}

/** When the run wants to be looked at again without anything happening, in milliseconds of the clock. */
export function nextDueMs(run: LiveRun): number {
  if (run.faulted || run.foreign) return Infinity;
  if (run.stalled || run.stalledTimes > 0) return run.stalledUntilMs;
  const state = run.state;
  if (state?.status !== 'running') return Infinity;
  let due = Date.parse(state.deadlineAt);
  if (run.inLine) return due;
  for (const step of Object.values(state.steps)) {
    // After a failed step nothing is claimed any more: a retry that is due would be looked at again and again.
    if (step.status === 'failed') return Date.parse(state.deadlineAt);
    if (step.status === 'waiting' && step.retryAt !== undefined) due = Math.min(due, Date.parse(step.retryAt));
  }
  return due;
}
