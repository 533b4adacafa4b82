import fc from 'fast-check';
import { isSystemEvent, serverFilter } from './esdb-filter.js';
import { passes } from './event-filter.js';

const name = fc.stringMatching(/^[\x21-\x7e]{1,12}$/);
const prefixes = fc.array(fc.stringMatching(/^[\x21-\x7e]{0,4}$/), { maxLength: 4 });

describe('a filter for the node', () => {
  it('lets through by its regular expression what the prefixes let through', () => {
    fc.assert(
      fc.property(prefixes, name, (streamPrefixes, stream) => {
        const { on, regex } = serverFilter({ streamPrefixes });
        expect(on).toBe('stream');
        expect(new RegExp(regex).test(stream)).toBe(passes({ streamPrefixes }, { stream, type: 'T' }));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is on types where only types are asked for, and leaves the other half of both to the reader', () => {
    expect(serverFilter({ typePrefixes: ['A', 'B.'] })).toEqual({ on: 'type', regex: '^(?:A|B\\.)' });
    expect(serverFilter({ typePrefixes: ['A'], streamPrefixes: ['run-'] })).toEqual({
      on: 'stream',
      regex: '^(?:run-)',
    });
  });

  it('leaves out the streams of the node where nothing was asked for', () => {
    for (const filter of [undefined, {}]) {
      const regex = new RegExp(serverFilter(filter).regex);
      expect(['run-1', '$settings', '$$run-1', 'a$'].map((stream) => regex.test(stream))).toEqual([
        true,
        false,
        false,
        true,
      ]);
    }
  });

  it('knows an event of the node by its stream or its type', () => {
    expect(isSystemEvent({ stream: '$$run-1', type: '$metadata' })).toBe(true);
    expect(isSystemEvent({ stream: 'run-1', type: '$>' })).toBe(true);
    expect(isSystemEvent({ stream: 'run-1', type: 'RunStarted' })).toBe(false);
  });
});
