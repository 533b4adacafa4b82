import * as fc from 'fast-check';
import { validate, version } from 'uuid';
import type { Json, JsonObject } from '@app/kernel';
import { compileTransforms } from './mapping.js';
import type { EvaluationScope } from './scope.js';
import type { TransformationEnvironment } from './transformation.js';
import { operationNames } from './transformation.js';

const env: TransformationEnvironment = {
  nowMs: () => Date.UTC(2026, 4, 2, 13, 4, 5, 678),
  randomUuid: () => '0b9b0d4c-6f0e-4c1a-9f55-0d8d3f3f0a11',
};

function scopeOf(context: JsonObject): EvaluationScope {
  return { context, input: {}, steps: {}, run: { id: 'r', startedAt: '', workflowId: 'w', version: 1 } };
}

function transformed(operations: unknown, context: JsonObject): Json | { failed: string } {
  const compiled = compileTransforms(operations, env);
  if (Array.isArray(compiled)) throw new Error(JSON.stringify(compiled));
  const copy = structuredClone(context);
  const found = compiled.evaluate(scopeOf(context));
  expect(context).toEqual(copy);
  return found.ok ? found.value : { failed: found.message };
}

function one(operation: string, spec: JsonObject, context: JsonObject, require?: boolean): Json | { failed: string } {
  return transformed([{ operation, spec, ...(require === undefined ? {} : { require }) }], context);
}

describe('the operation', () => {
  it.each<[string, JsonObject, JsonObject, Json]>([
    [
      'shift',
      { 'a.b': 'x', list: ['x', 'y'], all: '$' },
      { x: 1, y: 2 },
      { a: { b: 1 }, list: [2], all: { x: 1, y: 2 } },
    ],
    ['shift', { a: 'missing', b: 'missing[*].x' }, {}, { a: null, b: [] }],
    ['shift', { 'ids[+]': 'a', 'x.y': 'b', x: 'c' }, { a: 1, b: 2, c: 3 }, { ids: [1], x: 3 }],
    ['shift', { x: 'c', 'x.y': 'b' }, { b: 2, c: 3 }, { x: { y: 2 } }],
    [
      'concat',
      { sources: [{ path: 'a' }, { value: 'v' }, { path: 'n' }], targetPath: 'out', delim: '-' },
      { a: 'joão', n: 1.5 },
      { a: 'joão', n: 1.5, out: 'joão-v-1.5' },
    ],
    [
      'concat',
      { sources: [{ path: 'a' }, { path: 'no' }], targetPath: 'a', delim: '-' },
      { a: 'joão' },
      { a: 'joão-null' },
    ],
    [
      'concat',
      { sources: [{ path: 'l' }], targetPath: 'o' },
      { l: ['a', null, 1, true] },
      { l: ['a', null, 1, true], o: 'a1true' },
    ],
    ['coalesce', { t: ['a', 'b', 'c'] }, { a: null, c: 3 }, { a: null, c: 3, t: 3 }],
    ['coalesce', { t: ['a', 'b'], ignore: ['', [1]] }, { a: '', b: [1] }, { a: '', b: [1] }],
    ['extract', { path: 'a.b' }, { a: { b: [1] } }, [1]],
    ['extract', { path: 'a.c' }, { a: {} }, null],
    ['default', { a: 1, 'b.c': { d: [] } }, { a: 9 }, { a: 1, b: { c: { d: [] } } }],
    ['delete', { paths: ['a.b', 'l[0]', 'missing.x'] }, { a: { b: 1, c: 2 }, l: [1, 2] }, { a: { c: 2 }, l: [2] }],
    ['pass', { any: 1 }, { a: 1 }, { a: 1 }],
    ['remove_characters', { path: 'a.b', characters: '.-/ ' }, { a: { b: '1.2-3/4 5' } }, { a: { b: '12345' } }],
    ['add_prefix', { path: 'a', prefix: 'x-' }, { a: 'b' }, { a: 'x-b' }],
    ['add_suffix', { path: 'a', suffix: '-x' }, { a: 'b' }, { a: 'b-x' }],
    ['to_uppercase', { path: 'a' }, { a: 'joão' }, { a: 'JOÃO' }],
    ['to_lowercase', { path: 'a' }, { a: 'JOÃO' }, { a: 'joão' }],
    ['to_uppercase', { path: 'a' }, { a: 5 }, { a: 5 }],
    ['to_uppercase', { path: 'a.b.c' }, { a: 'x' }, { a: 'x' }],
    [
      'timestamp',
      { t: { inputFormat: '2006-01-02', outputFormat: '02/01/2006' } },
      { t: '2026-05-02' },
      { t: '02/05/2026' },
    ],
    [
      'timestamp',
      { t: { inputFormat: '$unix', outputFormat: '2006-01-02T15:04:05Z07:00' } },
      { t: 1_000 },
      { t: '1970-01-01T00:16:40Z' },
    ],
    [
      'timestamp',
      { t: { inputFormat: '2006-01-02T15:04:05Z07:00', outputFormat: '$unix' } },
      { t: '1970-01-01T01:16:40+01:00' },
      { t: '1000' },
    ],
    [
      'timestamp',
      { t: { inputFormat: '$now', outputFormat: '2006-01-02T15:04:05.000Z07:00' } },
      {},
      { t: '2026-05-02T13:04:05.678Z' },
    ],
    [
      'timestamp',
      { 'l[*].t': { inputFormat: '2006', outputFormat: '06' } },
      { l: [{ t: '2026' }, {}, { t: null }] },
      { l: [{ t: '26' }, {}, { t: null }] },
    ],
    [
      'timestamp',
      { 'l[*]': { inputFormat: '2006', outputFormat: '06' } },
      { l: ['2026', '1999'] },
      { l: ['26', '99'] },
    ],
    ['timestamp', { t: { inputFormat: '2006', outputFormat: '06' } }, { x: 1 }, { x: 1 }],
    ['uuid', { id: { version: 4 } }, {}, { id: '0b9b0d4c-6f0e-4c1a-9f55-0d8d3f3f0a11' }],
    [
      'uuid',
      { id: { version: 5, namespace: 'DNS', names: [{ path: 'n' }] } },
      { n: 'www.example.com' },
      { n: 'www.example.com', id: '2ed6657d-e927-568b-95e1-2665a8aea6a2' },
    ],
    [
      'uuid',
      { id: { version: 3, namespace: 'DNS', names: [{ path: 'no', default: 'www.example.com' }] } },
      {},
      { id: '5df41881-3aed-3515-88a7-2f4a814cf09e' },
    ],
  ])('%s %j turns %j into %j', (operation, spec, before, after) => {
    expect(one(operation, spec, before)).toEqual(after);
  });

  it.each<[string, JsonObject, RegExp]>([
    ['shift', { a: 'customer.name' }, /"customer.name" is missing/],
    ['shift', { a: 'l[*].id' }, /"l\[\*\].id" is missing/],
    ['concat', { sources: [{ path: 'no' }], targetPath: 'a' }, /"no" is missing/],
    ['extract', { path: 'no' }, /"no" is missing/],
    ['delete', { paths: ['no'] }, /"no" is missing/],
    ['timestamp', { no: { inputFormat: '2006', outputFormat: '06' } }, /"no" is missing/],
  ])('%s names what is required and missing', (operation, spec, message) => {
    expect(one(operation, spec, { l: [{}] }, true)).toEqual({ failed: expect.stringMatching(message) });
  });

  it('takes null and empty text as present when it is required', () => {
    expect(one('shift', { a: 'x', b: 'y' }, { x: null, y: '' }, true)).toEqual({ a: null, b: '' });
  });

  it('chains names into one UUID, each in the space of the one before', () => {
    const id = one(
      'uuid',
      { id: { version: 5, namespace: 'URL', names: [{ path: 'a' }, { path: 'b' }] } },
      { a: 'x', b: 2 },
    );
    const text = (id as JsonObject).id as string;
    expect([validate(text), version(text)]).toEqual([true, 5]);
    expect(one('uuid', { id: { version: 5, namespace: 'URL', names: [{ path: 'no' }] } }, {})).toHaveProperty('failed');
  });

  it('fails on a text that is no timestamp of its layout', () => {
    expect(one('timestamp', { t: { inputFormat: '2006', outputFormat: '06' } }, { t: 'x' })).toEqual({
      failed: expect.stringMatching(/no timestamp/),
    });
  });

  it('runs after the one before it, on the document that one left', () => {
    const operations = [
      { operation: 'shift', spec: { name: 'workflow.name', id: 'workflow.id' }, require: true, over: 'ignored' },
      { operation: 'to_uppercase', spec: { path: 'name' } },
      { operation: 'concat', spec: { sources: [{ path: 'name' }, { path: 'id' }], targetPath: 'key', delim: ':' } },
    ];
    expect(transformed(operations, { workflow: { name: 'ada', id: 7 } })).toEqual({ name: 'ADA', id: 7, key: 'ADA:7' });
  });

  it('keeps numbers and the order of keys as they are', () => {
    const text = JSON.stringify(
      one('add_suffix', { path: 'z', suffix: '!' }, { z: 'a', b: 1500.5, a: 9007199254740991 }),
    );
    expect(text).toBe('{"z":"a!","b":1500.5,"a":9007199254740991}');
  });

  it('names the nodes that it reads from the context', () => {
    const compiled = compileTransforms(
      [
        { operation: 'concat', spec: { sources: [{ path: 'kyc.a' }, { path: 'workflow.b' }], targetPath: 'made' } },
        { operation: 'shift', spec: { a: 'made', b: ['aml.x'] } },
        { operation: 'extract', spec: { path: 'a' } },
      ],
      env,
    );
    expect(Array.isArray(compiled) ? [] : compiled.references.map((reference) => reference.nodeId)).toEqual([
      'kyc',
      'aml',
    ]);
  });

  it.each<[unknown, string]>([
    [5, ''],
    [[5], '[0]'],
    [[{}], '[0].operation'],
    [[{ operation: 'nope', spec: { a: 1 } }], '[0].operation'],
    [[{ operation: 'toString', spec: { a: 1 } }], '[0].operation'],
    [[{ operation: 'shift' }], '[0].spec'],
    [[{ operation: 'shift', spec: null }], '[0].spec'],
    [[{ operation: 'shift', spec: {} }], '[0].spec'],
    [[{ operation: 'shift', spec: [] }], '[0].spec'],
    [[{ operation: 'shift', spec: { a: 'b' }, require: 'yes' }], '[0].require'],
    [[{ operation: 'shift', spec: { a: 5 } }], '[0].spec.a'],
    [[{ operation: 'shift', spec: { a: ['x', 5] } }], '[0].spec.a[1]'],
    [[{ operation: 'shift', spec: { a: 'b[x]' } }], '[0].spec.a'],
    [[{ operation: 'concat', spec: { sources: 'x', targetPath: 'a' } }], '[0].spec.sources'],
    [[{ operation: 'concat', spec: { sources: [{ value: 5 }], targetPath: 'a' } }], '[0].spec.sources[0].value'],
    [[{ operation: 'concat', spec: { sources: [{}], targetPath: 'a' } }], '[0].spec.sources[0]'],
    [[{ operation: 'concat', spec: { sources: [] } }], '[0].spec.targetPath'],
    [[{ operation: 'concat', spec: { sources: [], targetPath: 'a', delim: 1 } }], '[0].spec.delim'],
    [[{ operation: 'coalesce', spec: { a: 'x' } }], '[0].spec.a'],
    [[{ operation: 'coalesce', spec: { a: ['x'] }, require: true }], '[0].spec'],
    [[{ operation: 'extract', spec: { a: 'x' } }], '[0].spec.path'],
    [[{ operation: 'delete', spec: { paths: ['a[*]'] } }], '[0].spec.paths[0]'],
    [[{ operation: 'delete', spec: { paths: ['$'] } }], '[0].spec.paths[0]'],
    [[{ operation: 'timestamp', spec: { a: { inputFormat: '2006' } } }], '[0].spec.a.outputFormat'],
    [[{ operation: 'uuid', spec: { a: { version: 1 } } }], '[0].spec.a.version'],
    [[{ operation: 'uuid', spec: { a: { version: 5, namespace: 'x', names: [] } } }], '[0].spec.a.namespace'],
    [[{ operation: 'remove_characters', spec: { path: 'a', characters: ' ' } }], '[0].spec.characters'],
    [[{ operation: 'add_prefix', spec: { path: 'a', prefix: '' } }], '[0].spec.prefix'],
    [[{ operation: 'add_suffix', spec: { path: 'a' } }], '[0].spec.suffix'],
    [[{ operation: 'default', spec: { 'a.__proto__': 1 } }], '[0].spec.a.__proto__'],
  ])('is refused when saved as %j, at %s', (operations, path) => {
    expect(compileTransforms(operations, env)).toEqual([expect.objectContaining({ defect: true, path })]);
  });

  it('reports every malformed operation at once', () => {
    expect(compileTransforms([{ operation: 'shift' }, { operation: 'pass', spec: { a: 1 } }, 5], env)).toHaveLength(2);
  });

  it('never throws, whatever the spec and the document', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<Json>;
    const key = fc.constantFrom(
      'a',
      'path',
      'sources',
      'targetPath',
      'paths',
      'ignore',
      'names',
      'version',
      'inputFormat',
      'a[*].b',
      'l[+]',
      'characters',
      'prefix',
    );
    const spec = fc.dictionary(
      key,
      fc.oneof(anything, fc.constantFrom<Json>('a', 'a.b', 'l[*]', ['a'], [{ path: 'a' }], { version: 4 })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...operationNames),
        spec,
        fc.dictionary(fc.constantFrom('a', 'l', 'b'), anything),
        fc.boolean(),
        (operation, settings, context, require) => {
          const compiled = compileTransforms([{ operation, spec: settings, require }], env);
          if (Array.isArray(compiled)) expect(compiled[0]?.path).toMatch(/^\[0\]/);
          else expect(typeof compiled.evaluate(scopeOf(context)).ok).toBe('boolean');
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('shifts plain keys as a plain copy would', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, key), { selector: ([target]) => target, minLength: 1 }),
        fc.dictionary(key, fc.jsonValue() as fc.Arbitrary<Json>),
        (moves, context) => {
          const model: JsonObject = {};
          for (const [target, source] of moves) model[target] = context[source] ?? null;
          expect(one('shift', Object.fromEntries(moves), context)).toEqual(model);
        },
      ),
    );
  });
});
