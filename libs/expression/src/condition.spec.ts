import * as fc from 'fast-check';
import type { Json, JsonObject } from '@app/kernel';
import { CONDITION_LENGTH_MAX } from './condition-parser.js';
import { compileCondition } from './condition.js';
import { goText, parseGoFloat } from './go-text.js';
import type { CompiledCondition, EvaluationScope } from './scope.js';
import { isDefect } from './scope.js';

const context: JsonObject = {
  workflow: { amount: 100, text: '085', name: 'Ada', empty: '', no: 'FALSE', zero: 0, nothing: null, yes: true },
  'kyc-executor': {
    result: { riskScore: 40, tags: ['a', 'b'] },
    'content/type': 'json',
    list: [1, 2],
    map: { b: 2, a: 1 },
  },
};

function scopeOf(of: JsonObject): EvaluationScope {
  const run = { id: 'r', startedAt: '2026-01-01T00:00:00Z', workflowId: 'w', version: 1 };
  return { context: of, input: of.workflow ?? {}, steps: of, run };
}

function compiled(text: string): CompiledCondition {
  const condition = compileCondition(text);
  if (isDefect(condition)) throw new Error(`${text}: ${condition.message}`);
  return condition;
}

function verdict(text: string): boolean | string {
  const found = compiled(text).evaluate(scopeOf(context));
  return found.ok ? found.value : found.message;
}

describe('a condition', () => {
  it.each<[string, boolean]>([
    ['workflow.amount > 50', true],
    ['workflow.amount >= 100', true],
    ['workflow.amount < 100', false],
    ['workflow.amount <= 100', true],
    ['workflow.amount == 100.0', true],
    ['workflow.amount != 100', false],
    ['workflow.amount>50', true],
    ['kyc-executor.result.riskScore < 50', true],
    ['"10" == "10.0"', true],
    ['workflow.text == 85', true],
    ['1e3 == 1000', true],
    ['1_000 == 1000', true],
    ['inf > 1', true],
    ['nan == nan', false],
    ["workflow.name == 'Ada'", true],
    ['workflow.name == "Ada"', true],
    ['workflow.name != "Bob"', true],
    ['workflow.yes == "true"', true],
    ['workflow.yes == TRUE', true],
    ['workflow.nothing == "<nil>"', true],
    ['kyc-executor.list == "[1 2]"', true],
    ['kyc-executor.map == "map[a:1 b:2]"', true],
    ['kyc-executor.content/type == "json"', true],
    ['workflow.name == "p>=q AND x OR y"', false],
    ['"a AND b" == "a AND b"', true],
    ['"p>=q" == "p>=q"', true],
    ["'it's' == 'it's'", true],
    ['false AND true OR true', true],
    ['true OR false AND false', true],
    ['  workflow.yes  ', true],
    ['workflow.yes\tAND\n workflow.amount > 1', true],
  ])('reads %s as %s', (text, expected) => {
    expect(verdict(text)).toBe(expected);
  });

  it.each<[string, boolean]>([
    ['workflow.yes', true],
    ['workflow.name', true],
    ['workflow.empty', false],
    ['workflow.no', false],
    ['workflow.amount', true],
    ['workflow.zero', false],
    ['workflow.nothing', false],
    ['workflow', true],
    ['kyc-executor.list', true],
    ['False', false],
    ['"false"', false],
    ['""', false],
    ['-0', false],
    ['nan', true],
  ])('takes the bare value %s as %s', (text, expected) => {
    expect(verdict(text)).toBe(expected);
  });

  it.each<[string, string]>([
    ['workflow.missing == 1', 'field not found: workflow.missing'],
    ['kyc-executor.list.0 == 1', 'field not found: kyc-executor.list.0'],
    ['workflow.constructor', 'field not found: workflow.constructor'],
    ['workflow.__proto__.x', 'field not found: workflow.__proto__.x'],
    ['0x10 == 16', 'field not found: 0x10'],
    ['workflow.name > 5', '> compares numbers, and workflow.name is none'],
    ['5 <= workflow.yes', '<= compares numbers, and workflow.yes is none'],
    ['missing.x OR true', 'field not found: missing.x'],
    ['true AND missing.x', 'field not found: missing.x'],
  ])('fails on %s and says: %s', (text, message) => {
    expect(verdict(text)).toBe(message);
  });

  it('does not look behind a true part of an OR, nor behind a false term of an AND', () => {
    expect(verdict('true OR missing.x')).toBe(true);
    expect(verdict('false AND missing.x')).toBe(false);
  });

  it.each<[string, number, number, RegExp]>([
    ['', 1, 1, /empty/],
    ['   ', 1, 1, /empty/],
    ['x == "', 1, 6, /no closing "/],
    ["x == 'abc", 1, 6, /no closing '/],
    ['x >', 1, 4, /ends where/],
    ['x == 1 AND', 1, 8, /ends where/],
    ['== 5', 1, 2, /Unexpected character: =/],
    ['> 5', 1, 1, /stands where/],
    ['(a == 1)', 1, 1, /no parentheses.*"="/],
    ['NOT a', 1, 1, /"NOT" is not part.*"="/],
    ['a == null', 1, 6, /"null" is not part.*"="/],
    ['a IN b', 1, 3, /not expected here.*"="/],
    ['size(a) > 1', 1, 1, /no functions.*"="/],
    ['a && b', 1, 3, /&&.*"="/],
    ['a and b', 1, 3, /upper case/],
    ['a = 5', 1, 3, /written ==/],
    ['!a', 1, 1, /no "!".*"="/],
    ['list[0] == 1', 1, 1, /elements of lists.*"="/],
    ['a == 1 == 2', 1, 8, /one operator/],
    ['a..b', 1, 1, /neither a value nor a path/],
    ['a == 1 AND\nb ==', 2, 5, /ends where/],
  ])('is refused when saved: %j at line %i, column %i', (text, line, column, message) => {
    const defect = compileCondition(text);
    expect(defect).toMatchObject({ defect: true, line, column });
    expect(isDefect(defect) && defect.message).toMatch(message);
  });

  it('names the nodes it reads, and not the input or the output', () => {
    const { references } = compiled('workflow.a == 1 AND kyc-executor.b > aml.score OR output.x OR done');
    expect(references).toEqual([
      { nodeId: 'kyc-executor', text: 'kyc-executor.b' },
      { nodeId: 'aml', text: 'aml.score' },
      { nodeId: 'done', text: 'done' },
    ]);
  });

  it('may be CEL behind a leading =, which must yield true or false', () => {
    expect(verdict('= input.amount > 50 && !has(input.missing)')).toBe(true);
    expect(compileCondition('= "text"')).toMatchObject({ defect: true, message: expect.stringContaining('string') });
    expect(verdict('= input.name')).toMatch(/yields true or false/);
    expect(compileCondition('= input.amount >')).toMatchObject({ defect: true, line: 1, column: 17 });
  });

  it('stays total on hostile texts', () => {
    const deep: Json = JSON.parse('['.repeat(9_000) + ']'.repeat(9_000)) as Json;
    const hostile = compiled('workflow.deep == "x"').evaluate(scopeOf({ workflow: { deep } }));
    expect(typeof hostile.ok).toBe('boolean');
    expect(compileCondition('('.repeat(10_000))).toMatchObject({ defect: true });
    expect(compileCondition('a'.repeat(CONDITION_LENGTH_MAX + 1))).toMatchObject({ defect: true });
    expect(compileCondition(`x ${Array(2_001).fill("'").join(' ')}`)).toHaveProperty('defect', true);
    expect(verdict(`workflow.name == ${'9'.repeat(5_000)}x`)).toMatch(/field not found/);
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      'workflow.x',
      '"',
      "'",
      ' ',
      ' AND ',
      ' OR ',
      '>=',
      '<',
      '==',
      '=',
      '(',
      '1',
      '!',
      '[',
      '\n',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>), (source, data) => {
        const condition = compileCondition(source);
        if (isDefect(condition)) expect(condition.message).not.toBe('');
        else expect(typeof condition.evaluate(scopeOf(data)).ok).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the meaning of old conditions', () => {
  /** The evaluator that old conditions were written for, step by step as the wire contract tells it. */
  function oldMeaning(text: string, data: JsonObject): boolean | undefined {
    for (const part of text.split(' OR ')) {
      let all = true;
      for (const term of part.split(' AND ')) {
        const found = oldTerm(term.trim(), data);
        if (found === undefined) return undefined;
        all = found;
        if (!found) break;
      }
      if (all) return true;
    }
    return false;
  }

  function termsOf(source: string): string[] {
    return source.split(' OR ').flatMap((part) => part.split(' AND ').map((piece) => piece.trim()));
  }

  function oldTerm(term: string, data: JsonObject): boolean | undefined {
    for (const operator of ['>=', '<=', '==', '!=', '>', '<']) {
      const at = term.indexOf(operator);
      if (at <= 0) continue;
      const left = oldOperand(term.slice(0, at).trim(), data);
      const right = oldOperand(term.slice(at + operator.length).trim(), data);
      if (left === undefined || right === undefined) return undefined;
      return oldComparison(operator, left, right);
    }
    const value = oldOperand(term, data);
    if (value === undefined) return undefined;
    if (typeof value === 'string') return value !== '' && value.toLowerCase() !== 'false';
    return typeof value === 'object' ? value !== null : Boolean(value) || Number.isNaN(value);
  }

  function oldComparison(operator: string, left: Json, right: Json): boolean | undefined {
    const [a, b] = [left, right].map((value) => (typeof value === 'string' ? parseGoFloat(value) : value));
    if (typeof a === 'number' && typeof b === 'number') {
      const table: Record<string, boolean> = {
        '>=': a >= b,
        '<=': a <= b,
        '==': a === b,
        '!=': a !== b,
        '>': a > b,
        '<': a < b,
      };
      return table[operator];
    }
    if (operator === '==') return goText(left) === goText(right);
    return operator === '!=' ? goText(left) !== goText(right) : undefined;
  }

  function oldOperand(text: string, data: JsonObject): Json | undefined {
    if (/^(["']).*\1$/s.test(text) && text.length > 1) return text.slice(1, -1);
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
    const number = parseGoFloat(text);
    if (number !== undefined) return number;
    let value: Json | undefined = data;
    for (const key of text.split('.')) {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
        return undefined;
      value = value[key];
    }
    return value;
  }

  const operand = fc.constantFrom(
    'workflow.a',
    'workflow.b',
    'n-1.x',
    "n-1.it's",
    'workflow',
    '"x"',
    "'y'",
    '"a>b"',
    "'it's'",
    '"x" != "y"',
    '1',
    '2.5',
    '"1.0"',
    'true',
    'FALSE',
    '"true"',
    '""',
    'inf',
    '.5',
    '1_0',
  );
  const term = fc.oneof(
    operand,
    fc
      .tuple(operand, fc.constantFrom('==', '!=', '>=', '<=', '>', '<'), operand, fc.constantFrom('', ' ', '  '))
      .map(([left, operator, right, blank]) => `${left}${blank}${operator}${blank}${right}`),
  );
  const text = fc
    .tuple(term, fc.array(fc.tuple(fc.constantFrom(' AND ', ' OR '), term), { maxLength: 4 }))
    .map(([first, rest]) => first + rest.flat().join(''));
  const leaf = fc.constantFrom<Json>(1, 0, 2.5, 'x', '1.0', '', true, false, null, [1, 2]);

  it('is what it always was, for every condition that had one', () => {
    fc.assert(
      fc.property(text, leaf, leaf, leaf, (source, a, b, x) => {
        const data: JsonObject = { workflow: { a, b }, 'n-1': { x, "it's": 1 } };
        const expected = oldMeaning(source, data);
        if (expected === undefined) return;
        const condition = compileCondition(source);
        // What can be refused when saved could only ever hide behind a part that decided before it.
        if (isDefect(condition)) expect(termsOf(source).some((piece) => oldTerm(piece, data) === undefined)).toBe(true);
        else expect(condition.evaluate(scopeOf(data))).toEqual({ ok: true, value: expected });
      }),
      { numRuns: 5_000 },
    );
  });

  it('fails in a run where it always failed, unless quotes were in the way', () => {
    fc.assert(
      fc.property(text, leaf, (source, a) => {
        const data: JsonObject = { workflow: { a }, 'n-1': {} };
        if (oldMeaning(source, data) !== undefined) return;
        const condition = compileCondition(source);
        if (!isDefect(condition) && !/["']/.test(source)) expect(condition.evaluate(scopeOf(data)).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('numbers and texts of the condition language', () => {
  it.each<[string, number | undefined]>([
    ['10', 10],
    ['-1', -1],
    ['+5', 5],
    ['3.14', 3.14],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1_000],
    ['1E-2', 0.01],
    ['1_000', 1_000],
    ['Inf', Infinity],
    ['-infinity', -Infinity],
    ['0x1p4', 16],
    ['0x1.8p1', 3],
    ['', undefined],
    ['0x10', undefined],
    ['1__0', undefined],
    ['_1', undefined],
    ['1_', undefined],
    ['1e', undefined],
    ['1e999', undefined],
    ['+nan', undefined],
    ['1 ', undefined],
    ['e5', undefined],
    ['.', undefined],
    ['1.2.3', undefined],
  ])('reads %j as Go does: %p', (text, expected) => {
    expect(parseGoFloat(text)).toBe(expected);
  });

  it('reads NaN in any case', () => {
    expect(parseGoFloat('NaN')).toBeNaN();
    expect(parseGoFloat('nan')).toBeNaN();
  });

  it.each<[Json, string]>([
    [1, '1'],
    [100_000, '100000'],
    [1_000_000, '1e+06'],
    [1_234_567, '1.234567e+06'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [-2.5, '-2.5'],
    [0, '0'],
    [null, '<nil>'],
    [true, 'true'],
    [[1, 'a', null], '[1 a <nil>]'],
    [{ b: [1], a: { c: 2 } }, 'map[a:map[c:2] b:[1]]'],
    [[], '[]'],
  ])('writes %j as Go does: %s', (value, expected) => {
    expect(goText(value)).toBe(expected);
  });
});
