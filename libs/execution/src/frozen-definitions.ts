// The definitions that a run's events name by their hash, as the bytes that the hash is of.
import { canonicalJson, sha256Hex, streamName } from '@app/kernel';
import type { AggregateStore, EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { definitionOf, versionOf, workflow } from '@app/workflow';
import type { ExecutionEvent } from './execution-events.js';

type Started = Extract<ExecutionEvent, { type: 'ExecutionStarted' }>;

export class FrozenDefinitions {
  constructor(
    private readonly events: EventStore,
    private readonly aggregates: AggregateStore,
  ) {}

  /** None when there is no such run, or when its workflow does not hold what its first event names: nobody may be told otherwise. */
  async ofRun(id: string): Promise<readonly Uint8Array[]> {
    const started = await this.started(id);
    if (!started) return [];
    const { workflowId, workflowVersion, definitionHash } = started.data;
    const { state } = await this.aggregates.load(workflow, workflowId);
    const frozen = versionOf(state, workflowVersion);
    const json = frozen && canonicalJson(definitionOf(frozen.definition));
    return json !== undefined && sha256Hex(json) === definitionHash ? [new TextEncoder().encode(json)] : [];
  }

  private async started(id: string): Promise<Started | undefined> {
    try {
      for await (const event of this.events.readStream(streamName('execution', id), { limit: 1 })) {
        return event.type === 'ExecutionStarted' ? (event as unknown as Started) : undefined;
      }
    } catch (error) {
      if (!isStoreError(error, 'StreamNotFound')) throw error;
    }
    return undefined;
  }
}
