// Frozen versions, compiled once and kept for all their runs.
import type { TransformationEnvironment } from '@app/expression';
import { AggregateStore, RecentMap } from '@app/event-store';
import { versionOf, workflow } from '@app/workflow';
import type { CompiledDefinition, StepDefaults } from './compiled-definition.js';
import { compileDefinition } from './compiled-definition.js';

const KEPT = 1_000;

export class DefinitionSource {
  private readonly compiled = new RecentMap<string, CompiledDefinition>(KEPT);

  constructor(
    private readonly aggregates: AggregateStore,
    private readonly environment: TransformationEnvironment,
    private readonly defaults: StepDefaults,
  ) {}

  /** Throws when the workflow has no such version: a run is pinned to one, so that would be a damaged log. */
  async definitionOf(workflowId: string, version: number): Promise<CompiledDefinition> {
    const key = `${workflowId}/${version}`;
    const known = this.compiled.get(key);
    if (known) return known;
    const { state } = await this.aggregates.load(workflow, workflowId);
    const frozen = versionOf(state, version);
    if (!frozen) throw new Error(`workflow ${workflowId} has no version ${version}`);
    const compiled = compileDefinition(frozen.definition, this.environment, this.defaults);
    this.compiled.set(key, compiled);
    return compiled;
  }
}
