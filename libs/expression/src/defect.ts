// How a defect says where it stands.
import type { ExpressionDefect } from './scope.js';

/** Message with the line and column (from 1) of a character offset (from 0) in the text. */
export function defectAt(text: string, offset: number, message: string): ExpressionDefect {
  const before = text.slice(0, Math.max(0, Math.min(offset, text.length)));
  const lineStart = before.lastIndexOf('\n') + 1;
  return { defect: true, message, line: before.split('\n').length, column: before.length - lineStart + 1 };
}

export function defectIn(path: string, message: string): ExpressionDefect {
  return { defect: true, message, path };
}

/** The same defect, seen from one level further out: `spec` and `[2].x` give `spec[2].x`, `spec` and `x` give `spec.x`. */
export function within(prefix: string, defect: ExpressionDefect): ExpressionDefect {
  return { ...defect, path: joinPath(prefix, defect.path ?? '') };
}

export function joinPath(prefix: string, path: string): string {
  if (prefix === '' || path === '' || path.startsWith('[')) return prefix + path;
  return `${prefix}.${path}`;
}

/** At most 80 characters of a text that somebody else wrote, for a message. */
export function excerpt(text: string): string {
  // A cut through a character must not leave half of it: such a text cannot stand in an event.
  return text.length > 80 ? `${text.slice(0, 77).toWellFormed()}...` : text;
}
