// Streams as released versions recorded them. They are never edited: what cannot read them any more breaks a promise.
// A release that adds event types or fields adds streams.
import { readdirSync, readFileSync } from 'node:fs';
import { apiKey } from '@app/access';
import { reservation } from '@app/event-store';
import { execution } from '@app/execution';
import type { DomainEvent } from '@app/kernel';
import { providerConfiguration } from '@app/provider';
import { workflow } from '@app/workflow';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { eventCatalogues } from '../docs/event-catalogues.js';

interface GoldenEvent extends DomainEvent {
  readonly stream: string;
  readonly revision: number;
  readonly metadata: object;
}
interface GoldenStream {
  readonly release: string;
  readonly stream: string;
  readonly events: readonly GoldenEvent[];
  /** Part of the state that they fold to; absent for streams that no aggregate is folded from. */
  readonly expected?: object;
}
interface Folder {
  readonly category: string;
  readonly initial: unknown;
  evolve(state: never, event: never): unknown;
}

const here = new URL('./', import.meta.url);
const streams = readdirSync(here)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, here), 'utf8')) as GoldenStream[]);

const folders = new Map<string, Folder>(
  [workflow, providerConfiguration, execution, apiKey, reservation].map((decider) => [decider.category, decider]),
);
const definitions = new Map(
  eventCatalogues.flatMap(({ events }) => Object.values(events)).map((definition) => [definition.type, definition]),
);
const ajv = new Ajv2020({ strict: false });
(addFormatsModule as unknown as (instance: Ajv2020) => void)(ajv);

describe('golden streams', () => {
  it.each(streams.map(({ release, stream, events }) => [stream, release, events] as const))(
    '%s of release %s fit the schemas of today',
    (_stream, _release, events) => {
      const misfits = events.flatMap(({ type, data }) => {
        const definition = definitions.get(type);
        if (!definition) return [`${type} is unknown`];
        return ajv.validate(definition.schema, data) ? [] : [`${type}: ${ajv.errorsText()}`];
      });
      expect(misfits).toEqual([]);
    },
  );

  it.each(streams.flatMap(({ stream, events, expected }) => (expected ? [[stream, events, expected] as const] : [])))(
    '%s still folds to what it meant',
    (stream, events, expected) => {
      const folder = folders.get(stream.slice(0, stream.indexOf('-')));
      expect(folder).toBeDefined();
      let state = folder?.initial;
      for (const event of events) state = folder?.evolve(state as never, event as never);
      expect(state).toMatchObject(expected);
    },
  );

  it('hold every event type at least once', () => {
    const held = new Set(streams.flatMap(({ events }) => events.map(({ type }) => type)));
    expect([...definitions.keys()].filter((type) => !held.has(type))).toEqual([]);
  });
});
