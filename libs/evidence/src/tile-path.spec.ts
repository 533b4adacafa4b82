// Paths of tiles and the bytes of entry bundles, as C2SP tlog-tiles has them.
import fc from 'fast-check';
import { packEntries, unpackEntries } from './entry-bundle.js';
import { ENTRY_BYTES_MAX } from './leaf.js';
import { entriesPath, parseEntriesPath, parseTilePath, tilePath } from './tile-path.js';

describe('paths', () => {
  it.each([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/999.p/1', { level: 0, index: 999, width: 1 }],
    ['tile/1/x001/000', { level: 1, index: 1000, width: 256 }],
    ['tile/2/x001/x234/067.p/255', { level: 2, index: 1_234_067, width: 255 }],
    ['tile/63/x009/x007/x199/x254/x740/991', { level: 63, index: Number.MAX_SAFE_INTEGER, width: 256 }],
  ])('%s is %j', (path, tile) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
    const { level: _level, ...place } = tile;
    const entries = path.replace(/^tile\/\d+/, 'tile/entries');
    expect(entriesPath(place)).toBe(entries);
    expect(parseEntriesPath(entries)).toEqual(place);
  });

  it('are read back, each from one spelling', () => {
    fc.assert(
      fc.property(fc.nat(63), fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width });
        expect(parseEntriesPath(entriesPath({ index, width }))).toEqual({ index, width });
      }),
    );
  });

  it.each([
    '',
    'tile/0/',
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/000',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/x001/x002',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/000\n',
    'tile/0/../000',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/entries/000',
  ])('%j is no tile', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it.each(['tile/entries/', 'tile/0/000', 'entries/000', 'tile/entries/0', 'tile/entries/000.p/256'])(
    '%j is no entry bundle',
    (path) => {
      expect(parseEntriesPath(path)).toBeUndefined();
    },
  );
});

describe('an entry bundle', () => {
  it('is a length of two bytes before each entry', () => {
    const packed = packEntries([Uint8Array.of(1, 2), new Uint8Array(0), new Uint8Array(258)]);
    expect(packed.slice(0, 8)).toEqual(Uint8Array.of(0, 2, 1, 2, 0, 0, 1, 2));
    expect(packed).toHaveLength(2 + 2 + 2 + 2 + 258);
  });

  it('is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 20 }), (entries) => {
        expect(unpackEntries(packEntries(entries)).map((entry) => [...entry])).toEqual(
          entries.map((each) => [...each]),
        );
      }),
    );
    const longest = new Uint8Array(ENTRY_BYTES_MAX).fill(1);
    expect(unpackEntries(packEntries([longest]))[0]).toEqual(longest);
  });

  it('is refused when it ends within an entry, and not made of one that is too long', () => {
    const packed = packEntries([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    const whole = [0, 5, packed.length];
    for (let length = 0; length <= packed.length; length += 1) {
      const part = packed.slice(0, length);
      if (whole.includes(length)) expect(unpackEntries(part)).toHaveLength(whole.indexOf(length));
      else expect(() => unpackEntries(part)).toThrow(expect.objectContaining({ code: 'malformed_tile' }));
    }
    expect(() => packEntries([new Uint8Array(ENTRY_BYTES_MAX + 1)])).toThrow(
      expect.objectContaining({ code: 'malformed_tile' }),
    );
  });
});
