// Definitions for specs, compiled by hand: what a mapping or a condition yields is given, not computed.
import type { Json, JsonObject } from '@app/kernel';
import type { Evaluated, EvaluationScope } from '@app/expression';
import type { WorkflowEdge, WorkflowNode } from '@app/workflow';
import type { CompiledDefinition, CompiledStep, ExecutorStep } from './compiled-definition.js';
import { defaultRetryPolicy } from './retry-policy.js';
import type { RunCommand, Situation } from './run-command.js';
import { runGraphOf } from './run-graph.js';

const value = <T>(given: T): Evaluated<T> => ({ ok: true, value: given });

export function node(id: string, type: string): WorkflowNode {
  return { id, type, position: { x: 0, y: 0 } };
}

export function edge(source: string, target: string, sourceHandle?: string): WorkflowEdge {
  return { id: `${source}>${target}`, source, target, ...(sourceHandle === undefined ? {} : { sourceHandle }) };
}

export function executor(id: string, about: Partial<ExecutorStep> = {}): ExecutorStep {
  return {
    kind: 'executor',
    node: node(id, 'executor'),
    data: {},
    executorId: 'http.request',
    providerConfigId: 'provider',
    input: { references: [], evaluate: (scope: EvaluationScope) => value(scope.input) },
    output: { references: [], evaluate: (envelope: JsonObject) => value<Json>(envelope['body'] ?? null) },
    effect: 'at_least_once',
    retry: { ...defaultRetryPolicy, initialDelayMs: 100, maxDelayMs: 400 },
    timeoutMs: 1_000,
    ...about,
  };
}

export function conditional(id: string, decide: (scope: EvaluationScope) => boolean): CompiledStep {
  return {
    kind: 'conditional',
    node: node(id, 'conditional'),
    text: 'given',
    condition: { references: [], evaluate: (scope) => value(decide(scope)) },
  };
}

export function setOutput(id: string, output: Json): CompiledStep {
  return {
    kind: 'action',
    node: { ...node(id, 'action'), data: { actionType: 'set_output', output } },
    output: { references: [], evaluate: () => value(output) },
  };
}

/** The first step given is behind the trigger `in`, unless edges say otherwise. */
export function definitionOf(steps: readonly CompiledStep[], edges: readonly WorkflowEdge[]): CompiledDefinition {
  const all: CompiledStep[] = [{ kind: 'pass', node: node('in', 'trigger') }, ...steps];
  return {
    graph: runGraphOf({ nodes: all.map((step) => step.node), edges: [...edges] }),
    settings: {},
    steps: new Map(all.map((step) => [step.node.id, step])),
    edgeConditions: new Map(),
    totalSteps: steps.length,
  };
}

export const START_MS = Date.parse('2026-05-02T13:05:00.000Z');

export function situation(definition: CompiledDefinition, about: Partial<Situation> = {}): Situation {
  return { runId: 'run', definition, nowMs: START_MS, server: undefined, random: 0.5, claim: () => true, ...about };
}

export function startCommand(input: Json = { amount: 5 }): Extract<RunCommand, { kind: 'StartRun' }> {
  return {
    kind: 'StartRun',
    workflowId: 'w',
    workflowName: 'Screening',
    workflowVersion: 1,
    definitionHash: 'hash',
    trigger: { kind: 'rest', nodeId: 'in' },
    input,
    requestHash: 'request',
    runTimeoutMs: 60_000,
  };
}
