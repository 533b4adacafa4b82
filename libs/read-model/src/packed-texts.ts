// A list of texts as one text: PostgreSQL takes it apart faster than it reads a list of its own, which would have to be
// quoted and escaped besides. What is packed must be stored texts or JSON: in neither does U+0001 stand before U+0004.

export const SEPARATOR = '\u0001\u0004';

/** The same as a literal of SQL. */
export const SEPARATOR_SQL = String.raw`E'\x01\x04'`;

/** `texts` must not be one empty text alone, which looks like none. */
export function packed(texts: readonly string[]): string {
  return texts.join(SEPARATOR);
}
