// The literal `output` of `set_output`. A string with a leading `=` is a CEL expression and stands for its value; a
// string with a leading `==` stands for itself less the first `=`; everything else stands for itself. Keys are literal.
import type { Json } from '@app/kernel';
import { JSON_DEPTH_MAX } from '@app/kernel';
import { compileExpression } from './cel.js';
import { defectIn, joinPath, within } from './defect.js';
import type { CompiledTemplate, Evaluated, EvaluationScope, ExpressionDefect, NodeReference } from './scope.js';
import { isDefect } from './scope.js';

type Piece = (scope: EvaluationScope) => Json;

/** What compiling one literal finds. */
interface Findings {
  readonly references: NodeReference[];
  readonly defects: ExpressionDefect[];
}

class TemplateFailure extends Error {}

/** Paths of defects and of failures are relative to the literal, as in `customer.tags[0]`. */
export function compileTemplate(literal: Json): CompiledTemplate | ExpressionDefect[] {
  const findings: Findings = { references: [], defects: [] };
  const piece = compilePiece(literal, '', 1, findings);
  if (findings.defects.length > 0) return findings.defects;
  const value = literal;
  if (!piece) return { references: [], evaluate: () => ({ ok: true, value }) };
  return { references: findings.references, evaluate: (scope) => evaluateSafely(piece, scope) };
}

function evaluateSafely(piece: Piece, scope: EvaluationScope): Evaluated<Json> {
  try {
    return { ok: true, value: piece(scope) };
  } catch (error) {
    return { ok: false, message: error instanceof TemplateFailure ? error.message : 'the output cannot be built' };
  }
}

/** How the value is made in a run, or undefined when it is always the same. */
function compilePiece(value: Json, path: string, depth: number, findings: Findings): Piece | undefined {
  if (typeof value === 'string') return compileText(value, path, findings);
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > JSON_DEPTH_MAX) {
    findings.defects.push(defectIn(path.slice(0, 200), `is nested deeper than ${JSON_DEPTH_MAX} levels`));
    return undefined;
  }
  return Array.isArray(value) ? compileList(value, path, depth, findings) : compileMap(value, path, depth, findings);
}

function compileText(text: string, path: string, findings: Findings): Piece | undefined {
  if (!text.startsWith('=')) return undefined;
  if (text.startsWith('==')) {
    const itself = text.slice(1);
    return () => itself;
  }
  const expression = compileExpression(text);
  if (isDefect(expression)) {
    findings.defects.push(within(path, expression));
    return undefined;
  }
  findings.references.push(...expression.references);
  return (scope) => {
    const found = expression.evaluate(scope);
    if (found.ok) return found.value;
    throw new TemplateFailure(path === '' ? found.message : `${path}: ${found.message}`);
  };
}

function compileList(list: readonly Json[], path: string, depth: number, findings: Findings): Piece | undefined {
  const pieces = list.map((element, index) => compilePiece(element, `${path}[${index}]`, depth + 1, findings));
  if (pieces.every((piece) => piece === undefined)) return undefined;
  return (scope) =>
    list.map((element, index) => {
      const piece = pieces[index];
      return piece ? piece(scope) : element;
    });
}

function compileMap(
  map: { readonly [key: string]: Json },
  path: string,
  depth: number,
  findings: Findings,
): Piece | undefined {
  const pieces: [key: string, piece: Piece][] = [];
  for (const [key, value] of Object.entries(map)) {
    if (key === '__proto__') findings.defects.push(defectIn(joinPath(path, key), 'is a forbidden key'));
    const piece = compilePiece(value, joinPath(path, key), depth + 1, findings);
    if (piece) pieces.push([key, piece]);
  }
  if (pieces.length === 0) return undefined;
  return (scope) => {
    const made = { ...map };
    for (const [key, piece] of pieces) made[key] = piece(scope);
    return made;
  };
}
