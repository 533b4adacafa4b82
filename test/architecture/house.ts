// The map of the house that the rules hold files to: which library, which suffix, what a suffix may touch.
import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-file.js';
import { hasModifier } from './source-file.js';

/** Each may look up the list, none may look down it. */
export const importLine = [
  'kernel',
  'event-store',
  'shell',
  'read-model',
  'evidence',
  'access',
  'expression',
  'provider',
  'workflow',
  'execution',
  'audit',
] as const;

/** These know neither each other nor any noun. */
export const strangers: readonly string[] = ['read-model', 'evidence', 'access'];

export const nouns: readonly string[] = ['provider', 'workflow', 'execution', 'audit'];

/** What a pure file may import besides our own pure files: functions of their input, all of them. */
export const purePackages: readonly string[] = [
  '@sinclair/typebox',
  'uuid',
  'ajv',
  'ajv-formats',
  'ipaddr.js',
  '@marcbachmann/cel-js',
  're2js',
];

/** Drivers, and how many files may hold each: one each, in all libraries and applications together. */
export const drivers: readonly string[] = [
  'undici',
  '@photostructure/sqlite',
  'pino',
  'prom-client',
  'cockatiel',
  'jose',
  'pg',
  '@eventstore/db-client',
];

/** What the name of an adapter, or of a part of one, begins with. */
export const technologies: readonly string[] = [
  'sqlite',
  'memory',
  'postgres',
  'esdb',
  'undici',
  'dns',
  'zlib',
  'pino',
  'prometheus',
  'fastify',
  'cockatiel',
  'http',
  'crypto',
  'file',
  'node',
];

/** Files of these names touch the world by calling. */
export const entryNames: readonly string[] = ['nest.ts', 'main.ts'];

/** Suffixes that say what a file touches; an adapter is named technology, then port or part, instead. */
export const suffixes: readonly string[] = [
  'controller',
  'dto',
  'handler',
  'worker',
  'guard',
  'filter',
  'pipe',
  'interceptor',
  'thread',
  'contract',
  'spec',
  'decorator',
  'module',
  'messages',
  'command',
];

/** Suffixes of files that Nest reads, and that may carry decorators therefore. */
export const decorated: readonly string[] = [
  'controller',
  'dto',
  'handler',
  'guard',
  'filter',
  'pipe',
  'interceptor',
  'decorator',
  'module',
];

export const namesToAvoid: readonly string[] = [
  'manager',
  'helper',
  'helpers',
  'util',
  'utils',
  'common',
  'base',
  'impl',
  'data',
  'info',
];

/** These say nothing only where they are what the thing is called: a data directory is one, thread data are not. */
const vagueNouns = ['data', 'info'];

/** The words of a name that say nothing. */
export function emptyWordsOf(name: string): string[] {
  const words = wordsOf(name);
  return words.filter(
    (word, index) => namesToAvoid.includes(word) && (!vagueNouns.includes(word) || index === words.length - 1),
  );
}

/** The file that owns all timers, back-off and draining. */
export const loopsFile = 'libs/shell/src/loops.worker.ts';

export const CODE_LINES_PER_FILE_MAX = 250;
export const CODE_LINES_PER_FUNCTION_MAX = 60;

export interface Place {
  readonly kind: 'lib' | 'app' | 'other';
  /** Library or application; empty elsewhere. */
  readonly name: string;
}

export function placeOf(path: string): Place {
  const [top, name] = path.split('/');
  if (top === 'libs') return { kind: 'lib', name: name ?? '' };
  if (top === 'apps') return { kind: 'app', name: name ?? '' };
  return { kind: 'other', name: '' };
}

/** What stands between the last dot but one and `.ts`; undefined for a file that claims to be pure. */
export function suffixOf(path: string): string | undefined {
  const parts = posix.basename(path, '.ts').split('.');
  return parts.length > 1 ? parts.at(-1) : undefined;
}

export function isTest(path: string): boolean {
  return path.startsWith('test/') || ['spec', 'contract'].includes(suffixOf(path) ?? '');
}

/** Files of libraries and applications without a suffix; the two doors have rules of their own. */
export function claimsPurity(path: string): boolean {
  return placeOf(path).kind !== 'other' && suffixOf(path) === undefined && !entryNames.includes(posix.basename(path));
}

/** The source file behind a relative import. */
export function targetOf(path: string, from: string): string {
  return posix.normalize(posix.join(posix.dirname(path), from)).replace(/\.js$/, '.ts');
}

export interface LibraryImport {
  readonly library: string;
  /** What follows the library's name: empty for the pure door, `nest` for the wiring, anything else is a window. */
  readonly door: string;
}

export function libraryImport(from: string): LibraryImport | undefined {
  const found = /^@app\/([^/]+)(?:\/(.*))?$/.exec(from);
  return found ? { library: found[1] ?? '', door: found[2] ?? '' } : undefined;
}

/** Name of the package of a bare import, as in `@scope/name` for `@scope/name/deep`. */
export function packageOf(from: string): string | undefined {
  if (from.startsWith('.') || from.startsWith('@app/')) return undefined;
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Words of a name, whether written `like-this`, `likeThis`, `LikeThis` or `like.this`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const portsByTree = new WeakMap<readonly SourceFile[], ReadonlyMap<string, string>>();

/** Ports: the abstract classes of pure files, by the name an adapter's file ends with. */
export function portsOf(files: readonly SourceFile[]): ReadonlyMap<string, string> {
  const known = portsByTree.get(files);
  if (known) return known;
  const ports = new Map<string, string>();
  for (const { path, tree } of files) {
    if (!claimsPurity(path)) continue;
    for (const statement of tree.statements) {
      if (!ts.isClassDeclaration(statement) || !statement.name) continue;
      if (hasModifier(statement, ts.SyntaxKind.AbstractKeyword)) {
        ports.set(wordsOf(statement.name.text).join('-'), path);
      }
    }
  }
  portsByTree.set(files, ports);
  return ports;
}
