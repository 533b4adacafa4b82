// What a selection of entries asks, brought into the form in which a block can answer it.
import type { FieldValue } from '@app/kernel';
import type { Zone } from './entry-block.js';
import { equalRange, isNone, isOfType, prefixRange, type TermRange, valueRange } from './entry-terms.js';
import { compareText, compareValues } from './text-order.js';
import type { DeclaredField, EntryDeclaration } from './view-declaration.js';
import type { EntrySelection, FieldFilter } from './view-store.js';
import { searchedWordsOf } from './words.js';

/** An entry must have a term in one of these ranges. */
export interface TermCondition {
  /** Index of the field, -1 for a word. */
  readonly field: number;
  readonly ranges: readonly TermRange[];
}

export interface Conditions {
  /** Whether a combination of facet values will do; undefined: any. */
  readonly facet: ((values: readonly FieldValue[]) => boolean) | undefined;
  readonly terms: readonly TermCondition[];
}

/** Throws Error for a field that the view does not declare. */
export function conditionsOf(declaration: EntryDeclaration, { filters = [], words = [] }: EntrySelection): Conditions {
  const facetTests: ((values: readonly FieldValue[]) => boolean)[] = [];
  const terms: TermCondition[] = [];
  for (const filter of filters) {
    const facet = declaration.facets.findIndex(({ name }) => name === filter.field);
    const declared = declaration.facets[facet];
    if (declared) {
      const passes = valueTest(declared, filter);
      facetTests.push((values) => passes(values[facet] ?? null));
    } else terms.push(fieldCondition(declaration, filter));
  }
  for (const word of words.flatMap(searchedWordsOf)) terms.push({ field: -1, ranges: [prefixRange(word)] });
  return {
    facet: facetTests.length === 0 ? undefined : (values) => facetTests.every((passes) => passes(values)),
    terms: terms.sort((a, b) => promiseOf(b) - promiseOf(a)),
  };
}

/** What the filter says of one value. */
export function valueTest(field: DeclaredField, filter: FieldFilter): (value: FieldValue) => boolean {
  if ('equals' in filter) return (value) => value === filter.equals;
  if ('in' in filter) {
    const listed = new Set<FieldValue>(filter.in);
    return (value) => value !== null && listed.has(value);
  }
  const { from, to } = filter;
  if (!isOfType(field, from) || !isOfType(field, to)) return () => false;
  return (value) =>
    value !== null &&
    (from === undefined || compareValues(value, from) >= 0) &&
    (to === undefined || compareValues(value, to) <= 0);
}

function fieldCondition(declaration: EntryDeclaration, filter: FieldFilter): TermCondition {
  const field = declaration.fields.findIndex(({ name }) => name === filter.field);
  const declared = declaration.fields[field];
  if (!declared) throw new Error(`view ${declaration.name} has no field "${filter.field}"`);
  const ranges =
    'equals' in filter
      ? [equalRange(field, declared, filter.equals)]
      : 'in' in filter
        ? [...new Set(filter.in)].map((value) => equalRange(field, declared, value))
        : [valueRange(field, declared, filter.from, filter.to)];
  return { field, ranges: ranges.filter((range) => range !== undefined) };
}

/** What is asked first: one exact value before a word, a long word before a short one, a range of values last. */
function promiseOf({ field, ranges }: TermCondition): number {
  if (ranges.length !== 1) return 1 / (1 + ranges.length);
  const [range] = ranges;
  if (range?.exact) return 1000;
  return field === -1 ? (range?.from.length ?? 0) : 0;
}

/** What the bounds of a block's values tell: every entry meets the condition, none does, or look for these ranges. */
export function rangesWithin({ field, ranges }: TermCondition, zone: Zone | undefined): 'all' | readonly TermRange[] {
  if (field === -1 || zone === undefined) return ranges;
  const left: TermRange[] = [];
  for (const range of ranges) {
    if (range.exact && isNone(range.from)) {
      if (zone === null) return 'all';
      if (!zone.full) left.push(range);
      continue;
    }
    if (zone === null || compareText(range.from, zone.high) > 0 || compareText(range.to, zone.low) <= 0) continue;
    if (zone.full && compareText(range.from, zone.low) <= 0 && compareText(range.to, zone.high) > 0) return 'all';
    left.push(range);
  }
  return left;
}
