// The operations on one string: remove_characters, add_prefix, add_suffix, to_uppercase, to_lowercase. Where there is no
// string at the path, the document stays as it is.
import type { Operation, OperationCompiler, OperationSettings } from './operation.js';
import { inPlace, pathIn, SpecProblem, textIn } from './operation.js';
import { EvaluationFailure } from './path.js';

/** Characters of the longest text that may come out. */
const TEXT_LENGTH_MAX = 1_000_000;

export const textOperations: Readonly<Record<string, OperationCompiler>> = {
  remove_characters: (settings) => {
    const text = textIn(settings.spec.characters, 'characters');
    if (text.trim() === '') throw new SpecProblem('characters', 'must not be blank');
    const characters = new Set(text);
    return changing(settings, (value) => [...value].filter((character) => !characters.has(character)).join(''));
  },
  add_prefix: (settings) => {
    const prefix = required(settings, 'prefix');
    return changing(settings, (value) => prefix + value);
  },
  add_suffix: (settings) => {
    const suffix = required(settings, 'suffix');
    return changing(settings, (value) => value + suffix);
  },
  to_uppercase: (settings) => changing(settings, (value) => value.toUpperCase()),
  to_lowercase: (settings) => changing(settings, (value) => value.toLowerCase()),
};

function required({ spec }: OperationSettings, key: string): string {
  const text = textIn(spec[key], key);
  if (text === '') throw new SpecProblem(key, 'must not be empty');
  return text;
}

function changing({ spec }: OperationSettings, change: (value: string) => string): Operation {
  const path = pathIn(spec.path, 'path', 'source');
  return inPlace((draft) =>
    draft.update(path, (value) => {
      if (typeof value !== 'string') return undefined;
      const text = change(value);
      if (text.length <= TEXT_LENGTH_MAX || text.length <= value.length) return text;
      throw new EvaluationFailure(`the text is longer than ${TEXT_LENGTH_MAX} characters`);
    }),
  );
}
