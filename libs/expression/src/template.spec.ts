import * as fc from 'fast-check';
import type { Json } from '@app/kernel';
import type { EvaluationScope } from './scope.js';
import { compileTemplate } from './template.js';

const scope: EvaluationScope = {
  context: {},
  input: { amount: 5, nothing: null },
  steps: { kyc: { status: 'ok' } },
  run: { id: 'r', startedAt: '2026-01-01T00:00:00Z', workflowId: 'w', version: 1 },
};

function made(literal: Json): Json | { failed: string } {
  const compiled = compileTemplate(literal);
  if (Array.isArray(compiled)) throw new Error(JSON.stringify(compiled));
  const found = compiled.evaluate(scope);
  return found.ok ? found.value : { failed: found.message };
}

describe('the output of set_output', () => {
  it('is the literal with its expressions evaluated', () => {
    const literal = {
      decision: 'ALLOW',
      amount: '= input.amount',
      list: ['= steps.kyc.status', 'a', '= input.nothing'],
      deep: { x: [1] },
    };
    expect(made(literal)).toEqual({ decision: 'ALLOW', amount: 5, list: ['ok', 'a', null], deep: { x: [1] } });
  });

  it('is the literal itself when there is no expression in it', () => {
    const literal = { decision: 'ALLOW', 'a = b': ['x = y', ' = 1'] };
    expect(made(literal)).toBe(literal);
  });

  it('has a text that begins with = where the literal has ==', () => {
    expect(made({ a: '== input', b: '==' })).toEqual({ a: '= input', b: '=' });
  });

  it('may be an expression as a whole', () => {
    expect(made('= input')).toEqual(scope.input);
  });

  it('fails naming the place of the expression that failed', () => {
    expect(made({ a: [{ b: '= input.missing' }] })).toEqual({ failed: 'a[0].b: No such key: missing' });
  });

  it('is refused when saved, with every defect and its place', () => {
    expect(compileTemplate({ a: '= 1 +', b: ['x', '= foo'], c: '=' })).toEqual([
      expect.objectContaining({ path: 'a', line: 1, column: 6 }),
      expect.objectContaining({ path: 'b[1]', line: 1, column: 3 }),
      expect.objectContaining({ path: 'c' }),
    ]);
    expect(compileTemplate(JSON.parse('{"__proto__": "= 1"}') as Json)).toEqual([
      expect.objectContaining({ path: '__proto__' }),
    ]);
    const deep = JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as Json;
    expect(compileTemplate(deep)).toEqual([expect.objectContaining({ message: 'is nested deeper than 64 levels' })]);
  });

  it('names the nodes that it reads', () => {
    const compiled = compileTemplate({ a: '= steps.kyc.status', b: '= steps["aml-1"]' });
    expect(Array.isArray(compiled) ? [] : compiled.references.map((reference) => reference.nodeId)).toEqual([
      'kyc',
      'aml-1',
    ]);
  });

  it('never throws and leaves what is no expression as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue() as fc.Arbitrary<Json>, (literal) => {
        const compiled = compileTemplate(literal);
        if (Array.isArray(compiled)) expect(JSON.stringify(literal)).toMatch(/"=|__proto__/);
        else if (!JSON.stringify(literal).includes('"='))
          expect(compiled.evaluate(scope)).toEqual({ ok: true, value: literal });
      }),
    );
  });
});
