import { readFileSync } from 'node:fs';
import { Type } from '@sinclair/typebox';
import { eventCatalogues } from '../docs/event-catalogues.js';
import type { EventLock } from './event-lock.js';
import { brokenPromises, lockOf } from './event-lock.js';

const locked = JSON.parse(readFileSync(new URL('./event-schemas.lock.json', import.meta.url), 'utf8')) as EventLock;
const definitions = eventCatalogues.flatMap(({ events }) => Object.values(events));

describe('the event schemas', () => {
  it('keep every promise of the lock file', () => {
    expect(brokenPromises(locked, lockOf(definitions))).toEqual([]);
  });

  it('are all in the lock file: npm run docs writes what was added', () => {
    expect(lockOf(definitions)).toEqual(locked);
  });

  it('have one owner for each type, under its own name', () => {
    const types = definitions.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
    expect(eventCatalogues.flatMap(({ events }) => Object.keys(events))).toEqual(types);
  });

  it('come with a sentence about the past', () => {
    expect(definitions.filter(({ sentence }) => !/^[A-Z].{15,}\.$/.test(sentence))).toEqual([]);
  });
});

describe('the lock', () => {
  const schema = Type.Object({
    name: Type.String(),
    note: Type.Optional(Type.String()),
    kind: Type.Union([Type.Literal('a'), Type.Literal('b')]),
    stages: Type.Array(Type.Object({ status: Type.String() })),
  });
  const before = lockOf([{ type: 'Happened', schema }]);
  const breaks = (changed: object, type = 'Happened') => brokenPromises(before, lockOf([{ type, schema: changed }]));
  const { name, note, kind, stages } = schema.properties;

  it('accepts an optional field, an event type, an alternative, a description', () => {
    const grown = Type.Object({
      name: Type.String({ description: 'as people say it' }),
      note,
      kind: Type.Union([Type.Literal('a'), Type.Literal('c'), Type.Literal('b')]),
      stages,
      more: Type.Optional(Type.Number()),
    });
    expect(breaks(grown)).toEqual([]);
    expect(brokenPromises(before, { ...before, ...lockOf([{ type: 'Other', schema }]) })).toEqual([]);
  });

  it.each([
    ['a type that went', schema, 'Gone', 'Happened was removed'],
    ['a field that went', Type.Object({ note, kind, stages }), 'Happened', 'Happened.name was removed'],
    [
      'a field of another type',
      Type.Object({ name: Type.Number(), note, kind, stages }),
      'Happened',
      'Happened.name: type was "string" and is "number"',
    ],
    [
      'a required field that became optional',
      Type.Object({ name: Type.Optional(name), note, kind, stages }),
      'Happened',
      'Happened.name became optional',
    ],
    [
      'an optional field that became required',
      Type.Object({ name, note: Type.String(), kind, stages }),
      'Happened',
      'Happened.note became required',
    ],
    [
      'a new field that is required',
      Type.Object({ name, note, kind, stages, more: Type.String() }),
      'Happened',
      'Happened.more is new and required: events without it were recorded',
    ],
    [
      'an alternative that went',
      Type.Object({ name, note, kind: Type.Union([Type.Literal('a'), Type.Literal('c')]), stages }),
      'Happened',
      'Happened.kind: the alternative {"const":"b","type":"string"} was removed or changed',
    ],
    [
      'a field that went inside a list',
      Type.Object({ name, note, kind, stages: Type.Array(Type.Object({})) }),
      'Happened',
      'Happened.stages[].status was removed',
    ],
  ])('catches %s', (_what, changed, type, message) => {
    expect(breaks(changed, type)).toContain(message);
  });
});
