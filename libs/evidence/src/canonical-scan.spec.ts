import fc from 'fast-check';
import { canonicalJson, jsonDefect } from '@app/kernel';
import { canonicalBytesDefect } from './canonical-scan.js';

const utf8 = new TextEncoder();
const problemOf = (text: string): string | undefined => canonicalBytesDefect(utf8.encode(text))?.problem;

/** The slow definition: parsed strictly and written again, it is the same text. */
function isCanonical(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text) as unknown;
    return !/"__proto__":/.test(text) && jsonDefect(value) === undefined && canonicalJson(value) === text;
  } catch {
    return false;
  }
}

const json = fc.jsonValue({ depthSize: 'medium' }).filter((value) => jsonDefect(value) === undefined);

describe('canonical JSON, told from the bytes', () => {
  it('accepts whatever the canonicaliser writes', () => {
    fc.assert(
      fc.property(json, (value) => expect(canonicalBytesDefect(utf8.encode(canonicalJson(value)))).toBeUndefined()),
      { numRuns: 1_000 },
    );
  });

  it('agrees with parsing and writing again when any byte is changed', () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.nat(255), (value, place, byte) => {
        const bytes = utf8.encode(canonicalJson(value));
        bytes[place % bytes.length] = byte;
        expect(canonicalBytesDefect(bytes) === undefined).toBe(isCanonical(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it('agrees with parsing and writing again on any text of the characters that JSON is made of', () => {
    const piece = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a":', '"b":', '"', '1', '0', '-', '.5', 'e+21', 'true', 'null', '\\u0000'],
      ...['\\n', '\\u000a', '\\/', 'é', '\u{1f600}', '"\u{1f600}":', '"\uffee":', ' ', '1e21', '1e+21', '100'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const bytes = utf8.encode(pieces.join(''));
        expect(canonicalBytesDefect(bytes) === undefined).toBe(isCanonical(bytes));
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    ['{"a":1,"a":1}', 'the key "a" stands twice'],
    ['{"b":1,"a":1}', 'keys are not in order'],
    ['{"ab":1,"a":1}', 'keys are not in order'],
    ['{"\u{1f600}":1,"\uffee":2}', undefined],
    ['{"\uffee":1,"\u{1f600}":2}', 'keys are not in order'],
    ['{"a": 1}', 'a value was expected here'],
    ['{"a":1} ', 'something follows the value'],
    ['{"a":1', 'a comma or the end of the object was expected here'],
    ['["a"', 'a comma or the end of the array was expected here'],
    ['"\\u00e9"', 'an escape that is not the canonical one'],
    ['"\\u001F"', 'an escape that is not the canonical one'],
    ['"\\u000a"', 'an escape that is not the canonical one'],
    ['"a', 'a string is cut off'],
    ['"\u0000"', 'a control character stands unescaped'],
    ['-0', '-0 is not how this number is written'],
    ['1.0', '1.0 is not how this number is written'],
    ['01', '01 is not how this number is written'],
    ['1e400', '1e400 is not how this number is written'],
    ['9007199254740993', '9007199254740993 is not how this number is written'],
    ['{"__proto__":1}', '__proto__ is a forbidden key'],
    ['', 'the value is cut off'],
    [`${'['.repeat(64)}${']'.repeat(64)}`, undefined],
    [`${'['.repeat(65)}${']'.repeat(65)}`, 'is nested too deep'],
  ])('%s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it.each([
    ['an overlong form', [0x22, 0xc0, 0x80, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a character beyond the last', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['a character cut off', [0x22, 0xe2, 0x82, 0x22]],
    ['a lone trailing byte', [0x22, 0x80, 0x22]],
  ])('%s is not UTF-8', (_name, bytes) => {
    expect(canonicalBytesDefect(Uint8Array.from(bytes))?.problem).toBe('the text is not UTF-8');
  });
});
