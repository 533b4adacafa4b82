import type { SourceFile } from './source-file.js';

export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** What a rule finds in one file; the rule's name is added by whoever runs it. */
export interface Finding {
  readonly line: number;
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  /** One sentence that is true of the tree as long as the rule holds. */
  readonly sentence: string;
  readonly check: (file: SourceFile, files: readonly SourceFile[]) => Iterable<Finding>;
}

/** A place where a rule does not hold, and why that is right. An exception that is no longer needed is a violation. */
export interface Exception {
  readonly rule: string;
  readonly path: string;
  readonly reason: string;
}

export function violationsOf(
  files: readonly SourceFile[],
  rules: readonly Rule[],
  exceptions: readonly Exception[] = [],
): Violation[] {
  const used = new Set<Exception>();
  const found: Violation[] = [];
  for (const rule of rules) {
    for (const file of files) {
      for (const finding of rule.check(file, files)) {
        const excepted = exceptions.find(({ rule: name, path }) => name === rule.name && path === file.path);
        if (excepted) used.add(excepted);
        else found.push({ rule: rule.name, path: file.path, ...finding });
      }
    }
  }
  const idle = exceptions.filter((exception) => !used.has(exception));
  return found.concat(
    idle.map(({ rule, path }) => ({ rule: 'exceptions', path, line: 1, message: `needs no exception from ${rule}` })),
  );
}
