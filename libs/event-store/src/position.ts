// Positions of a log that numbers its events densely from 1: `<tag>:<20 digits>`.
import type { GlobalPosition } from '@app/kernel';
import { StoreError } from './store-error.js';

/** The position of the `number`th event (>= 1) of a store whose positions carry `tag`. */
export function numberedPosition(tag: string, number: number): GlobalPosition {
  return `${tag}:${String(number).padStart(20, '0')}`;
}

/** The event's number. Throws InvalidPosition for text that this store never gave out. */
export function positionNumber(tag: string, position: GlobalPosition): number {
  const digits = position.startsWith(`${tag}:`) ? position.slice(tag.length + 1) : '';
  const number = /^\d{20}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(number)) {
    throw new StoreError('InvalidPosition', `"${position.slice(0, 80)}" is not a position of this log (${tag}:...)`);
  }
  return number;
}
