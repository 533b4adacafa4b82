// Which codes the sources can answer with: read from the sources themselves, so that a new one cannot go unnoticed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Node } from 'typescript';
import ts from 'typescript';

export interface FoundCode {
  readonly code: string;
  /** As in `libs/shell/src/problem.ts:85`. */
  readonly place: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
/** A code of the wire contract is one wherever it stands; an own code only where an answer is made of it. */
const contractCode = /^FLK-\d{4}$/;
const ownCode = /^[A-Z][A-Z0-9]+(_[A-Z0-9]+)*$/;
/** As in `ENOTFOUND`. */
const codeOfNode = /^E[A-Z]+$/;
/** Functions and decorators that take a code among their arguments. */
const makers = new Set(['refuse', 'finding', 'refuseBounds', 'WireCode', 'BodyLimit', 'methodFindings']);
const members = new Set(['code', 'tooLargeCode']);

/** Every code in the sources of the product: tests, contract suites and planted texts are none. */
export function codesOfProduct(): FoundCode[] {
  return ['libs', 'apps'].flatMap((area) =>
    readdirSync(join(root, area)).flatMap((library) =>
      sourcesOf(`${area}/${library}/src`).flatMap((path) => codesIn(readFileSync(join(root, path), 'utf8'), path)),
    ),
  );
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.ts') && !/\.(spec|contract)\.ts$/.test(file))
    .map((file) => `${folder}/${file}`);
}

/** The codes in one source text, in their order. */
export function codesIn(text: string, path: string): FoundCode[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: FoundCode[] = [];
  const visit = (node: Node): void => {
    if (ts.isStringLiteralLike(node) && isAnswer(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ code: node.text, place: `${path}:${line + 1}` });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isAnswer(literal: ts.StringLiteralLike): boolean {
  if (contractCode.test(literal.text)) return true;
  return ownCode.test(literal.text) && !codeOfNode.test(literal.text) && isMade(literal);
}

/** Directly, or as one of the alternatives of `? :`, `??` and `||`. */
function isMade(node: Node): boolean {
  const { parent } = node;
  if (ts.isCallExpression(parent)) return makers.has(nameOf(parent.expression)) && parent.expression !== node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node && members.has(parent.name.getText());
  const isChoice =
    (ts.isConditionalExpression(parent) && parent.condition !== node) ||
    (ts.isBinaryExpression(parent) && ['??', '||'].includes(parent.operatorToken.getText())) ||
    ts.isParenthesizedExpression(parent) ||
    ts.isAsExpression(parent);
  return isChoice && isMade(parent);
}

function nameOf(callee: Node): string {
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
}

/** The codes in a text for people: `FLK-0102, FLK-0105` and `FLK-0140 to FLK-0142`, which stands for all between. */
export function codesSaid(text: string, known: ReadonlySet<string>): string[] {
  const ranges = [...text.matchAll(/(FLK-\d{4}) to (FLK-\d{4})/g)].flatMap(([, from = '', to = '']) =>
    [...known].filter((code) => code >= from && code <= to),
  );
  const single = text.match(/FLK-\d{4}|\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [];
  return [...new Set([...ranges, ...single.filter((code) => known.has(code) || contractCode.test(code))])].sort();
}
