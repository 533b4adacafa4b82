// Conditions, mappings, transformations and templates: that they parse, and that they read only what can be there.
import type { ExpressionDefect, NodeReference, TransformationEnvironment } from '@app/expression';
import {
  compileCondition,
  compileInputMapping,
  compileOutputMapping,
  compileTemplate,
  compileTransforms,
  isDefect,
} from '@app/expression';
import type { Json, JsonObject } from '@app/kernel';
import type { WorkflowDefinition, WorkflowNode } from './definition.js';
import type { CheckPurpose, Finding } from './finding.js';
import { finding } from './finding.js';
import type { Adjacency } from './graph.js';
import { ancestorsOf, predecessors } from './graph.js';

interface Checked {
  readonly code: Finding['code'];
  readonly field: string;
  readonly outcome: Outcome;
  /** Nodes whose output may be read here. */
  readonly visible: () => ReadonlySet<string>;
}
type Outcome = { readonly references: readonly NodeReference[] } | ExpressionDefect | readonly ExpressionDefect[];

/** Both are read at evaluation only; nothing is evaluated here. */
const environment: TransformationEnvironment = {
  nowMs: () => 0,
  randomUuid: () => '00000000-0000-4000-8000-000000000000',
};

export function expressionFindings(definition: WorkflowDefinition, purpose: CheckPurpose): readonly Finding[] {
  const before = predecessors(definition);
  const unfinished = purpose === 'activation' ? unfinishedConditionals(definition) : [];
  const checked = [
    ...definition.nodes.flatMap((node, index) => nodeExpressions(node, `nodes[${index}].data`, before)),
    ...edgeExpressions(definition, before),
  ];
  return [...unfinished, ...checked.flatMap((one) => findingsOf(one, before, purpose))];
}

function unfinishedConditionals({ nodes, edges }: WorkflowDefinition): readonly Finding[] {
  return nodes.flatMap((node, index) => {
    if (node.type !== 'conditional') return [];
    return [
      ...(isBlank(node.data?.['condition'])
        ? [finding('FLK-0105', `nodes[${index}].data.condition`, 'must not be empty')]
        : []),
      ...(edges.some((edge) => edge.source === node.id)
        ? []
        : [finding('FLK-0105', `nodes[${index}]`, `the conditional "${node.id}" has no branch`)]),
    ];
  });
}

function nodeExpressions(node: WorkflowNode, at: string, before: Adjacency): readonly Checked[] {
  const data: JsonObject = node.data ?? {};
  const visible = () => ancestorsOf(before, node.id);
  switch (node.type) {
    case 'conditional':
      return isBlank(data['condition'])
        ? []
        : [{ code: 'FLK-0105', field: `${at}.condition`, outcome: condition(data['condition']), visible }];
    case 'executor':
      return [
        ...part('FLK-0140', 'inputMapping', (entries) => compileInputMapping(entries, environment)),
        ...part('FLK-0141', 'outputMapping', (entries) => compileOutputMapping(entries, environment)),
        ...part('FLK-0142', 'transforms', (operations) => compileTransforms(operations, environment)),
      ];
    case 'action':
      return part('FLK-0105', 'output', compileTemplate);
    default:
      return [];
  }

  function part(code: Finding['code'], key: string, compile: (value: Json) => Outcome): readonly Checked[] {
    const value = data[key];
    if (value === undefined || value === null) return [];
    return [{ code, field: `${at}.${key}`, outcome: compile(value), visible }];
  }
}

/** The condition of an edge that leaves a conditional is stored only: the handle decides there. */
function edgeExpressions({ nodes, edges }: WorkflowDefinition, before: Adjacency): readonly Checked[] {
  const conditionals = new Set(nodes.filter((node) => node.type === 'conditional').map((node) => node.id));
  return edges.flatMap((edge, index) => {
    if (isBlank(edge.condition) || conditionals.has(edge.source)) return [];
    const visible = () => new Set([edge.source, ...ancestorsOf(before, edge.source)]);
    return [{ code: 'FLK-0105', field: `edges[${index}].condition`, outcome: condition(edge.condition), visible }];
  });
}

function condition(value: Json | undefined): Outcome {
  return typeof value === 'string' ? compileCondition(value) : { defect: true, message: 'must be text' };
}

function isBlank(value: Json | undefined): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function findingsOf({ code, field, outcome, visible }: Checked, known: Adjacency, purpose: CheckPurpose): Finding[] {
  if (isDefects(outcome)) return outcome.map((defect) => finding(code, fieldOf(field, defect), textOf(defect)));
  if (isDefect(outcome)) return [finding(code, fieldOf(field, outcome), textOf(outcome))];
  const references = new Map(outcome.references.map((reference) => [reference.nodeId, reference.text]));
  const runBefore = purpose === 'activation' && references.size > 0 ? visible() : undefined;
  return [...references].flatMap(([nodeId, text]) => {
    if (!known.has(nodeId)) return [finding(code, field, `${text} refers to node "${nodeId}", which does not exist`)];
    if (!runBefore || runBefore.has(nodeId)) return [];
    return [finding(code, field, `${text} refers to node "${nodeId}", which cannot have run before`)];
  });
}

function isDefects(outcome: Outcome): outcome is readonly ExpressionDefect[] {
  return Array.isArray(outcome);
}

function fieldOf(field: string, { path }: ExpressionDefect): string {
  if (path === undefined || path === '') return field;
  return path.startsWith('[') ? `${field}${path}` : `${field}.${path}`;
}

function textOf({ message, line, column }: ExpressionDefect): string {
  return line === undefined || column === undefined ? message : `${message} (line ${line}, column ${column})`;
}
