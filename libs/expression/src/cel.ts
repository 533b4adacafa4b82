// CEL, the Common Expression Language, behind a leading `=`: what the frozen condition language cannot say.
//
// Numbers. JSON has one kind of number, CEL has int and double. Here every number that comes from JSON is a double;
// `3`, `size(x)` and the like are ints. All arithmetic (+ - * / %), comparison and `in` take any mixture: a mixture is
// computed as double, two ints as int. So `input.amount * 2 == 10`, `input.rate * size(input.items)` and
// `input.count % 2 == 0` work for 5 as for 2.5, `input.count / 2` of 5 is 2.5, and only `5 / 2`, of two written ints, is 2.
// A list index may be a double without fraction. Results turn back into JSON: an int must lie within +-(2^53 - 1), a
// double must be finite, a timestamp becomes RFC 3339 text, a duration text such as `90s`; bytes and types are refused.
//
// Equality is that of JSON and never fails: values of different kinds are unequal, `input.x == null` asks what it says.
// The branches of `a ? b : c` and the elements of a list may be of different kinds.
//
// Bounds. Source, syntax tree, nesting of macros and cost are bounded (see `cel-budget.ts`); `matches` runs in linear time.
import type { ASTNode } from '@marcbachmann/cel-js';
import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { Json, JsonObject } from '@app/kernel';
import { prepare } from './cel-tree.js';
import { isWithinBudget, OVER_BUDGET, startBudget } from './cel-budget.js';
import { installMeter } from './cel-meter.js';
import { jsonOf } from './cel-result.js';
import { matchesLinearly } from './cel-match.js';
import { defectAt, excerpt } from './defect.js';
import type { Compiled, Evaluated, EvaluationScope, ExpressionDefect } from './scope.js';
import { isDefect } from './scope.js';

/** Characters. */
export const EXPRESSION_LENGTH_MAX = 2_000;
const NODES_MAX = 500;
const NESTING_MAX = 32;

export interface CompiledCel<In = EvaluationScope> extends Compiled<In, Json> {
  /** What the expression yields, as CEL names it; `dyn` when only the run can tell. */
  readonly type: string;
}

/** A CEL expression with its leading `=`. Never throws. */
export function compileExpression(source: string): Compiled<EvaluationScope, Json> | ExpressionDefect {
  return compileCel(source);
}

/** A CEL expression over a provider's answer: `status`, `status_text`, `url`, `headers`, `body`. Never throws. */
export function compileAnswerExpression(source: string): Compiled<JsonObject, Json> | ExpressionDefect {
  return compileCel<JsonObject>(source, answerEnvironment);
}

export function compileCel<In extends object = EvaluationScope>(
  source: string,
  environment = runEnvironment,
): CompiledCel<In> | ExpressionDefect {
  if (source.length > EXPRESSION_LENGTH_MAX) {
    return defectAt(source, 0, `the expression is longer than ${EXPRESSION_LENGTH_MAX} characters`);
  }
  // A blank in place of the sign keeps every position true.
  const text = source.replace('=', ' ');
  if (text.trim() === '') return defectAt(source, source.length, 'the expression is empty');
  try {
    return compileText<In>(source, text, environment);
  } catch (error) {
    return defectOf(source, error);
  }
}

function compileText<In extends object>(
  source: string,
  text: string,
  environment: Environment,
): CompiledCel<In> | ExpressionDefect {
  const program = environment.parse(text);
  const prepared = prepare(source, program.ast);
  if (isDefect(prepared)) return prepared;
  const type = checkedType(program);
  if (type instanceof Error) return defectOf(source, type);
  installMeter(program.ast);
  return { type, references: prepared.references, evaluate: evaluator(program, prepared.readsOnly) };
}

type Program = ReturnType<Environment['parse']>;

function evaluator(program: Program, readsOnly: boolean): (scope: object) => Evaluated<Json> {
  return (scope) => {
    // An expression may swallow errors by the thousand; without stack traces each costs little.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      startBudget();
      const value: unknown = program(scope);
      // A bare path yields a piece of the scope, which is JSON already.
      const json = readsOnly ? (value as Json) : jsonOf(value);
      return isWithinBudget() ? { ok: true, value: json } : { ok: false, message: OVER_BUDGET };
    } catch (error) {
      return { ok: false, message: isWithinBudget() ? messageOf(error) : OVER_BUDGET };
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}

/** The type of the whole, letting the branches of a ternary differ: the library asks for `dyn(...)` around them. */
function checkedType(program: Program): string | Error {
  for (let round = 0; round <= NODES_MAX; round += 1) {
    const result = program.check();
    if (result.valid) return result.type ?? 'dyn';
    const { error } = result;
    const branch = error?.code === 'incompatible_ternary_branches' ? (error.node as ASTNode | undefined) : undefined;
    if (error === undefined || branch?.op !== '?:') return error ?? new Error('the expression has no type');
    branch.args[1] = dynamic(branch.args[1]);
  }
  return new Error('the expression has no type');
}

/** `dyn(node)`, made by borrowing the call of a parsed `dyn(0)`. */
function dynamic(node: ASTNode): ASTNode {
  const call = runEnvironment.parse('dyn(0)').ast;
  if (call.op === 'call') call.args[1][0] = node;
  return call;
}

function defectOf(source: string, error: unknown): ExpressionDefect {
  const offset = isCelError(error) ? (error.range?.start ?? 0) : 0;
  return defectAt(source, offset, messageOf(error));
}

function isCelError(error: unknown): error is ParseError | EvaluationError | CelTypeError {
  return error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError;
}

function messageOf(error: unknown): string {
  if (isCelError(error))
    return excerpt(error.summary.replaceAll('matchesLinearly', 'matches')) || 'cannot be evaluated';
  if (error instanceof RangeError && error.message.includes('call stack')) return 'the values are nested too deeply';
  return error instanceof Error ? excerpt(error.message) : 'cannot be evaluated';
}

const runEnvironment = newEnvironment()
  .registerVariable('input', 'dyn')
  .registerVariable('steps', 'map<string, dyn>')
  .registerVariable('run', 'map<string, dyn>');
const answerEnvironment = newEnvironment();
for (const name of ['status', 'status_text', 'url', 'headers', 'body']) answerEnvironment.registerVariable(name, 'dyn');

function newEnvironment(): Environment {
  const created = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: NODES_MAX, maxDepth: NESTING_MAX },
  });
  created
    .registerFunction('string.matchesLinearly(string): bool', matchesLinearly, { async: false })
    .registerFunction('matches(string, string): bool', matchesLinearly, { async: false });
  const arithmetic: Record<string, (a: number | bigint, b: number | bigint) => number> = {
    '+': (a, b) => Number(a) + Number(b),
    '-': (a, b) => Number(a) - Number(b),
    '*': (a, b) => Number(a) * Number(b),
    '/': (a, b) => Number(a) / Number(b),
    '%': (a, b) => Number(a) % Number(b),
  };
  for (const [operator, compute] of Object.entries(arithmetic)) {
    created.registerOperator(`int ${operator} double: double`, compute);
    created.registerOperator(`double ${operator} int: double`, compute);
  }
  created.registerOperator('double % double: double', (a: number, b: number) => a % b);
  created.registerOperator('int == double', (a: bigint, b: number) => Number(a) === b);
  return created;
}
