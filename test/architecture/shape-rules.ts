// Rules about sizes, names and places.
import { posix } from 'node:path';
import ts from 'typescript';
import type { Rule } from './rule.js';
import { hasModifier, lineOf, nodesOf } from './source-file.js';
import {
  CODE_LINES_PER_FILE_MAX,
  CODE_LINES_PER_FUNCTION_MAX,
  emptyWordsOf,
  isTest,
  namesToAvoid,
  placeOf,
  wordsOf,
} from './house.js';

export const fileSizeRule: Rule = {
  name: 'file-size',
  sentence: `A file has at most ${CODE_LINES_PER_FILE_MAX} lines of code; specs and contract suites, being tables, may have more.`,
  *check({ path, codeLines }) {
    const isSuite = /\.(spec|contract)\.ts$/.test(path);
    if (!isSuite && codeLines.size > CODE_LINES_PER_FILE_MAX) {
      yield { line: 1, message: `${codeLines.size} lines of code` };
    }
  },
};

export const functionSizeRule: Rule = {
  name: 'function-size',
  sentence: `A function has at most ${CODE_LINES_PER_FUNCTION_MAX} lines of code; the suites' describe blocks are not meant.`,
  *check({ path, tree, codeLines }) {
    if (isTest(path)) return;
    for (const node of nodesOf(tree)) {
      if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) continue;
      const first = lineOf(tree, node);
      const last = tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
      const count = [...codeLines].filter((line) => line >= first && line <= last).length;
      if (count > CODE_LINES_PER_FUNCTION_MAX) yield { line: first, message: `a function of ${count} lines of code` };
    }
  },
};

export const flatRule: Rule = {
  name: 'flat',
  sentence: 'Every source file of a library or application stands directly in its src folder.',
  *check({ path }) {
    if (placeOf(path).kind !== 'other' && !/^(libs|apps)\/[^/]+\/src\/[^/]+\.ts$/.test(path)) {
      yield { line: 1, message: 'stands deeper than <library>/src/<file>' };
    }
  },
};

export const fileNamesRule: Rule = {
  name: 'file-names',
  sentence: `No file is called ${namesToAvoid.join(', ')}.`,
  *check({ path }) {
    const wrong = emptyWordsOf(posix.basename(path, '.ts'));
    if (wrong.length > 0) yield { line: 1, message: `is called ${wrong.join(', ')}` };
  },
};

export const typeNamesRule: Rule = {
  name: 'type-names',
  sentence: `No exported class, interface or type is called ${namesToAvoid.join(', ')}, or has the prefix I.`,
  *check({ tree }) {
    for (const node of tree.statements) {
      const isType = ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
      if (!isType || !node.name || !hasModifier(node, ts.SyntaxKind.ExportKeyword)) continue;
      const name = node.name.text;
      const wrong = emptyWordsOf(name);
      if (wrong.length > 0) yield { line: lineOf(tree, node), message: `${name} says ${wrong.join(', ')}` };
      if (/^I[A-Z][a-z]/.test(name)) yield { line: lineOf(tree, node), message: `${name} has the prefix I` };
    }
  },
};

export const namedExportsRule: Rule = {
  name: 'named-exports',
  sentence: 'There are no default exports.',
  *check({ tree }) {
    for (const node of tree.statements) {
      const isDefault = ts.isExportAssignment(node) || hasModifier(node, ts.SyntaxKind.DefaultKeyword);
      if (isDefault) yield { line: lineOf(tree, node), message: 'exports a default' };
    }
  },
};

export const statedRevisionRule: Rule = {
  name: 'stated-revision',
  sentence: 'Only leases append with the expected revision any; suites may, to show what it does.',
  *check({ path, tree }) {
    if (isTest(path) || wordsOf(posix.basename(path)).includes('lease')) return;
    for (const node of nodesOf(tree)) {
      if (!ts.isPropertyAssignment(node) || node.name.getText(tree) !== 'expectedRevision') continue;
      const says = [...nodesOf(node.initializer)].some((part) => ts.isStringLiteralLike(part) && part.text === 'any');
      if (says) yield { line: lineOf(tree, node), message: "appends with expectedRevision 'any'" };
    }
  },
};

export const noSkippedTestsRule: Rule = {
  name: 'no-skipped-tests',
  sentence: 'No test is skipped, alone or announced.',
  *check({ tree }) {
    for (const node of nodesOf(tree)) {
      if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) continue;
      const isSuite = ['it', 'test', 'describe'].includes(node.expression.text);
      if (isSuite && ['skip', 'only', 'todo'].includes(node.name.text)) {
        yield { line: lineOf(tree, node), message: node.getText(tree) };
      }
    }
  },
};

export const noUnfinishedWorkRule: Rule = {
  name: 'no-unfinished-work',
  sentence: 'No comment announces work that is still to be done.',
  *check({ path, tree }) {
    if (path.startsWith('test/architecture/')) return;
    const wish = /(?:\/\/|\*).*\b(?:TODO|FIXME|XXX|HACK)\b/;
    for (const [index, text] of tree.text.split('\n').entries()) {
      if (wish.test(text)) yield { line: index + 1, message: text.trim().slice(0, 80) };
    }
  },
};
