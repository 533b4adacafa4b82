import * as fc from 'fast-check';
import type { Json } from '@app/kernel';
import { compileAnswerExpression, compileExpression, EXPRESSION_LENGTH_MAX } from './cel.js';
import type { EvaluationScope } from './scope.js';
import { isDefect } from './scope.js';

const scope: EvaluationScope = {
  context: {},
  input: {
    amount: 5,
    rate: 2.5,
    items: [1, 2, 3],
    name: 'Ada',
    nothing: null,
    customer: { age: 40 },
    first: 0,
    long: 'a'.repeat(30_000),
    many: Array.from({ length: 2_000 }, (_, index) => index),
  },
  steps: { 'kyc-executor': { result: { riskScore: 40 } } },
  run: { id: 'r1', startedAt: '2026-01-01T00:00:00Z', workflowId: 'w1', version: 3 },
};

function value(source: string): Json | { failed: string } {
  const expression = compileExpression(source);
  if (isDefect(expression)) throw new Error(`${source}: ${expression.message}`);
  const found = expression.evaluate(scope);
  return found.ok ? found.value : { failed: found.message };
}

describe('a CEL expression', () => {
  it.each<[string, Json]>([
    ['= input.amount > 3', true],
    ['= size(input.items) > 2', true],
    ['= input.amount * 2 == 10', true],
    ['= input.rate * 2 == 5', true],
    ['= input.rate * size(input.items)', 7.5],
    ['= 1 + 1.5', 2.5],
    ['= 2 * 3', 6],
    ['= 5 / 2', 2],
    ['= input.amount / 2', 2.5],
    ['= input.amount % 2 == 1', true],
    ['= -input.amount', -5],
    ['= input.items[input.first]', 1],
    ['= input.amount in [1, 5]', true],
    ['= 2 in input.items', true],
    ['= "age" in input.customer', true],
    ['= input.items == [1, 2, 3]', true],
    ['= input.customer == {"age": 40}', true],
    ['= input.name == 5', false],
    ['= input.name == null', false],
    ['= input.nothing == null', true],
    ['= input.customer != null', true],
    ['= steps["kyc-executor"].result.riskScore < 50', true],
    ['= run.version == 3 && run.id == "r1"', true],
    ['= input.amount > 3 ? "high" : null', 'high'],
    ['= input.amount > 9 ? 1 : 2.5', 2.5],
    ['= [1, 2.5, "a", null]', [1, 2.5, 'a', null]],
    ['= {"age": input.customer.age + 1, "list": [size(input.items)]}', { age: 41, list: [3] }],
    ['= input.items.map(x, x * 2)', [2, 4, 6]],
    ['= input.items.filter(x, x > 1).size()', 2],
    ['= input.items.exists(x, x == 2)', true],
    ['= cel.bind(a, input.amount, a + a)', 10],
    ['= has(input.missing) ? input.missing : 0', 0],
    ['= has(steps.aml)', false],
    ['= "Total: " + string(input.rate)', 'Total: 2.5'],
    ['= timestamp(run.startedAt) + duration("90s")', '2026-01-01T00:01:30.000Z'],
    ['= duration("90s")', '90s'],
    ['= input.name.matches("^A.a$")', true],
    ['= matches(input.name, "d")', true],
    ['= input', scope.input],
  ])('%s', (source, expected) => {
    expect(value(source)).toEqual(expected);
  });

  it.each<[string, RegExp]>([
    ['= input.missing', /No such key: missing/],
    ['= input.__proto__', /No such key: __proto__/],
    ['= input["constructor"]', /No such key: constructor/],
    ['= steps.toString', /No such key: toString/],
    ['= input.amount > "3"', /no such overload/],
    ['= 9007199254740993', /beyond 2\^53/],
    ['= input.amount / 0', /no JSON number/],
    ['= 1 / 0', /division by zero/],
    ['= type(1)', /no JSON form/],
    ['= b"abc"', /no JSON form/],
    ['= "a😀".substring(1, 2)', /half a character/],
    ['= input.name.matches(input.name + "(")', /pattern cannot be compiled/],
  ])('%s fails with a reason', (source, message) => {
    expect(value(source)).toEqual({ failed: expect.stringMatching(message) });
  });

  it.each<[string, number, number, RegExp]>([
    ['=', 1, 2, /empty/],
    ['=   ', 1, 5, /empty/],
    ['= 1 +', 1, 6, /Unexpected token/],
    ['= input.', 1, 9, /Expected IDENTIFIER/],
    ['= true &&\n  foo', 2, 3, /Unknown variable: foo/],
    ['= "a" + 1', 1, 3, /no such overload/],
    ['= size(1)', 1, 3, /no matching overload for 'size\(int\)'/],
    ['= run.name', 1, 3, /run has no "name"/],
    ['= input.items.map(steps, 1)', 1, 19, /name of a variable already/],
    ['= input.name.matches("(a")', 1, 22, /pattern cannot be compiled/],
    ['= input.name.matches("a(?=b)")', 1, 22, /pattern cannot be compiled/],
    ['= input.amount.matches("a", "b")', 1, 3, /matches/],
    ['== 1', 1, 2, /Unexpected character/],
  ])('%j is refused when saved, at line %i, column %i', (source, line, column, message) => {
    const defect = compileExpression(source);
    expect(defect).toMatchObject({ defect: true, line, column });
    expect(isDefect(defect) && defect.message).toMatch(message);
  });

  it('names the nodes that it reads', () => {
    const expression = compileExpression(
      '= steps["kyc-executor"].x > 1 && has(steps.aml.y) && steps[input.name] == null',
    );
    expect(isDefect(expression) ? [] : expression.references.map((reference) => reference.nodeId)).toEqual([
      'kyc-executor',
      'aml',
    ]);
  });

  it('is bounded in length, depth, size and nesting of loops', () => {
    const loop = (depth: number): string => (depth === 0 ? '1' : `input.items.map(x${depth}, ${loop(depth - 1)})`);
    for (const source of [
      `= ${'1'.repeat(EXPRESSION_LENGTH_MAX)}`,
      `= ${'('.repeat(100)}1${')'.repeat(100)}`,
      `= ${'!'.repeat(1_500)}true`,
      `= ${Array(700).fill('1').join('+')}`,
      `= ${loop(6)}`,
    ]) {
      expect(compileExpression(source)).toHaveProperty('defect', true);
    }
    expect(compileExpression(`= ${loop(4)}`)).not.toHaveProperty('defect');
  });

  const doubled = (seed: string, double: string): string => `= [${seed}]${`.map(x, ${double})`.repeat(25)}`;

  it.each<[string, string]>([
    ['loops in loops', '= input.many.map(a, input.many.map(b, input.many.size()))'],
    ['loops in loops that swallow errors', '= input.many.exists(a, input.many.exists(b, input.many.exists(c, false)))'],
    ['doubling lists', doubled('1', '[x, x]')],
    ['doubling texts', doubled('"a"', 'x + x')],
    ['doubling lists by addition', doubled('[1]', 'x + x')],
    ['comparing what was doubled', `= ${doubled('1', '[x, x]').slice(2)} == ${doubled('1', '[x, x]').slice(2)}`],
    ['joining', '= input.many.map(x, string(x)).join(input.long)'],
    ['a duration read in cubic time', '= duration(input.long)'],
  ])('costs a bounded amount of work: %s', (_, source) => {
    expect(value(source)).toEqual({ failed: 'the expression costs more than an evaluation may' });
  });

  it('matches in linear time where other engines try every way', () => {
    expect(value('= input.long.matches("^(a+)+$")')).toBe(true);
    expect(value('= (input.long + "b").matches("^(a|a)*$")')).toBe(false);
    expect(value('= input.long.matches("(a{1,30}){1,30}b")')).toEqual({ failed: expect.stringMatching(/costs more/) });
    expect(compileExpression('= input.name.matches("((a{100}){100}){100}")')).toHaveProperty('defect', true);
  });

  it('sees the answer of a provider in an output mapping', () => {
    const expression = compileAnswerExpression('= status == 200 ? body.score * 100 : 0');
    if (isDefect(expression)) throw new Error(expression.message);
    expect(expression.evaluate({ status: 200, body: { score: 0.5 } })).toEqual({ ok: true, value: 50 });
    expect(compileAnswerExpression('= input.x')).toHaveProperty('defect', true);
  });

  it('leaves the scope as it was', () => {
    const before = structuredClone(scope);
    value('= {"a": input.items + [4], "b": input.customer}');
    expect(scope).toEqual(before);
  });

  it('never throws, whatever the text and the input', () => {
    const piece = fc.constantFrom(
      'input',
      '.x',
      '["a"]',
      ' + ',
      '1',
      '2.5',
      '"s"',
      '(',
      ')',
      '[',
      ']',
      ',',
      ' ? ',
      ' : ',
      ' == ',
      '.map(x, ',
      '.size()',
      ' in ',
      '{',
      '}',
      'null',
      '-',
      '!',
      ' && ',
      'steps',
      '.matches("a")',
      'duration("1s")',
      'int(',
      '"',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, fc.jsonValue(), (source, input) => {
        const expression = compileExpression(`=${source}`);
        if (isDefect(expression)) expect(expression.message).not.toBe('');
        else {
          const found = expression.evaluate({ ...scope, input: input as Json });
          if (found.ok) expect(JSON.stringify(found.value)).toBeDefined();
          else expect(found.message).not.toBe('');
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('computes with any mixture of whole and broken numbers as JSON does', () => {
    const number = fc.oneof(
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.double({ min: -1_000, max: 1_000, noNaN: true }),
    );
    const expressions = ['+', '-', '*', '<', '<=', '>', '>=', '=='].map((operator) => {
      const expression = compileExpression(`= input.a ${operator} input.b`);
      if (isDefect(expression)) throw new Error(expression.message);
      return { operator, expression };
    });
    fc.assert(
      fc.property(number, number, (a, b) => {
        for (const { operator, expression } of expressions) {
          const table: Record<string, Json> = {
            '+': a + b,
            '-': a - b,
            '*': a * b,
            '<': a < b,
            '<=': a <= b,
            '>': a > b,
            '>=': a >= b,
            '==': a === b,
          };
          expect(expression.evaluate({ ...scope, input: { a, b } })).toEqual({ ok: true, value: table[operator] });
        }
      }),
    );
  });
});
