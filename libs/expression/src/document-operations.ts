// The operations that move values about: shift, concat, coalesce, extract, default, delete, pass.
import type { Json } from '@app/kernel';
import { isEqual } from './cel-equality.js';
import { startBudget } from './cel-budget.js';
import type { Operation, OperationCompiler, OperationSettings } from './operation.js';
import { inPlace, keyPath, listIn, pathIn, recordIn, SpecProblem, textIn } from './operation.js';
import type { Path } from './path.js';
import { absentValue, Draft, EvaluationFailure, hasWildcard, readPath } from './path.js';

/** Characters of a text that `concat` makes. */
const TEXT_LENGTH_MAX = 1_000_000;

export const documentOperations: Readonly<Record<string, OperationCompiler>> = {
  shift,
  concat,
  coalesce,
  extract,
  default: setConstants,
  delete: removePaths,
  pass: () => inPlace(() => undefined),
};

/** The value of a source; a missing one is `null`, or the end of the evaluation when it is required. */
export function sourceValue(document: Json, path: Path, required: boolean): Json {
  const value = readPath(document, path, required);
  if (value === undefined && required) {
    throw new EvaluationFailure(`the required source ${JSON.stringify(path.text)} is missing`);
  }
  return value === undefined ? absentValue(path) : value;
}

/** Builds a new document. Targets are written in the order of the spec, so a later one wins where two overlap. */
function shift({ spec, require }: OperationSettings): Operation {
  const moves = Object.entries(spec).map(([key, value]) => {
    const listed = Array.isArray(value);
    const texts = listed ? value : [value];
    const sources = texts.map((text, index) => pathIn(text, listed ? `${key}[${index}]` : key, 'source'));
    return { target: keyPath(key), listed, sources };
  });
  return {
    sources: moves.flatMap((move) => move.sources),
    targets: [],
    replaces: true,
    apply: (draft) => {
      const built = new Draft({});
      for (const { target, listed, sources } of moves) {
        for (const source of sources) {
          const value = sourceValue(draft.document, source, require);
          built.write(target, listed ? [value] : value);
        }
      }
      draft.document = built.document;
    },
  };
}

function concat({ spec, require }: OperationSettings): Operation {
  const target = pathIn(spec.targetPath, 'targetPath', 'target');
  const delimiter = spec.delim === undefined ? '' : textIn(spec.delim, 'delim');
  const pieces = listIn(spec.sources, 'sources').map((entry, index): string | Path => {
    const at = `sources[${index}]`;
    const source = recordIn(entry, at);
    if (source.value !== undefined) return textIn(source.value, `${at}.value`);
    if (source.path === undefined) throw new SpecProblem(at, 'must have a value or a path');
    return pathIn(source.path, `${at}.path`, 'source');
  });
  const sources = pieces.filter((piece) => typeof piece !== 'string');
  return inPlace(
    (draft) => {
      const texts = pieces.map((piece) =>
        typeof piece === 'string' ? piece : textOf(sourceValue(draft.document, piece, require)),
      );
      draft.write(target, bounded(texts.join(delimiter)));
    },
    { sources, targets: [target] },
  );
}

function bounded(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text;
  throw new EvaluationFailure(`the text is longer than ${TEXT_LENGTH_MAX} characters`);
}

function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value
    .filter((element) => element !== null)
    .map((element) => (typeof element === 'string' ? element : JSON.stringify(element)))
    .join('');
}

function coalesce({ spec, require }: OperationSettings): Operation {
  if (require) throw new SpecProblem('', 'coalesce cannot be combined with require');
  const ignored = spec.ignore === undefined ? [] : listIn(spec.ignore, 'ignore');
  const choices = Object.entries(spec)
    .filter(([key]) => key !== 'ignore')
    .map(([key, value]) => ({
      target: keyPath(key),
      sources: listIn(value, key).map((text, index) => pathIn(text, `${key}[${index}]`, 'source')),
    }));
  const isIgnored = (value: Json): boolean => {
    startBudget();
    return ignored.some((other) => isEqual(value, other));
  };
  return inPlace(
    (draft) => {
      for (const { target, sources } of choices) {
        for (const source of sources) {
          const value = readPath(draft.document, source);
          if (value === undefined || value === null || isIgnored(value)) continue;
          draft.write(target, value);
          break;
        }
      }
    },
    { sources: choices.flatMap((choice) => choice.sources), targets: choices.map((choice) => choice.target) },
  );
}

function extract({ spec, require }: OperationSettings): Operation {
  const path = pathIn(spec.path, 'path', 'source');
  return {
    sources: [path],
    targets: [],
    replaces: true,
    apply: (draft) => {
      draft.document = sourceValue(draft.document, path, require);
    },
  };
}

/** Sets each constant, whether or not there is a value already. */
function setConstants({ spec }: OperationSettings): Operation {
  const constants = Object.entries(spec).map(([key, value]) => ({ target: keyPath(key), value }));
  return inPlace(
    (draft) => {
      for (const { target, value } of constants) draft.write(target, value);
    },
    { targets: constants.map((constant) => constant.target) },
  );
}

function removePaths({ spec, require }: OperationSettings): Operation {
  const paths = listIn(spec.paths, 'paths').map((text, index) => {
    const path = pathIn(text, `paths[${index}]`, 'source');
    if (hasWildcard(path)) throw new SpecProblem(`paths[${index}]`, '[*] cannot be deleted');
    if (path.steps.length === 0) throw new SpecProblem(`paths[${index}]`, 'the whole document cannot be deleted');
    return path;
  });
  return inPlace((draft) => {
    for (const path of paths) {
      if (draft.remove(path) || !require) continue;
      throw new EvaluationFailure(`the required path ${JSON.stringify(path.text)} is missing`);
    }
  });
}
