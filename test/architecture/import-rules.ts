// Rules about who may import whom.
import { posix } from 'node:path';
import type { SourceFile } from './source-file.js';
import type { Finding, Rule } from './rule.js';
import {
  claimsPurity,
  drivers,
  importLine,
  isTest,
  libraryImport,
  nouns,
  packageOf,
  placeOf,
  purePackages,
  strangers,
  suffixOf,
  targetOf,
} from './house.js';

const rank = (library: string): number => (importLine as readonly string[]).indexOf(library);

function whyLibraryMayNot(importer: string, imported: string): string | undefined {
  if (rank(imported) < 0) return `there is no library ${imported}`;
  if (rank(importer) < rank(imported)) return `${importer} stands before ${imported} in the import line`;
  if (strangers.includes(importer) && strangers.includes(imported) && importer !== imported) {
    return `${importer} and ${imported} do not know each other`;
  }
  return undefined;
}

function whyAppMayNot(app: string, imported: string, door: string): string | undefined {
  if (app === 'server' || ['kernel', 'evidence'].includes(imported)) return undefined;
  if (nouns.includes(imported) && door === '') return undefined;
  return `${app} may know kernel, evidence and the pure doors of ${nouns.join(', ')} only`;
}

export const importLineRule: Rule = {
  name: 'import-line',
  sentence: 'A library imports only libraries before it in the line; the small applications only what they may know.',
  *check({ path, imports }) {
    const place = placeOf(path);
    for (const { from, line } of imports) {
      const target = libraryImport(from);
      if (!target) continue;
      const why =
        place.kind === 'lib'
          ? whyLibraryMayNot(place.name, target.library)
          : place.kind === 'app'
            ? whyAppMayNot(place.name, target.library, target.door)
            : undefined;
      if (why) yield { line, message: why };
    }
  },
};

export const twoDoorsRule: Rule = {
  name: 'two-doors',
  sentence: 'A library is entered by its two doors, and by relative paths from inside only.',
  *check({ path, imports }) {
    const { kind, name } = placeOf(path);
    for (const { from, line } of imports) {
      const target = libraryImport(from);
      if (target && !['', 'nest'].includes(target.door)) yield { line, message: `${from} is a window` };
      if (target && kind === 'lib' && target.library === name) {
        yield { line, message: `${from} is this library itself: import relatively` };
      }
      if (from.startsWith('.')) yield* strayPath(path, from, line);
    }
  },
};

function* strayPath(path: string, from: string, line: number): Iterable<Finding> {
  const here = placeOf(path);
  const target = targetOf(path, from);
  const there = placeOf(target);
  if (there.kind === 'lib' && there.name !== (here.kind === 'lib' ? here.name : undefined)) {
    yield { line, message: `${from} climbs into ${there.name} past its doors` };
  }
  if (here.kind !== 'other' && there.kind === 'other' && !isTest(path)) {
    yield { line, message: `${from} leaves the product: tests know the product, never the other way round` };
  }
  if (here.kind === 'lib' && there.kind === 'app') yield { line, message: `${from} reaches up into an application` };
}

function whyNotPure(file: SourceFile, from: string): string | undefined {
  const target = libraryImport(from);
  if (target) return target.door === 'nest' ? `${from} is wiring` : undefined;
  if (from.startsWith('.')) {
    return claimsPurity(targetOf(file.path, from)) ? undefined : `${from} touches the world, as its name says`;
  }
  return purePackages.includes(packageOf(from) ?? '') ? undefined : `${from} is not on the list of pure packages`;
}

const uuidFunctions = ['v3', 'v5', 'NIL', 'MAX', 'parse', 'stringify', 'validate', 'version'];

function* impureImports(file: SourceFile): Iterable<Finding> {
  for (const { from, line, names } of file.imports) {
    const why = whyNotPure(file, from);
    if (why) yield { line, message: why };
    if (packageOf(from) === 'uuid' && names.some((name) => !uuidFunctions.includes(name))) {
      yield { line, message: `of uuid only what is a function of its input: ${uuidFunctions.join(', ')}` };
    }
  }
}

const isDoor = (path: string): boolean => posix.basename(path) === 'index.ts';

export const pureImportsRule: Rule = {
  name: 'pure-imports',
  sentence: 'A file without a suffix imports only pure files and pure packages.',
  *check(file) {
    if (claimsPurity(file.path) && !isDoor(file.path)) yield* impureImports(file);
  },
};

export const pureDoorRule: Rule = {
  name: 'pure-door',
  sentence: 'The door index.ts of a library leads to pure files only.',
  *check(file) {
    if (claimsPurity(file.path) && isDoor(file.path)) yield* impureImports(file);
  },
};

export const oneDriverRule: Rule = {
  name: 'one-driver-one-file',
  sentence: 'Each driver is imported, for more than its types, in exactly one file of the product.',
  *check(file, files) {
    if (isTest(file.path)) return;
    for (const { from, line, typeOnly } of file.imports) {
      const driver = packageOf(from);
      if (!driver || typeOnly || !drivers.includes(driver)) continue;
      const first = files.find(
        ({ path, imports }) =>
          !isTest(path) && imports.some((other) => packageOf(other.from) === driver && !other.typeOnly),
      );
      if (first && first.path !== file.path) yield { line, message: `${driver} is held by ${first.path}` };
    }
  },
};

const buses = ['EventBus', 'EventPublisher', 'EventsHandler', 'Saga', 'AggregateRoot', 'UnhandledExceptionBus'];

export const twoBusesRule: Rule = {
  name: 'two-buses',
  sentence: 'Of @nestjs/cqrs only commands and queries are used: the log is the event bus.',
  *check({ imports }) {
    for (const { from, names, line } of imports) {
      const wrong = from === '@nestjs/cqrs' ? names.filter((name) => buses.includes(name)) : [];
      if (wrong.length > 0) yield { line, message: `${wrong.join(', ')}: the log is our event bus` };
    }
  },
};

export const testOnlyRule: Rule = {
  name: 'product-without-tests',
  sentence: 'Specs and contract suites are imported by specs and contract suites only.',
  *check({ path, imports }) {
    if (isTest(path)) return;
    for (const { from, line } of imports) {
      const suffix = from.startsWith('.') ? suffixOf(targetOf(path, from)) : undefined;
      if (suffix === 'spec' || suffix === 'contract') yield { line, message: `${from} is a test` };
    }
  },
};
