import * as fc from 'fast-check';
import type { Json, JsonObject } from '@app/kernel';
import { compileInputMapping, compileNodeInput, compileNodeOutput, compileOutputMapping } from './mapping.js';
import type { EvaluationScope } from './scope.js';
import type { TransformationEnvironment } from './transformation.js';

const env: TransformationEnvironment = { nowMs: () => 1_000, randomUuid: () => '0b9b0d4c-6f0e-4c1a-9f55-0d8d3f3f0a11' };
const context: JsonObject = {
  workflow: {
    customer: { name: 'Ada', document: '123.456', tags: ['a', 'b'] },
    amount: 12.5,
    nothing: null,
    _webhook: { headers: { authorization: 'secret' } },
  },
  'kyc-executor': { result: { riskScore: 40 } },
};
const scope: EvaluationScope = {
  context,
  input: context.workflow ?? {},
  steps: { 'kyc-executor': context['kyc-executor'] ?? {} },
  run: { id: 'r', startedAt: '2026-01-01T00:00:00Z', workflowId: 'w', version: 1 },
};

function sent(data: JsonObject): Json | { failed: string } {
  const compiled = compileNodeInput(data, env);
  if (Array.isArray(compiled)) throw new Error(JSON.stringify(compiled));
  const copy = structuredClone(context);
  const found = compiled.evaluate(scope);
  expect(context).toEqual(copy);
  return found.ok ? found.value : { failed: found.message };
}

describe('the input of a call', () => {
  it('is what its mapping names, and nothing else', () => {
    const inputMapping = [
      { source: 'workflow.customer.name', target: 'person.fullName' },
      { source: 'kyc-executor.result.riskScore', target: 'scores[0]', required: true },
      { source: '= input.amount * 2', target: 'double' },
      { source: 'workflow.customer.tags[*]', target: 'tags' },
    ];
    expect(sent({ inputMapping })).toEqual({ person: { fullName: 'Ada' }, scores: [40], double: 25, tags: ['a', 'b'] });
  });

  it('holds null for a missing source, or leaves the target out when the entry says omit', () => {
    const inputMapping = [
      { source: 'workflow.missing', target: 'a' },
      { source: 'workflow.missing', target: 'b', omit: true },
      { source: 'workflow.nothing', target: 'c', required: true, omit: true },
      { source: 'workflow.customer.name', target: 'd', required: null },
    ];
    expect(sent({ inputMapping })).toEqual({ a: null, c: null, d: 'Ada' });
  });

  it('requires field by field, and names the field that is missing', () => {
    const inputMapping = [
      { source: 'workflow.missing', target: 'a' },
      { source: 'workflow.customer.email', target: 'b', required: true },
    ];
    expect(sent({ inputMapping })).toEqual({
      failed: 'the required source "workflow.customer.email" is missing: FLK-0142 - transformation execution failed',
    });
  });

  it('is transformed target by target, in the order of the entries, and the context stays as it was', () => {
    const inputMapping = [
      { source: 'workflow.customer', target: 'customer' },
      {
        source: 'workflow.customer.document',
        target: 'customer.document',
        transformation: { type: 'remove_characters', config: { characters: '.' } },
      },
      { source: 'workflow.customer.name', target: 'customer.name', transformation: { type: 'to_uppercase' } },
      {
        source: 'workflow.customer.name',
        target: 'customer.name',
        transformation: { type: 'add_prefix', config: { prefix: 'x' } },
      },
      {
        source: 'workflow.when',
        target: 'at',
        transformation: { type: 'timestamp', config: { inputFormat: '$now', outputFormat: '2006' } },
      },
    ];
    expect(sent({ inputMapping })).toEqual({
      customer: { name: 'xADA', document: '123456', tags: ['a', 'b'] },
      at: '1970',
    });
  });

  it('is what the transforms make of the context when there is no mapping', () => {
    const transforms = [{ operation: 'shift', spec: { name: 'workflow.customer.name' } }];
    expect(sent({ transforms })).toEqual({ name: 'Ada' });
    expect(sent({ inputMapping: [{ source: 'workflow.amount', target: 'a' }], transforms })).toEqual({ a: 12.5 });
    expect(sent({ inputMapping: [], transforms })).toEqual({ name: 'Ada' });
  });

  it.each([
    [{}],
    [{ inputMapping: [], transforms: null }],
    [{ inputMapping: [{ source: '', target: 'x' }, { source: 'workflow.amount' }] }],
  ] as [JsonObject][])('is the input of the run without its webhook part when a node says only %j', (data) => {
    const { _webhook, ...input } = context.workflow as JsonObject;
    expect(_webhook).toBeDefined();
    expect(sent(data)).toEqual(input);
  });

  it('fails with the reason of an expression that fails', () => {
    expect(sent({ inputMapping: [{ source: '= input.missing', target: 'a' }] })).toEqual({
      failed: expect.stringMatching(/^the source "= input.missing": No such key: missing: FLK-0142/),
    });
  });

  it('names the nodes that it reads', () => {
    const compiled = compileNodeInput(
      {
        inputMapping: [
          { source: 'kyc.a', target: 'a' },
          { source: 'workflow.b', target: 'b' },
          { source: '= steps.aml.x', target: 'c' },
        ],
      },
      env,
    );
    expect(Array.isArray(compiled) ? [] : compiled.references.map((reference) => reference.nodeId)).toEqual([
      'kyc',
      'aml',
    ]);
  });

  it('is refused when saved, with every defect and its place', () => {
    const inputMapping = [
      5,
      { source: 5, target: 'a' },
      { source: 'a..b', target: 'a' },
      { source: 'a', target: 'a[' },
      { source: '= 1 +', target: 'a' },
      { source: 'a', target: 'a', required: 'yes' },
      { source: 'a', target: 'a', transformation: 'x' },
      { source: 'a', target: 'a', transformation: { type: 'shift' } },
      { source: 'a', target: 'a', transformation: { type: 'add_prefix', config: {} } },
      { source: 'a', target: 'a.b', transformation: { type: 'timestamp', config: { inputFormat: '2006' } } },
    ];
    const defects = compileNodeInput({ inputMapping, transforms: [{ operation: 'shift' }] }, env);
    expect(Array.isArray(defects) ? defects.map((defect) => defect.path) : []).toEqual([
      'inputMapping[0]',
      'inputMapping[1].source',
      'inputMapping[2].source',
      'inputMapping[3].target',
      'inputMapping[4].source',
      'inputMapping[5].required',
      'inputMapping[6].transformation',
      'inputMapping[7].transformation.type',
      'inputMapping[8].transformation.config.prefix',
      'inputMapping[9].transformation.config.outputFormat',
      'transforms[0].spec',
    ]);
    expect(compileNodeInput({ inputMapping: { source: 'a' } }, env)).toEqual([
      expect.objectContaining({ path: 'inputMapping' }),
    ]);
  });
});

describe('the output of a call', () => {
  const envelope: JsonObject = {
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: { customerId: 'c1', score: 0.5 },
  };

  it('is what its mapping takes from the answer', () => {
    const compiled = compileNodeOutput(
      {
        outputMapping: [
          { source: 'body.customerId', target: 'id', required: true },
          { source: 'headers.Content-Type', target: 'type' },
          { source: 'status', target: 'status' },
          { source: '= body.score * 100', target: 'percent' },
        ],
      },
      env,
    );
    expect(Array.isArray(compiled) ? compiled : compiled.evaluate(envelope)).toEqual({
      ok: true,
      value: { id: 'c1', type: 'application/json', status: 200, percent: 50 },
    });
  });

  it('is the whole answer when there is no mapping', () => {
    const compiled = compileNodeOutput({}, env);
    expect(Array.isArray(compiled) ? compiled : compiled.evaluate(envelope)).toEqual({ ok: true, value: envelope });
  });

  it('fails naming the field that the answer lacks', () => {
    const compiled = compileOutputMapping([{ source: 'body.decision', target: 'decision', required: true }], env);
    expect(Array.isArray(compiled) ? compiled : compiled.evaluate(envelope)).toEqual({
      ok: false,
      message: 'the required source "body.decision" is missing: FLK-0142 - transformation execution failed',
    });
  });

  it('is refused when saved with the place of the defect', () => {
    expect(compileNodeOutput({ outputMapping: [{ source: '= nope', target: 'a' }] }, env)).toEqual([
      expect.objectContaining({ path: 'outputMapping[0].source', line: 1, column: 3 }),
    ]);
  });
});

describe('a mapping', () => {
  it('without entries passes everything through', () => {
    const compiled = compileInputMapping(undefined, env);
    expect(Array.isArray(compiled) ? compiled : compiled.evaluate(scope)).toEqual({ ok: true, value: context });
  });

  it('never throws, whatever the entries', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<Json>;
    const text = fc.oneof(fc.string(), fc.constantFrom('a', 'workflow', 'a[*].b', 'l[+]', '= input', '= input.a'));
    const entry = fc.record(
      {
        source: fc.oneof(text, anything),
        target: fc.oneof(text, anything),
        required: fc.oneof(fc.boolean(), anything),
        omit: fc.boolean(),
        transformation: fc.oneof(
          anything,
          fc.record({ type: fc.constantFrom('to_uppercase', 'uuid', 'pass', 'x'), config: anything }),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.array(entry)),
        fc.dictionary(fc.constantFrom('workflow', 'a'), anything),
        (entries, data) => {
          for (const compiled of [compileInputMapping(entries, env), compileOutputMapping(entries, env)]) {
            if (Array.isArray(compiled)) expect(compiled.every((defect) => defect.defect)).toBe(true);
            else expect(typeof compiled.evaluate({ ...scope, context: data, ...data } as never).ok).toBe('boolean');
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
