// Marks of the evidence that are JSON: whoever can write to its store, or a failing disk, may have left anything there.
import { StoreError } from '@app/event-store';
import type { StoreMark } from './evidence-store.js';

/** @param text as the mark holds it. Throws StoreError: Corrupt, for what nobody here has written. */
export function keptJson<T extends object>(name: StoreMark, text: string): T {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new StoreError('Corrupt', `the evidence is damaged: its mark "${name}" cannot be read`);
}
