import * as fc from 'fast-check';
import type { Json } from '@app/kernel';
import type { Path } from './path.js';
import { Draft, parsePath, readPath, TARGET_INDEX_MAX } from './path.js';

function path(text: string, use: 'source' | 'target' = 'source'): Path {
  const parsed = parsePath(text, use);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

function written(document: Json, target: string, value: Json): Json {
  const draft = new Draft(document);
  draft.write(path(target, 'target'), value);
  return draft.document;
}

const document: Json = {
  workflow: { 'full name': 'Ada', list: [{ id: 1 }, { id: 2, deep: [{ x: 1 }] }, {}], nothing: null, 'a-b/c': 7 },
};

describe('a path', () => {
  it.each<[string, Json | undefined]>([
    ['workflow.full name', 'Ada'],
    ['workflow.a-b/c', 7],
    ['workflow.nothing', null],
    ['workflow.list[1].id', 2],
    ['workflow.list.[1].id', 2],
    ['workflow.list[*].id', [1, 2, null]],
    ['workflow.list[*].deep[*].x', [[], [1], []]],
    ['workflow.missing', undefined],
    ['workflow.nothing.x', undefined],
    ['workflow.list[9]', undefined],
    ['workflow.list.id', undefined],
    ['workflow[*]', undefined],
    ['workflow.constructor', undefined],
    ['toString', undefined],
    ['$', document],
  ])('%s reads what is there', (text, expected) => {
    expect(readPath(document, path(text))).toEqual(expected);
  });

  it('has no value behind [*] when it must be complete and an element lacks the rest', () => {
    expect(readPath(document, path('workflow.list[*].id'), true)).toBeUndefined();
    expect(readPath({ l: [{ id: 1 }] }, path('l[*].id'), true)).toEqual([1]);
  });

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a[',
    'a]',
    'a[]',
    'a[-1]',
    'a[1.5]',
    'a[x]',
    'a[0][1]',
    'a[0]b',
    '__proto__',
    'a.__proto__.b',
    'a[+]',
    'a[-]',
    'x'.repeat(1_001),
    Array(61).fill('a').join('.'),
  ])('%j is no source', (text) => {
    expect(parsePath(text, 'source')).toEqual({ problem: expect.any(String) });
  });

  it.each(['$', `a[${TARGET_INDEX_MAX + 1}]`, 'a.__proto__', ''])('%j is no target', (text) => {
    expect(parsePath(text, 'target')).toEqual({ problem: expect.any(String) });
  });

  it.each<[Json, string, Json]>([
    [{}, 'a.b.c', { a: { b: { c: 9 } } }],
    [{ a: 5 }, 'a.b', { a: { b: 9 } }],
    [{ a: { x: 1 } }, 'a.b', { a: { x: 1, b: 9 } }],
    [{}, 'a[2]', { a: [null, null, 9] }],
    [{ a: [1, 2] }, 'a[0]', { a: [9, 2] }],
    [{ a: [1] }, 'a[+]', { a: [1, 9] }],
    [{ a: [1] }, 'a[-]', { a: [9, 1] }],
    [{}, 'a[+].b', { a: [{ b: 9 }] }],
    [{ a: [{ b: 1 }, {}] }, 'a[*].b', { a: [{ b: 9 }, { b: 9 }] }],
    [{}, 'constructor.prototype.x', { constructor: { prototype: { x: 9 } } }],
    [7, 'a', { a: 9 }],
  ])('writing into %j at %s gives %j', (before, target, after) => {
    expect(written(before, target, 9)).toEqual(after);
  });

  it('never reaches a prototype', () => {
    written({}, 'constructor.prototype.polluted', true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((Object.prototype as unknown as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('cannot write to every element of a list that is not there', () => {
    expect(() => written({}, 'a[*].b', 1)).toThrow(/needs a list/);
  });

  it('reads back what was written and leaves the rest and the original alone', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'constructor', 'x y');
    const segment = fc.tuple(key, fc.constantFrom('', '[0]', '[2]')).map(([name, bracket]) => name + bracket);
    const target = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('.'));
    const data = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>);
    fc.assert(
      fc.property(data, target, fc.jsonValue() as fc.Arbitrary<Json>, (before, text, value) => {
        const copy = structuredClone(before);
        const after = written(before, text, value);
        expect(readPath(after, path(text))).toEqual(value);
        expect(before).toEqual(copy);
        const root = /^[^.[]+/.exec(text)?.[0] ?? '';
        for (const other of Object.keys(before))
          if (other !== root) expect((after as Record<string, Json>)[other]).toBe(before[other]);
      }),
    );
  });

  it('never throws, whatever the text and the document', () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom('a', '.', '[', ']', '0', '*', '+', '$'), { maxLength: 9 }).map((c) => c.join('')),
    );
    fc.assert(
      fc.property(text, fc.jsonValue() as fc.Arbitrary<Json>, (source, data) => {
        const parsed = parsePath(source, 'source');
        if ('problem' in parsed) expect(parsed.problem).not.toBe('');
        else expect(() => readPath(data, parsed)).not.toThrow();
      }),
    );
  });
});
