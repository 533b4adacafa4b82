// One frozen version, made ready to run: graph, expressions and policies, compiled once and shared by all its runs.
import type {
  CompiledCondition,
  CompiledInput,
  CompiledOutput,
  CompiledTemplate,
  TransformationEnvironment,
} from '@app/expression';
import { compileCondition, compileNodeInput, compileNodeOutput, compileTemplate, isDefect } from '@app/expression';
import type { Json, JsonObject } from '@app/kernel';
import type { WorkflowDefinition, WorkflowNode, WorkflowSettings } from '@app/workflow';
import { effectOf, retryPolicyOf, type RetryPolicy } from './retry-policy.js';
import type { RunGraph } from './run-graph.js';
import { runGraphOf } from './run-graph.js';
import type { StepEffect } from './execution-state.js';

export interface ExecutorStep {
  readonly kind: 'executor';
  readonly node: WorkflowNode;
  readonly data: JsonObject;
  readonly executorId: string;
  readonly providerConfigId: string;
  readonly input: CompiledInput;
  readonly output: CompiledOutput;
  readonly effect: StepEffect;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
}

export interface ConditionalStep {
  readonly kind: 'conditional';
  readonly node: WorkflowNode;
  readonly text: string;
  readonly condition: CompiledCondition;
}

export interface ActionStep {
  readonly kind: 'action';
  readonly node: WorkflowNode;
  readonly output: CompiledTemplate;
}

/** Triggers and nodes of unknown types: walked through without a step. */
export interface PassStep {
  readonly kind: 'pass';
  readonly node: WorkflowNode;
}

export type CompiledStep = ExecutorStep | ConditionalStep | ActionStep | PassStep;

export interface CompiledDefinition {
  readonly graph: RunGraph;
  readonly settings: WorkflowSettings;
  readonly steps: ReadonlyMap<string, CompiledStep>;
  /** By edge id, where an edge of a node other than a conditional carries one. */
  readonly edgeConditions: ReadonlyMap<string, CompiledCondition>;
  /** Nodes other than triggers. */
  readonly totalSteps: number;
}

export interface StepDefaults {
  readonly stepTimeoutMs: number;
}

/** Throws when the definition does not compile: activation has checked it, so that would be a bug. */
export function compileDefinition(
  definition: WorkflowDefinition,
  environment: TransformationEnvironment,
  defaults: StepDefaults,
): CompiledDefinition {
  const settings = definition.settings ?? {};
  const stepTimeoutMs = settings.stepTimeoutSeconds ? settings.stepTimeoutSeconds * 1000 : defaults.stepTimeoutMs;
  const steps = new Map(
    definition.nodes.map((node) => [node.id, compileStep(node, environment, stepTimeoutMs)] as const),
  );
  const edgeConditions = new Map<string, CompiledCondition>();
  for (const edge of definition.edges) {
    if (edge.condition === undefined || edge.condition.trim() === '') continue;
    if (steps.get(edge.source)?.kind === 'conditional') continue;
    edgeConditions.set(edge.id, compiled(compileCondition(edge.condition), edge.id));
  }
  return {
    graph: runGraphOf(definition),
    settings,
    steps,
    edgeConditions,
    totalSteps: definition.nodes.filter((node) => node.type !== 'trigger').length,
  };
}

function compileStep(node: WorkflowNode, environment: TransformationEnvironment, stepTimeoutMs: number): CompiledStep {
  const data: JsonObject = node.data ?? {};
  switch (node.type) {
    case 'executor':
      return {
        kind: 'executor',
        node,
        data,
        executorId: textOf(data['executorId']),
        providerConfigId: textOf(data['providerConfigId']),
        input: compiled(compileNodeInput(data, environment), node.id),
        output: compiled(compileNodeOutput(data, environment), node.id),
        effect: effectOf(data),
        retry: retryPolicyOf(data['retry']),
        timeoutMs: typeof data['timeout'] === 'number' ? data['timeout'] * 1000 : stepTimeoutMs,
      };
    case 'conditional': {
      const text = textOf(data['condition']);
      return { kind: 'conditional', node, text, condition: compiled(compileCondition(text), node.id) };
    }
    case 'action':
      return { kind: 'action', node, output: compiled(compileTemplate(data['output'] ?? null), node.id) };
    default:
      return { kind: 'pass', node };
  }
}

function compiled<T extends object>(outcome: T, where: string): Exclude<T, { defect: true } | readonly unknown[]> {
  const defects: readonly unknown[] = Array.isArray(outcome) ? outcome : isDefect(outcome) ? [outcome] : [];
  if (Array.isArray(outcome) || defects.length > 0) {
    throw new Error(`"${where}" does not compile: ${JSON.stringify(defects)}`);
  }
  return outcome as Exclude<T, { defect: true } | readonly unknown[]>;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
