// What is asked of the syntax tree of a CEL expression before it is type-checked.
import type { ASTNode } from '@marcbachmann/cel-js';
import { patternProblem } from './cel-match.js';
import { defectAt } from './defect.js';
import type { ExpressionDefect, NodeReference } from './scope.js';

const variables = new Set(['input', 'steps', 'run']);
const runFields = new Set(['id', 'startedAt', 'workflowId', 'version']);
const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const MACRO_NESTING_MAX = 4;

/** The syntax tree as the library leaves it: what `check` adds, and how macros hang on it, is not in its types. */
export interface CelNode {
  readonly op: string;
  readonly start: number;
  readonly end: number;
  args: unknown;
  handle?: (...args: never[]) => unknown;
  readonly meta: { readonly alternate?: CelNode; readonly macro?: object };
}

export interface PreparedCel {
  readonly references: readonly NodeReference[];
  /** Nothing but a path: the result is a piece of the scope. */
  readonly readsOnly: boolean;
}

/** The nodes directly below, as written; the variable of a macro is not one of them. */
export function childrenOf(node: CelNode): CelNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [(node.args as [CelNode])[0]];
    case 'call':
      return (node.args as [string, CelNode[]])[1];
    case 'rcall': {
      const [, receiver, args] = node.args as [string, CelNode, CelNode[]];
      return bindsVariable(node) ? [receiver, ...args.slice(1)] : [receiver, ...args];
    }
    case 'map':
      return (node.args as [CelNode, CelNode][]).flat();
    case '!_':
    case '-_':
      return [node.args as CelNode];
    default:
      return node.args as CelNode[];
  }
}

export function bindsVariable(node: CelNode): boolean {
  return node.op === 'rcall' && (node.meta.alternate !== undefined || node.meta.macro !== undefined);
}

/** Every node, parents first, with the number of loops around it. The parser bounds their number and depth. */
export function* nodesOf(node: CelNode, loopsAround = 0): Generator<readonly [CelNode, number]> {
  yield [node, loopsAround];
  const inside = loopsAround + (bindsVariable(node) && loops.has((node.args as [string])[0]) ? 1 : 0);
  for (const [index, child] of childrenOf(node).entries()) yield* nodesOf(child, index === 0 ? loopsAround : inside);
}

/** Finds what is read, refuses what must not be, and puts the linear `matches` in place of the library's. */
export function prepare(source: string, ast: ASTNode): PreparedCel | ExpressionDefect {
  const root = ast as unknown as CelNode;
  const references: NodeReference[] = [];
  let readsOnly = true;
  for (const [node, loopsAround] of nodesOf(root)) {
    const problem = problemOf(node, loopsAround);
    if (problem) return defectAt(source, problem.at.start, problem.message);
    const nodeId = keyRead(node, 'steps');
    if (nodeId !== undefined) references.push({ nodeId, text: source.slice(node.start, node.end) });
    readsOnly &&= ['.', '[]', 'id', 'value'].includes(node.op);
    if (node.op === 'rcall' && (node.args as unknown[])[0] === 'matches')
      (node.args as unknown[])[0] = 'matchesLinearly';
  }
  return { references, readsOnly: readsOnly && root.op !== 'value' };
}

interface Problem {
  readonly at: CelNode;
  readonly message: string;
}

function problemOf(node: CelNode, loopsAround: number): Problem | undefined {
  if (loopsAround > MACRO_NESTING_MAX)
    return { at: node, message: `loops are nested deeper than ${MACRO_NESTING_MAX}` };
  const field = keyRead(node, 'run');
  if (field !== undefined && !runFields.has(field)) {
    return { at: node, message: `run has no ${JSON.stringify(field)}, only ${[...runFields].join(', ')}` };
  }
  if (bindsVariable(node)) return shadowing(node);
  return patternOf(node);
}

function shadowing(node: CelNode): Problem | undefined {
  const name = (node.args as [string, CelNode, CelNode[]])[2][0];
  if (name === undefined || typeof name.args !== 'string' || !variables.has(name.args)) return undefined;
  return { at: name, message: `${name.args} is the name of a variable already` };
}

/** A pattern written in the expression is compiled on saving. */
function patternOf(node: CelNode): Problem | undefined {
  if (node.op !== 'rcall' && node.op !== 'call') return undefined;
  const args = node.args as unknown[];
  if (args[0] !== 'matches') return undefined;
  const pattern = (args.at(-1) as CelNode[]).at(-1);
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') return undefined;
  const message = patternProblem(pattern.args);
  return message === undefined ? undefined : { at: pattern, message };
}

/** The `x` of `name.x` or `name["x"]`. */
function keyRead(node: CelNode, name: string): string | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [object, key] = node.args as [CelNode, CelNode | string];
  if (object.op !== 'id' || object.args !== name) return undefined;
  if (typeof key === 'string') return key;
  return key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
}
