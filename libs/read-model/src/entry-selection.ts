// What every adapter does with a selection of entries besides finding them: counts them by facet, and looks at its `asOf`.
import type { FieldValue } from '@app/kernel';
import { StoreError } from '@app/event-store';
import { compareText } from './text-order.js';
import type { EntryDeclaration } from './view-declaration.js';
import type { FacetCount } from './view-store.js';

/** Brings counts per facet number together under the values of the facets that were asked for. */
export class FacetGroups {
  private readonly columns: readonly number[];

  /** Throws Error for a facet that the view does not declare. */
  constructor(
    { name, facets: declared }: EntryDeclaration,
    private readonly facets: readonly string[],
  ) {
    this.columns = facets.map((facet) => {
      const index = declared.findIndex((one) => one.name === facet);
      if (index === -1) throw new Error(`view ${name} has no facet "${facet}"`);
      return index;
    });
  }

  /**
   * Most first.
   * @param facetValues the values of each facet number
   * @param tally how many selected entries have each facet number
   */
  of(facetValues: readonly (readonly FieldValue[])[], tally: readonly number[]): FacetCount[] {
    const counted = new Map<string, { values: Record<string, FieldValue>; count: number }>();
    for (const [number, count] of tally.entries()) {
      if (count === 0) continue;
      const values = this.columns.map((column) => facetValues[number]?.[column] ?? null);
      const key = JSON.stringify(values);
      const known = counted.get(key);
      if (known) known.count += count;
      else counted.set(key, { values: this.named(values), count });
    }
    return [...counted.entries()]
      .sort(([a, x], [b, y]) => y.count - x.count || compareText(a, b))
      .map(([, count]) => count);
  }

  private named(values: readonly FieldValue[]): Record<string, FieldValue> {
    return Object.fromEntries(this.facets.map((facet, at) => [facet, values[at] ?? null]));
  }
}

/** A position of this log looks like every other one of it: same tag, same count of digits. */
export function checkPosition(position: string, sample: string | undefined): void {
  const shape = (text: string): string => text.replace(/\d/g, '0');
  const ok = sample === undefined ? /^[a-z]+:\d{20}(\/\d{20})?$/.test(position) : shape(position) === shape(sample);
  if (!ok) throw new StoreError('InvalidPosition', `"${position.slice(0, 80)}" is not a position of this log`);
}
