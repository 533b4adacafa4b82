import { searchedWordsOf, WORD_LENGTH_MAX, wordsOf } from './words.js';

describe('the words of a text', () => {
  it.each([
    ['Ana activated *KYC check* version 7', ['ana', 'activated', 'kyc', 'check', 'version', '7']],
    ['Crème brûlée, Straße, ÜBER', ['creme', 'brulee', 'straße', 'uber']],
    ['nodes[screen].data.timeout_ms', ['nodes', 'screen', 'data', 'timeout', 'ms']],
    ['run 0199AAB3-1234-7abc-8def-0123456789ab.', ['run', '0199aab3-1234-7abc-8def-0123456789ab']],
    ['東京 Москва', ['東京', 'москва']],
    [' "- * " ', []],
  ])('%j are %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are cut at their longest length', () => {
    expect(wordsOf('x'.repeat(500))).toEqual(['x'.repeat(WORD_LENGTH_MAX)]);
  });
});

describe('the words somebody searches', () => {
  it('hold no syntax and no word twice', () => {
    expect(searchedWordsOf('a OR "b" NEAR(a, c*) -d ^e')).toEqual(['a', 'or', 'b', 'near', 'c', 'd', 'e']);
  });

  it('keep the beginning of an id whole', () => {
    expect(searchedWordsOf('run 0199AAB3-1234-7')).toEqual(['run', '0199aab3-1234-7']);
  });
});
