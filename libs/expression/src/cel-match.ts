// Regular expressions in linear time: RE2 syntax, no back-references, no look-around.
import { RE2JS } from 're2js';
import { charge } from './cel-budget.js';

/** Characters. */
const PATTERN_LENGTH_MAX = 500;
const PROGRAM_SIZE_MAX = 2_000;
const CACHED_MAX = 200;
const cached = new Map<string, RE2JS>();

/** Why the pattern is refused, or undefined. */
export function patternProblem(pattern: string): string | undefined {
  try {
    compiled(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'the pattern cannot be compiled';
  }
}

/** Whether the pattern matches anywhere in the text. Throws for a pattern that cannot be compiled. */
export function matchesLinearly(text: string, pattern: string): boolean {
  const program = compiled(pattern);
  charge(1 + (text.length * program.programSize()) / 8);
  return program.test(text);
}

function compiled(pattern: string): RE2JS {
  const known = cached.get(pattern);
  if (known) return known;
  if (pattern.length > PATTERN_LENGTH_MAX)
    throw new Error(`the pattern is longer than ${PATTERN_LENGTH_MAX} characters`);
  const program = compile(pattern);
  if (program.programSize() > PROGRAM_SIZE_MAX) throw new Error('the pattern repeats too much');
  if (cached.size >= CACHED_MAX) cached.delete(cached.keys().next().value ?? '');
  cached.set(pattern, program);
  return program;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(`the pattern cannot be compiled: ${error instanceof Error ? error.message : 'unknown syntax'}`, {
      cause: error,
    });
  }
}
