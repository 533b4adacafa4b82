// What a word is, for the text search: the same rule when an entry is stored and when somebody asks.

/** Longer words are cut here, when stored and when asked for. */
export const WORD_LENGTH_MAX = 64;

const ascii = /^[\u0000-\u007f]*$/;
// An id is one word: cutting it at its dashes would cost five index entries and find too much.
const asciiWord = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-z0-9]+/g;
const unicodeWord = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[\p{L}\p{N}]+/gu;
const startOfId = /^[0-9a-f]{8}-[0-9a-f-]{0,27}$/;

/** The words of a text: letters and digits, in lower case, without accents; in the order of the text, with repetitions. */
export function wordsOf(text: string): string[] {
  const words = folded(text).match(ascii.test(text) ? asciiWord : unicodeWord) ?? [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.length > WORD_LENGTH_MAX) words[index] = word.slice(0, WORD_LENGTH_MAX);
  }
  return words;
}

/** What must be looked for when somebody types `query`: nothing in it is syntax, and the beginning of an id stays whole. */
export function searchedWordsOf(query: string): string[] {
  const found = new Set<string>();
  for (const part of folded(query).split(/\s+/)) {
    if (startOfId.test(part)) found.add(part);
    else for (const word of wordsOf(part)) found.add(word);
  }
  return [...found];
}

function folded(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  // Lower case may add accents and decomposition may add capitals: hence this order.
  return text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
