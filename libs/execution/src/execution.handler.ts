import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Json } from '@app/kernel';
import { accepted, Clock, deterministicId, fingerprint, IdSource, jsonDefect, refuse, RefusalError } from '@app/kernel';
import { AggregateStore, BlobStore, EventStore, isStoreError } from '@app/event-store';
import { activeVersionOf, isLiving, workflow, type WorkflowDefinition, type WorkflowVersion } from '@app/workflow';
import { DefinitionSource } from './definition-source.js';
import { CancelExecution, RetryExecution, StartExecution, type StartedRun } from './execution.messages.js';
import type { RunState } from './execution-state.js';
import { CONTENT_DEPTH_MAX } from './run-command.js';
import { readRun } from './run-reader.js';
import { Runner } from './runner.worker.js';

/** How long a run may take unless its workflow says otherwise. */
export abstract class RunDefaults {
  abstract readonly runTimeoutMs: number;
}

interface StartFacts {
  readonly requestHash: string;
  readonly version: WorkflowVersion;
  /** Of the workflow. */
  readonly name: string;
  readonly askedForMs: number;
}

@CommandHandler(StartExecution)
export class StartExecutionHandler implements ICommandHandler<StartExecution, StartedRun> {
  constructor(
    private readonly aggregates: AggregateStore,
    private readonly events: EventStore,
    private readonly blobs: BlobStore,
    private readonly ids: IdSource,
    private readonly runner: Runner,
    private readonly definitions: DefinitionSource,
    private readonly defaults: RunDefaults,
    private readonly clock: Clock,
  ) {}

  async execute({ request, context }: StartExecution): Promise<StartedRun> {
    const askedForMs = this.clock.nowMs();
    const { workflowId, idempotencyKey: key } = request;
    refuseUnrecordable(request.input);
    const requestHash = fingerprint(request.body);
    const runId = key === undefined ? this.ids.next() : deterministicId(workflowId, key);
    const { state } = await this.aggregates.load(workflow, workflowId);
    const version = activeVersionOf(state);
    if (!version) {
      const known = key === undefined ? undefined : await this.replay(runId, requestHash);
      if (known) return known;
      throw new RefusalError(
        isLiving(state)
          ? refuse('state', 'FLK-0501', `the workflow is not active, but ${state.status}`)
          : refuse('not_found', 'FLK-0100', 'workflow not found'),
      );
    }
    const name = state.status === 'active' ? state.content.name : '';
    try {
      const begun = await this.begin(runId, { request, context }, { requestHash, version, name, askedForMs });
      return { executionId: runId, state: await this.awaited(runId, begun, request.waitMs), replayed: false };
    } catch (error) {
      if (!isStoreError(error, 'WrongExpectedRevision')) throw error;
    }
    const known = await this.replay(runId, requestHash);
    if (!known) throw new Error(`run ${runId} exists and cannot be read`);
    return { ...known, state: await this.awaited(runId, known.state, request.waitMs) };
  }

  private async begin(
    runId: string,
    { request, context }: StartExecution,
    { requestHash, version: active, name: workflowName, askedForMs }: StartFacts,
  ): Promise<RunState> {
    const { workflowId, trigger: kind, idempotencyKey, input } = request;
    const { version, definitionHash, definition } = active;
    const compiled = await this.definitions.definitionOf(workflowId, version);
    const seconds = definition.settings?.runTimeoutSeconds;
    const trigger = {
      kind,
      nodeId: request.nodeId ?? firstTrigger(definition),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
    const runTimeoutMs = seconds === undefined ? this.defaults.runTimeoutMs : seconds * 1000;
    const facts = { workflowId, workflowName, workflowVersion: version, definitionHash };
    return this.runner.start(
      runId,
      { kind: 'StartRun', ...facts, trigger, input, requestHash, runTimeoutMs },
      compiled,
      context,
      askedForMs,
    );
  }

  private async replay(runId: string, requestHash: string): Promise<StartedRun | undefined> {
    const read = await readRun(this.events, this.blobs, runId);
    if (!read) return undefined;
    if (read.state.requestHash !== requestHash) {
      throw new RefusalError(
        refuse('conflict', 'FLK-0505', 'this Idempotency-Key was used for another request body', [
          { field: 'Idempotency-Key', message: 'must be new for a new body' },
        ]),
      );
    }
    return { executionId: runId, state: read.state, replayed: true };
  }

  private async awaited(runId: string, state: RunState, waitMs: number): Promise<RunState> {
    if (waitMs === 0 || state.status !== 'running') return state;
    const ended = await this.runner.whenEnded(runId, waitMs);
    return (
      ended ?? this.runner.stateOf(runId)?.state ?? (await readRun(this.events, this.blobs, runId))?.state ?? state
    );
  }
}

/** Where a run begins that no particular trigger was called for. */
function firstTrigger(definition: WorkflowDefinition): string {
  const trigger = definition.nodes.find((node) => node.type === 'trigger');
  if (!trigger) throw new Error('an active version has a trigger');
  return trigger.id;
}

function refuseUnrecordable(input: Json): void {
  const defect = jsonDefect(input, CONTENT_DEPTH_MAX);
  if (!defect) return;
  const field = defect.path === '' ? 'inputData' : `inputData.${defect.path}`;
  accepted(refuse('invalid', 'FLK-0001', `${field} ${defect.problem}`, [{ field, message: defect.problem }]));
}

@CommandHandler(CancelExecution)
export class CancelExecutionHandler implements ICommandHandler<CancelExecution, RunState> {
  constructor(private readonly runner: Runner) {}

  execute({ executionId, reason, context }: CancelExecution): Promise<RunState> {
    return this.runner.command(
      executionId,
      { kind: 'CancelRun', ...(reason === undefined ? {} : { reason }) },
      reason === undefined ? context : { ...context, reason },
    );
  }
}

@CommandHandler(RetryExecution)
export class RetryExecutionHandler implements ICommandHandler<RetryExecution, RunState> {
  constructor(
    private readonly runner: Runner,
    private readonly defaults: RunDefaults,
  ) {}

  execute({ executionId, context }: RetryExecution): Promise<RunState> {
    return this.runner.command(executionId, { kind: 'RetryRun', runTimeoutMs: this.defaults.runTimeoutMs }, context);
  }
}
