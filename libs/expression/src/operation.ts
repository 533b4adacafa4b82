// One transformation operation, compiled, and the reading of its spec.
import type { Json, JsonObject } from '@app/kernel';
import { joinPath } from './defect.js';
import type { Draft, Path } from './path.js';
import { parsePath } from './path.js';

/** What transformations need of the world; both values end up in the recorded step input, so a run stays explained. */
export interface TransformationEnvironment {
  /** Milliseconds since 1970-01-01T00:00:00Z; read by `$now` of `timestamp` at evaluation. */
  nowMs(): number;
  /** A random UUID (version 4), lower case with hyphens; read by `uuid` version 4 at evaluation. */
  randomUuid(): string;
}

export interface Operation {
  /** Sources that say which nodes are meant; paths that an operation merely changes in place are not among them. */
  readonly sources: readonly Path[];
  readonly targets: readonly Path[];
  /** The document afterwards is another one: paths behind this operation no longer start at the context. */
  readonly replaces: boolean;
  /** Throws EvaluationFailure. */
  apply(draft: Draft): void;
}

export interface OperationSettings {
  readonly spec: JsonObject;
  readonly require: boolean;
  readonly env: TransformationEnvironment;
}
export type OperationCompiler = (settings: OperationSettings) => Operation;

/** Why a spec is refused; `path` is relative to the spec. Never leaves this library. */
export class SpecProblem extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

export function inPlace(apply: (draft: Draft) => void, parts: Partial<Operation> = {}): Operation {
  return { sources: [], targets: [], replaces: false, ...parts, apply };
}

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function pathIn(value: Json | undefined, at: string, use: 'source' | 'target'): Path {
  if (typeof value !== 'string') throw new SpecProblem(at, 'must be a path (a string)');
  const path = parsePath(value, use);
  if ('problem' in path) throw new SpecProblem(at, path.problem);
  return path;
}

/** The path that a key of the spec is. */
export function keyPath(key: string): Path {
  const path = parsePath(key, 'target');
  if ('problem' in path) throw new SpecProblem(joinPath('', key), path.problem);
  return path;
}

export function listIn(value: Json | undefined, at: string): Json[] {
  if (!Array.isArray(value)) throw new SpecProblem(at, 'must be a list');
  return value;
}

export function recordIn(value: Json | undefined, at: string): JsonObject {
  if (!isRecord(value)) throw new SpecProblem(at, 'must be an object');
  return value;
}

export function textIn(value: Json | undefined, at: string): string {
  if (typeof value !== 'string') throw new SpecProblem(at, 'must be a string');
  return value;
}
