// A resource's revision on the wire (RFC 9110, sections 8.8.3 and 13.1.1).
import type { Refusal } from '@app/kernel';
import { refuse } from '@app/kernel';

/** The entity tag of a resource whose stream stands at `revision` (>= 0): `"7"`. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

const entityTag = /^(?:W\/)?"(\d{1,15})"$/;

/**
 * The revision that an `If-Match` header demands; undefined when there is none or it is `*`.
 * A header that is no entity tag of ours is an `invalid` refusal.
 */
export function expectedRevisionOf(ifMatch: string | undefined): number | undefined | Refusal {
  const text = ifMatch?.trim();
  if (text === undefined || text === '' || text === '*') return undefined;
  const revision = entityTag.exec(text)?.[1];
  if (revision === undefined) {
    return refuse('invalid', 'INVALID_IF_MATCH', 'If-Match must be an ETag of this resource, as in "3", or *', [
      { field: 'If-Match', message: 'must be one entity tag, as in "3"' },
    ]);
  }
  return Number(revision);
}
