// What expressions see, and what compiling and evaluating them yields. All of it is pure and total.
import type { Json, JsonObject } from '@app/kernel';

export interface RunFacts {
  readonly id: string;
  readonly startedAt: string;
  readonly workflowId: string;
  readonly version: number;
}

export interface EvaluationScope {
  /** What plain paths are resolved against: `workflow` (the input), one key per finished executor node, `output`. */
  readonly context: JsonObject;
  /** The three names of CEL expressions. */
  readonly input: Json;
  readonly steps: JsonObject;
  readonly run: RunFacts;
}

export type Evaluated<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** Why a text was refused on saving. `line` and `column` count from 1. */
export interface ExpressionDefect {
  readonly defect: true;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  /** Inside a mapping: which element, as in `[2].transformation.config.prefix`. */
  readonly path?: string;
}

export function isDefect(value: unknown): value is ExpressionDefect {
  return typeof value === 'object' && value !== null && (value as { defect?: unknown }).defect === true;
}

/** A node id that an expression reads, so that the check can tell whether that node can have run before. */
export interface NodeReference {
  readonly nodeId: string;
  /** The path or expression as written. */
  readonly text: string;
}

export interface Compiled<In, Out> {
  readonly references: readonly NodeReference[];
  /** Never throws. */
  evaluate(scope: In): Evaluated<Out>;
}

/** A legacy condition, or CEL behind a leading `=`. */
export type CompiledCondition = Compiled<EvaluationScope, boolean>;
/** `inputMapping` or `transforms` of a node: from the whole context. */
export type CompiledInput = Compiled<EvaluationScope, Json>;
/** `outputMapping` of a node: from the response envelope. */
export type CompiledOutput = Compiled<JsonObject, Json>;
/** A literal in which every string with a leading `=` is a CEL expression. */
export type CompiledTemplate = Compiled<EvaluationScope, Json>;
