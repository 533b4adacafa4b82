// The terms under which an entry is found: one for each field's value, one for each word of its text. A term is a text
// whose order puts the values of one field, and the words, each in a row, so that a range of values and a prefix of a
// word are both a range of terms.
import type { FieldValue } from '@app/kernel';
import { sha256Hex } from '@app/kernel';
import type { DeclaredField } from './view-declaration.js';
import { justAbove, sortableNumber, storedText } from './text-order.js';
import { wordsOf } from './words.js';

const FIRST_FIELD = 0x41;
const WORD_MARK = '!';
const NONE_MARK = '-';
const VALUE_MARK = '=';
const ABOVE_VALUES = '>';
/** Above every character of a word: it is no letter and no digit. */
const ABOVE_WORDS = '\u{10FFFF}';

/** Terms from `from`, inclusive, to `to`, exclusive. */
export interface TermRange {
  readonly from: string;
  readonly to: string;
  /** Only `from` itself. */
  readonly exact: boolean;
}

/** Texts of which most recur, as those of steps do, are taken apart once. */
const TEXTS_KEPT = 1_000;

/** The terms of the words of a text, without repetition. For one text it is one and the same list for as long as it is kept. */
export class WordTerms {
  private readonly known = new Map<string, readonly string[]>();

  of(text: string): readonly string[] {
    const known = this.known.get(text);
    if (known) return known;
    if (this.known.size >= TEXTS_KEPT) this.known.clear();
    const terms = [...new Set(wordsOf(text))].map((word) => WORD_MARK + word);
    this.known.set(text, terms);
    return terms;
  }
}

/** The terms of one entry's values, in the order of the declared fields. */
export function valueTermsOf(values: readonly FieldValue[]): string[] {
  return values.map((value, index) => termOfValue(index, value));
}

export function prefixRange(word: string): TermRange {
  const from = WORD_MARK + word;
  return { from, to: from + ABOVE_WORDS, exact: false };
}

/** The word that the term stands for, or begins with; undefined for a field's value. */
export function wordOf(term: string): string | undefined {
  return term.startsWith(WORD_MARK) ? term.slice(WORD_MARK.length) : undefined;
}

/** The entries whose field has this value; null: has none. Undefined when the value is not of the field's type. */
export function equalRange(index: number, field: DeclaredField, value: FieldValue): TermRange | undefined {
  if (value !== null && !isOfType(field, value)) return undefined;
  const term = termOfValue(index, value);
  return { from: term, to: justAbove(term), exact: true };
}

/** All values of the field within the bounds; undefined when a bound is not of the field's type. */
export function valueRange(
  index: number,
  field: DeclaredField,
  from: string | number | undefined,
  to: string | number | undefined,
): TermRange | undefined {
  if (!isOfType(field, from) || !isOfType(field, to)) return undefined;
  return {
    from: from === undefined ? markOf(index) + VALUE_MARK : termOfValue(index, from),
    to: to === undefined ? markOf(index) + ABOVE_VALUES : justAbove(termOfValue(index, to)),
    exact: false,
  };
}

export function isOfType(field: DeclaredField, bound: string | number | undefined): boolean {
  return bound === undefined || (typeof bound === 'number') === (field.type === 'number');
}

/** What an index of PostgreSQL holds is short: of a longer term the beginning and a digest. */
const INDEXED_MAX = 600;

/** The term as an index with short keys has it. Longer ones stay apart from each other, but not in their order. */
export function indexedTerm(term: string): string {
  return term.length <= INDEXED_MAX ? term : beginningOf(term) + sha256Hex(term);
}

/** The range of such terms. Long values that begin alike are all in the range that one of them bounds. */
export function indexedRange({ from, to, exact }: TermRange): TermRange {
  if (from.length <= INDEXED_MAX && to.length <= INDEXED_MAX) return { from, to, exact };
  if (exact) return { from: indexedTerm(from), to: justAbove(indexedTerm(from)), exact };
  return { from: beginningOf(from), to: to.length <= INDEXED_MAX ? to : beginningOf(to) + ABOVE_WORDS, exact };
}

/** Never half a character. */
function beginningOf(term: string): string {
  if (term.length <= INDEXED_MAX) return term;
  const last = term.charCodeAt(INDEXED_MAX - 1);
  return term.slice(0, last >= 0xd800 && last < 0xdc00 ? INDEXED_MAX - 1 : INDEXED_MAX);
}

/** Whether the term stands for "no value". */
export function isNone(term: string): boolean {
  return term.charCodeAt(1) === NONE_MARK.charCodeAt(0) && term.charCodeAt(0) !== WORD_MARK.charCodeAt(0);
}

/** Which field the term belongs to, or -1 for a word. */
export function fieldOf(term: string): number {
  return term.charCodeAt(0) - FIRST_FIELD < 0 ? -1 : term.charCodeAt(0) - FIRST_FIELD;
}

function termOfValue(index: number, value: FieldValue): string {
  if (value === null) return markOf(index) + NONE_MARK;
  return markOf(index) + VALUE_MARK + (typeof value === 'number' ? sortableNumber(value) : storedText(value));
}

function markOf(index: number): string {
  return String.fromCharCode(FIRST_FIELD + index);
}
