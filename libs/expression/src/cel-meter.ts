// Puts the budget into the operations of a type-checked CEL tree, and our equality in place of the library's.
import type { ASTNode } from '@marcbachmann/cel-js';
import { BUDGET, charge } from './cel-budget.js';
import { isEqual, isIn } from './cel-equality.js';
import type { CelNode } from './cel-tree.js';
import { bindsVariable, nodesOf } from './cel-tree.js';

/** Characters. */
const STRING_LENGTH_MAX = 1_000_000;
const CHARACTERS_PER_UNIT = 32;
/** Of one turn of a loop, beside the nodes in it; an error that is swallowed is the dearest thing in it. */
const STEP_COST = 20;
/** Of asking a timestamp for something in a named time zone. */
const TIME_ZONE_COST = 2_000;

type Handle = (...args: unknown[]) => unknown;

/** Puts the meter into every operation of a type-checked tree whose work grows with the data. */
export function installMeter(ast: ASTNode): void {
  for (const [node] of nodesOf(ast as unknown as CelNode)) {
    const loop = node.meta.alternate;
    if (loop?.op === 'comprehension') meterLoop(loop, node);
    else if (!bindsVariable(node)) meterOperation(node);
  }
}

function meterLoop(loop: CelNode, written: CelNode): void {
  let stepCost = STEP_COST;
  for (const _ of nodesOf(written)) stepCost += 1;
  const run = loop.handle as unknown as Handle;
  loop.handle = (items: unknown, ...rest: unknown[]) => {
    charge(sizeOf(items) * stepCost);
    return run(items, ...rest);
  };
}

function meterOperation(node: CelNode): void {
  if (node.op === '==') node.handle = (a: unknown, b: unknown) => isEqual(a, b);
  else if (node.op === '!=') node.handle = (a: unknown, b: unknown) => !isEqual(a, b);
  else if (node.op === 'in') meterMembership(node);
  else if (node.op === '+') meterSum(node);
  else if ((node.op === 'call' || node.op === 'rcall') && node.handle) meterCall(node);
}

function meterMembership(node: CelNode): void {
  const run = node.handle as unknown as Handle;
  node.handle = (a: unknown, b: unknown, ...rest: unknown[]) => isIn(a, b) ?? run(a, b, ...rest);
}

function meterSum(node: CelNode): void {
  const run = node.handle as unknown as Handle;
  node.handle = (a: unknown, b: unknown, ...rest: unknown[]) => {
    if (typeof a === 'string' && typeof b === 'string') chargeText(a.length + b.length);
    else if (Array.isArray(a) && Array.isArray(b)) charge(a.length + b.length);
    return run(a, b, ...rest);
  };
}

function meterCall(node: CelNode): void {
  const name = (node.args as [string])[0];
  const run = node.handle as unknown as Handle;
  node.handle = (args: unknown[], ...rest: unknown[]) => {
    chargeCall(name, args);
    return run(args, ...rest);
  };
}

function chargeCall(name: string, args: readonly unknown[]): void {
  for (const arg of args) if (typeof arg === 'string') charge(arg.length / CHARACTERS_PER_UNIT);
  const [first, second] = args;
  // The library looks for durations with an expression that goes back and forth, in cubic time.
  if (name === 'duration' && typeof first === 'string' && first.length > 64) charge(BUDGET);
  if (typeof first === 'string' && typeof second === 'string') charge((first.length * second.length) / 1_024);
  if (name.startsWith('get') && args.length === 2) charge(TIME_ZONE_COST);
  if (name === 'split' && typeof first === 'string') charge(first.length);
  if (Array.isArray(first)) chargeList(name, first, second);
}

function chargeList(name: string, list: readonly unknown[], separator: unknown): void {
  if (name !== 'join') return;
  charge(list.length);
  let length = list.length * (typeof separator === 'string' ? separator.length : 0);
  for (const element of list) length += typeof element === 'string' ? element.length : 0;
  chargeText(length);
}

function chargeText(length: number): void {
  if (length > STRING_LENGTH_MAX) charge(BUDGET);
  charge(length / CHARACTERS_PER_UNIT);
}

function sizeOf(items: unknown): number {
  if (Array.isArray(items)) return items.length;
  return typeof items === 'object' && items !== null ? Object.keys(items).length : 0;
}
