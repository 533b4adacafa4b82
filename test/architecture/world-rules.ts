// Rules about what a file may touch: the clock, chance, timers, the environment.
import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-file.js';
import type { Finding, Rule } from './rule.js';
import { lineOf, nodesOf } from './source-file.js';
import {
  claimsPurity,
  decorated,
  entryNames,
  isTest,
  loopsFile,
  placeOf,
  portsOf,
  suffixes,
  suffixOf,
  technologies,
} from './house.js';

const world = new Set([
  'process',
  'globalThis',
  'global',
  'console',
  'crypto',
  'performance',
  'fetch',
  'Buffer',
  'queueMicrotask',
  'setImmediate',
]);
const timers = new Set(['setTimeout', 'setInterval']);
const members = new Set(['Date.now', 'Math.random', 'AbortSignal.timeout']);

/** Whether the identifier names a value of this file's surroundings, not a property, a type or something local. */
function isFreeValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent)) return false;
  const named = parent as { readonly name?: ts.Node };
  return named.name !== node || ts.isShorthandPropertyAssignment(parent);
}

/** Names that the file itself binds anywhere. */
function boundIn(tree: ts.SourceFile): Set<string> {
  const bound = new Set<string>();
  for (const node of nodesOf(tree)) {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isImportSpecifier(node);
    if (declares && node.name && ts.isIdentifier(node.name)) bound.add(node.name.text);
  }
  return bound;
}

function* freeUses(tree: ts.SourceFile, names: ReadonlySet<string>): Iterable<Finding> {
  const bound = boundIn(tree);
  for (const node of nodesOf(tree)) {
    if (ts.isIdentifier(node) && names.has(node.text) && !bound.has(node.text) && isFreeValue(node)) {
      yield { line: lineOf(tree, node), message: `uses ${node.text}` };
    }
  }
}

export const pureBehaviourRule: Rule = {
  name: 'pure-behaviour',
  sentence: 'A file without a suffix knows no clock, no chance, no environment and no network.',
  *check({ path, tree }) {
    if (!claimsPurity(path)) return;
    yield* freeUses(tree, world);
    for (const node of nodesOf(tree)) {
      if (ts.isPropertyAccessExpression(node) && members.has(node.getText(tree))) {
        yield { line: lineOf(tree, node), message: `uses ${node.getText(tree)}` };
      }
      if (ts.isNewExpression(node) && node.expression.getText(tree) === 'Date' && !node.arguments?.length) {
        yield { line: lineOf(tree, node), message: 'asks the clock by new Date()' };
      }
    }
  },
};

export const oneTimerFileRule: Rule = {
  name: 'one-timer-file',
  sentence: `Timers are set in one file, ${loopsFile}; a deadline of a single call is a listed exception.`,
  *check(file) {
    if (isTest(file.path) || placeOf(file.path).kind === 'other' || file.path === loopsFile) return;
    yield* freeUses(file.tree, timers);
    yield* timerImports(file);
  },
};

function* timerImports({ imports }: SourceFile): Iterable<Finding> {
  for (const { from, line } of imports) {
    if (/^(node:)?timers(\/promises)?$/.test(from)) yield { line, message: `imports ${from}` };
  }
}

export const plainClassesRule: Rule = {
  name: 'plain-classes',
  sentence: 'Adapters, workers, aggregates and everything pure carry no decorator.',
  *check({ path, tree }) {
    if (isTest(path) || decorated.includes(suffixOf(path) ?? '')) return;
    if (entryNames.includes(posix.basename(path))) return;
    for (const node of nodesOf(tree)) {
      if (ts.isDecorator(node))
        yield { line: lineOf(tree, node), message: `carries ${node.getText(tree).slice(0, 40)}` };
    }
  },
};

export const knownSuffixRule: Rule = {
  name: 'known-suffix',
  sentence: 'A suffix is a known one or the name of a port, or the name begins with the technology behind it.',
  *check({ path }, files) {
    const suffix = suffixOf(path);
    if (suffix === undefined || placeOf(path).kind === 'other' || suffixes.includes(suffix)) return;
    if (technologies.includes(posix.basename(path).split('.')[0] ?? '')) return;
    if (!portsOf(files).has(suffix)) yield { line: 1, message: `.${suffix} is neither a known suffix nor a port` };
  },
};

export const portContractRule: Rule = {
  name: 'port-contract',
  sentence: 'A port with several adapters has a contract suite that each passes.',
  *check({ path }, files) {
    if (!isAdapter(path, files)) return;
    const port = suffixOf(path) ?? '';
    const suite = `${port}.contract.ts`;
    if (files.some((other) => other.path.endsWith(`/${suite}`))) return;
    const siblings = files.filter((other) => suffixOf(other.path) === port && isAdapter(other.path, files));
    if (siblings.length > 1) yield { line: 1, message: `there is no ${suite} for this adapter to pass` };
  },
};

function isAdapter(path: string, files: readonly SourceFile[]): boolean {
  const suffix = suffixOf(path) ?? '';
  return !isTest(path) && !suffixes.includes(suffix) && portsOf(files).has(suffix);
}
