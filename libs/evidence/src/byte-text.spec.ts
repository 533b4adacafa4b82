import fc from 'fast-check';
import {
  base64Of,
  base64UrlOf,
  bigEndian,
  bytesOfBase64,
  bytesOfBase64Url,
  hexOf,
  joinedBytes,
  numberOfBigEndian,
  numberOfDecimal,
  sameBytes,
  textOfUtf8,
  utf8Of,
  Utf8Shelf,
} from './byte-text.js';

describe('base64', () => {
  it('is what the platform writes, and is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(base64UrlOf(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes);
        expect(bytesOfBase64Url(base64UrlOf(bytes))).toEqual(bytes);
      }),
    );
  });

  it('has one spelling for the same bytes', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ABCDwxyz0189+/-_= \n'), maxLength: 9 });
    fc.assert(
      fc.property(text, (one) => {
        const [standard, url] = [bytesOfBase64(one), bytesOfBase64Url(one)];
        if (standard) expect(base64Of(standard)).toBe(one);
        if (url) expect(base64UrlOf(url)).toBe(one);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'AB==',
    'AAB=',
    'AA==AA==',
    '====',
    '=',
    'AAAA=',
    'AAAA====',
    'AA A',
    'AA\n==',
    'é===',
  ])('is not read from %j', (text) => {
    expect(bytesOfBase64(text)).toBeUndefined();
  });

  it.each(['A', 'AB', 'AAB', 'AA==', 'A+', 'A/', 'AAé'])('for addresses is not read from %j', (text) => {
    expect(bytesOfBase64Url(text)).toBeUndefined();
  });
});

describe('numbers', () => {
  it('are read back from their bytes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(numberOfBigEndian(bigEndian(value, 8))).toBe(value);
        expect(Buffer.from(bigEndian(value, 8)).readBigUInt64BE()).toBe(BigInt(value));
        expect(numberOfDecimal(String(value))).toBe(value);
      }),
    );
  });

  it.each(['', '-1', '+1', '01', '1.0', '1e3', ' 1', '1 ', '0x1', '٣', '9007199254740992', '99999999999999999999'])(
    'are not read from %j',
    (text) => {
      expect(numberOfDecimal(text)).toBeUndefined();
    },
  );
});

describe('bytes', () => {
  it('are compared and joined', () => {
    const one = Uint8Array.of(1, 2, 3);
    expect(sameBytes(one, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(sameBytes(one, Uint8Array.of(1, 2))).toBe(false);
    expect(sameBytes(one, Uint8Array.of(1, 2, 4))).toBe(false);
    expect(hexOf(Uint8Array.of(0, 10, 255))).toBe('000aff');
    expect(joinedBytes([one, new Uint8Array(0), Uint8Array.of(9)])).toEqual(Uint8Array.of(1, 2, 3, 9));
  });

  it('are text only when they are UTF-8, and no character is dropped', () => {
    expect(textOfUtf8(utf8Of('\ufeffgrün 😀'))).toBe('\ufeffgrün 😀');
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      expect(textOfUtf8(Uint8Array.from(bytes))).toBeUndefined();
    }
  });
});

describe('a shelf of texts', () => {
  it('holds each as its own UTF-8, however many and however long they are', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), fc.integer({ min: 1, max: 256 }), (texts, bytes) => {
        const shelf = new Utf8Shelf(bytes);
        const kept = texts.map((one) => shelf.utf8Of(one));
        expect(kept.map((one) => [...one])).toEqual(texts.map((one) => [...utf8Of(one)]));
      }),
    );
  });
});
