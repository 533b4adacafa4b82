import type { Json, JsonObject } from '@app/kernel';
import { compileCel } from './cel.js';
import type { ComparisonOperator, Condition, Operand, Term } from './condition-parser.js';
import { parseCondition } from './condition-parser.js';
import { defectAt } from './defect.js';
import { goText, parseGoFloat } from './go-text.js';
import type { CompiledCondition, Evaluated, EvaluationScope, ExpressionDefect, NodeReference } from './scope.js';
import { isDefect } from './scope.js';

/** A condition as written in a node or on an edge: the legacy grammar, or CEL behind a leading `=`. Never throws. */
export function compileCondition(text: string): CompiledCondition | ExpressionDefect {
  if (text.trimStart().startsWith('=')) return celCondition(text);
  const condition = parseCondition(text);
  if (isDefect(condition)) return condition;
  const parts = condition.map((terms) => terms.map(compileTerm));
  return {
    references: referencesOf(condition),
    evaluate: (scope) => {
      try {
        return evaluateParts(parts, scope.context);
      } catch {
        return { ok: false, message: 'the values compared are nested too deeply' };
      }
    },
  };
}

function celCondition(text: string): CompiledCondition | ExpressionDefect {
  const cel = compileCel(text);
  if (isDefect(cel)) return cel;
  if (cel.type !== 'bool' && cel.type !== 'dyn') {
    return defectAt(text, text.indexOf('='), `a condition yields true or false, this expression yields ${cel.type}`);
  }
  return {
    references: cel.references,
    evaluate: (scope: EvaluationScope): Evaluated<boolean> => {
      const found = cel.evaluate(scope);
      if (!found.ok || typeof found.value === 'boolean') return found as Evaluated<boolean>;
      return { ok: false, message: `a condition yields true or false, this one yielded ${kindOf(found.value)}` };
    },
  };
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

function referencesOf(condition: Condition): NodeReference[] {
  const references: NodeReference[] = [];
  const add = (operand: Operand): void => {
    if (operand.kind === 'literal') return;
    const nodeId = operand.segments[0] ?? '';
    if (nodeId !== 'workflow' && nodeId !== 'output') references.push({ nodeId, text: operand.text });
  };
  for (const term of condition.flat()) {
    if (term.kind === 'value') add(term.operand);
    else [term.left, term.right].forEach(add);
  }
  return references;
}

/** True, false, or why it cannot be decided. */
type Verdict = boolean | Failure;
interface Failure {
  readonly failure: string;
}
type CompiledTerm = (context: JsonObject) => Verdict;

/** From left to right: the first part that is true ends it, so it hides what is wrong after it and nothing before it. */
function evaluateParts(parts: readonly (readonly CompiledTerm[])[], context: JsonObject): Evaluated<boolean> {
  for (const terms of parts) {
    let verdict: Verdict = true;
    for (const term of terms) {
      verdict = term(context);
      if (verdict !== true) break;
    }
    if (verdict === true) return { ok: true, value: true };
    if (verdict !== false) return { ok: false, message: verdict.failure };
  }
  return { ok: true, value: false };
}

function compileTerm(term: Term): CompiledTerm {
  if (term.kind === 'value') {
    const { operand } = term;
    return (context) => {
      const value = resolve(operand, context);
      return value === undefined ? missing(operand) : isTruthy(value);
    };
  }
  const { operator, left, right } = term;
  const leftNumber = literalNumber(left);
  const rightNumber = literalNumber(right);
  return (context) => {
    const leftValue = resolve(left, context);
    if (leftValue === undefined) return missing(left);
    const rightValue = resolve(right, context);
    if (rightValue === undefined) return missing(right);
    const a = left.kind === 'literal' ? leftNumber : numberOf(leftValue);
    const b = right.kind === 'literal' ? rightNumber : numberOf(rightValue);
    if (a !== undefined && b !== undefined) return compareNumbers(operator, a, b);
    if (operator === '==' || operator === '!=')
      return (textOf(leftValue) === textOf(rightValue)) === (operator === '==');
    return { failure: `${operator} compares numbers, and ${nameOf(a === undefined ? left : right)} is none` };
  };
}

function literalNumber(operand: Operand): number | undefined {
  return operand.kind === 'literal' ? numberOf(operand.value) : undefined;
}

function numberOf(value: Json): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? parseGoFloat(value) : undefined;
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : goText(value);
}

function compareNumbers(operator: ComparisonOperator, a: number, b: number): boolean {
  switch (operator) {
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '>':
      return a > b;
    case '<':
      return a < b;
  }
}

function isTruthy(value: Json): boolean {
  if (typeof value === 'string') return value !== '' && value.toLowerCase() !== 'false';
  if (typeof value === 'number') return value !== 0;
  return typeof value === 'boolean' ? value : value !== null;
}

/** Through nested objects only: elements of lists have no path in this grammar. */
function resolve(operand: Operand, context: JsonObject): Json | undefined {
  if (operand.kind === 'literal') return operand.value;
  let value: Json = context;
  for (const segment of operand.segments) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const next: Json | undefined = Object.hasOwn(value, segment) ? value[segment] : undefined;
    if (next === undefined) return undefined;
    value = next;
  }
  return value;
}

function missing(operand: Operand): Failure {
  return { failure: `field not found: ${nameOf(operand)}` };
}

function nameOf(operand: Operand): string {
  return operand.kind === 'path' ? operand.text : JSON.stringify(operand.value);
}
