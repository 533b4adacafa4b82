// The frozen condition grammar of the wire contract (section 1.8):
//
//   condition = part { " OR " part }      part = term { " AND " term }
//   term      = operand [ operator operand ]      operator = ">=" | "<=" | "==" | "!=" | ">" | "<"
//   operand   = 'text' | "text" | true | false | number | dotted path
//
// Flow definitions written for the engine this grammar comes from were cut at every ` OR `, ` AND ` and operator, quotes
// or not. A text that makes sense cut like that keeps exactly that meaning; only a text that makes none is read again
// with quotes respected. So nothing that ever worked can change, and quoted strings may contain anything.
import type { Json } from '@app/kernel';
import { defectAt, excerpt } from './defect.js';
import { parseGoFloat } from './go-text.js';
import type { ExpressionDefect } from './scope.js';

export type ComparisonOperator = '>=' | '<=' | '==' | '!=' | '>' | '<';
export type Operand =
  | { readonly kind: 'literal'; readonly value: Exclude<Json, object> }
  | { readonly kind: 'path'; readonly text: string; readonly segments: readonly string[] };
export type Term =
  | { readonly kind: 'value'; readonly operand: Operand }
  | {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: Operand;
      readonly right: Operand;
    };
/** True when all terms of one of the parts are. */
export type Condition = readonly (readonly Term[])[];

/** Characters. */
export const CONDITION_LENGTH_MAX = 10_000;

const operatorsInOldOrder: readonly ComparisonOperator[] = ['>=', '<=', '==', '!=', '>', '<'];
const pathPattern = /^[^\s"'()!=<>[\]][^\s()!=<>[\]]*$/;
const reserved = new Set(['AND', 'OR', 'NOT', 'IN', 'null']);
const asCel = 'write it in CEL behind a leading "="';

export function parseCondition(text: string): Condition | ExpressionDefect {
  if (text.length > CONDITION_LENGTH_MAX) {
    return defectAt(text, 0, `is longer than ${CONDITION_LENGTH_MAX} characters`);
  }
  if (text.trim() === '') return defectAt(text, 0, 'is empty');
  return cutCondition(text) ?? new Reader(text).condition();
}

/** The old reading, or undefined when some operand of it is none. */
function cutCondition(text: string): Condition | undefined {
  const parts: Term[][] = [];
  for (const part of text.split(' OR ')) {
    const terms: Term[] = [];
    for (const piece of part.split(' AND ')) {
      const term = cutTerm(piece.trim());
      if (term === undefined) return undefined;
      terms.push(term);
    }
    parts.push(terms);
  }
  return parts;
}

function cutTerm(piece: string): Term | undefined {
  for (const operator of operatorsInOldOrder) {
    const at = piece.indexOf(operator);
    if (at <= 0) continue;
    const left = operandOf(piece.slice(0, at).trim());
    const right = operandOf(piece.slice(at + operator.length).trim());
    return left && right ? { kind: 'comparison', operator, left, right } : undefined;
  }
  const operand = operandOf(piece);
  return operand && { kind: 'value', operand };
}

function operandOf(text: string): Operand | undefined {
  const first = text[0];
  if (first === '"' || first === "'") {
    const closed = text.length >= 2 && text.endsWith(first);
    return closed ? { kind: 'literal', value: text.slice(1, -1) } : undefined;
  }
  return wordOperand(text);
}

function wordOperand(text: string): Operand | undefined {
  const lower = text.length <= 5 ? text.toLowerCase() : '';
  if (lower === 'true' || lower === 'false') return { kind: 'literal', value: lower === 'true' };
  const number = parseGoFloat(text);
  if (number !== undefined) return { kind: 'literal', value: number };
  if (!pathPattern.test(text) || reserved.has(text) || text.includes('&&') || text.includes('||')) return undefined;
  const segments = text.split('.');
  return segments.includes('') ? undefined : { kind: 'path', text, segments };
}

const blank = /\s*/y;
const operatorHere = /[><=!]=|[><]/y;
const wordHere = /[^\s()!=<>]+/y;
const connectiveHere = /\s+(AND|OR)(?=\s)/y;
const afterString = /\s*(?:$|[><=!]=|[><])|\s+(?:AND|OR)\s/y;

class Defective extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

/** Reads with quotes respected. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  condition(): Condition | ExpressionDefect {
    try {
      return this.parts();
    } catch (error) {
      if (error instanceof Defective) return defectAt(this.text, error.offset, error.message);
      throw error;
    }
  }

  private parts(): Term[][] {
    const parts: Term[][] = [[this.term()]];
    for (;;) {
      const connective = this.take(connectiveHere)?.trim();
      if (connective === undefined) break;
      const term = this.term();
      if (connective === 'OR') parts.push([term]);
      else parts.at(-1)?.push(term);
    }
    this.take(blank);
    if (this.at < this.text.length) this.refuseRest();
    return parts;
  }

  private term(): Term {
    const left = this.operand();
    const start = this.at;
    this.take(blank);
    const operator = this.take(operatorHere);
    if (operator === undefined) {
      this.at = start;
      return { kind: 'value', operand: left };
    }
    const right = this.operand();
    this.refuseSecondOperator();
    return { kind: 'comparison', operator: operator as ComparisonOperator, left, right };
  }

  private refuseSecondOperator(): void {
    const start = this.at;
    this.take(blank);
    const at = this.at;
    if (this.take(operatorHere) !== undefined) {
      throw new Defective(at, `a comparison has one operator; to combine them, ${asCel}`);
    }
    this.at = start;
  }

  private operand(): Operand {
    this.take(blank);
    const quote = this.text[this.at];
    if (quote === '"' || quote === "'") return { kind: 'literal', value: this.string(quote) };
    const start = this.at;
    const word = this.take(wordHere);
    if (word === undefined) throw new Defective(start, this.missingOperand());
    const operand = this.text[this.at] === '(' ? undefined : wordOperand(word);
    if (operand === undefined) throw new Defective(start, this.badWord(word));
    return operand;
  }

  /** A string ends at the first quote after which something else can begin; there are no escapes. */
  private string(quote: string): string {
    const start = this.at;
    let fallback = -1;
    for (let end = this.text.indexOf(quote, start + 1); end >= 0; end = this.text.indexOf(quote, end + 1)) {
      if (fallback < 0) fallback = end;
      this.at = end + 1;
      if (this.sees(afterString)) return this.text.slice(start + 1, end);
    }
    if (fallback < 0) throw new Defective(start, `the string has no closing ${quote}`);
    this.at = fallback + 1;
    return this.text.slice(start + 1, fallback);
  }

  private missingOperand(): string {
    const next = this.text[this.at];
    if (next === undefined) return 'ends where a value or a path is expected';
    if (next === '(' || next === ')') return `conditions have no parentheses; ${asCel}`;
    if (next === '!') return `conditions have no "!"; ${asCel}`;
    return `"${next}" stands where a value or a path is expected`;
  }

  private badWord(word: string): string {
    if (this.text[this.at] === '(') return `conditions have no functions or parentheses; ${asCel}`;
    if (word.includes('&&') || word.includes('||'))
      return `conditions are joined by AND and OR; for && and ||, ${asCel}`;
    if (/[[\]]/.test(word)) return `conditions cannot address elements of lists; ${asCel}`;
    if (reserved.has(word)) return `"${word}" is not part of the condition language; ${asCel}`;
    return `"${excerpt(word)}" is neither a value nor a path`;
  }

  private refuseRest(): never {
    const rest = this.text.slice(this.at);
    const word = /^[^\s()!=<>]+/.exec(rest)?.[0] ?? rest.slice(0, 1);
    throw new Defective(this.at, this.restMessage(word));
  }

  private restMessage(word: string): string {
    if (word === 'AND' || word === 'OR') return `ends where a value or a path is expected`;
    if (word === '(' || word === ')') return `conditions have no parentheses; ${asCel}`;
    if (word === '=') return 'a comparison for equality is written ==';
    if (word === 'and' || word === 'or') return 'AND and OR are written in upper case';
    if (word === '&&' || word === '||') return `conditions are joined by AND and OR; for && and ||, ${asCel}`;
    return `"${excerpt(word)}" is not expected here; for anything beyond comparisons joined by AND and OR, ${asCel}`;
  }

  private sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    return pattern.test(this.text);
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.at = pattern.lastIndex;
    return found[0];
  }
}
