// One variable of the environment: what it is called, what it means, and how its text becomes a value.

export interface Setting<T> {
  readonly name: string;
  /** As the table shows it. */
  readonly type: string;
  readonly fallback: string;
  readonly sentence: string;
  /** The value, or throws RangeError saying what is expected, without the text. */
  readonly read: (text: string) => T;
}

export function setting<T>(
  name: string,
  type: string,
  fallback: string,
  sentence: string,
  read: (text: string) => T,
): Setting<T> {
  return { name, type, fallback, sentence, read };
}
