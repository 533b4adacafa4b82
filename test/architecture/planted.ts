// One small tree per rule that breaks exactly this rule. A rule that does not catch its plant is no rule.

export interface Plant {
  readonly rule: string;
  readonly because: string;
  /** Path and text; the violation stands in the first one. */
  readonly files: readonly (readonly [path: string, text: string])[];
}

const port = ['libs/event-store/src/event-store.ts', 'export abstract class EventStore {}'] as const;
const suite = ['libs/event-store/src/event-store.contract.ts', 'export const suite = 1;'] as const;
const lines = (count: number): string => Array.from({ length: count }, (_, index) => `x(${index});`).join('\n');

export const plants: readonly Plant[] = [
  {
    rule: 'import-line',
    because: 'a library that looks down the line',
    files: [['libs/workflow/src/workflow.ts', "import { a } from '@app/execution';"]],
  },
  {
    rule: 'import-line',
    because: 'access that knows the views',
    files: [['libs/access/src/access.ts', "import type { a } from '@app/read-model';"]],
  },
  {
    rule: 'import-line',
    because: 'a verifier that grows a store',
    files: [['apps/cli/src/verify.ts', "import { a } from '@app/event-store';"]],
  },
  {
    rule: 'import-line',
    because: 'a verifier that goes through the wiring of a noun',
    files: [['apps/cli/src/verify.command.ts', "import { a } from '@app/execution/nest';"]],
  },
  {
    rule: 'two-doors',
    because: 'an import through a window',
    files: [['libs/audit/src/audit.ts', "import { a } from '@app/workflow/definition';"]],
  },
  {
    rule: 'two-doors',
    because: 'a relative path into another library',
    files: [
      ['libs/audit/src/audit.ts', "import { a } from '../../workflow/src/definition.js';"],
      ['libs/workflow/src/definition.ts', 'export const a = 1;'],
    ],
  },
  {
    rule: 'pure-imports',
    because: 'a pure file that reads the disk',
    files: [['libs/workflow/src/workflow.ts', "import { readFileSync } from 'node:fs';"]],
  },
  {
    rule: 'pure-imports',
    because: 'a pure file that knows Nest, be it for a type',
    files: [['libs/workflow/src/workflow.ts', "import type { Type } from '@nestjs/common';"]],
  },
  {
    rule: 'pure-imports',
    because: 'a pure file that imports an impure one',
    files: [['libs/event-store/src/log.ts', "import { a } from './sqlite.event-store.js';"]],
  },
  {
    rule: 'pure-imports',
    because: 'a pure file that makes ids by chance',
    files: [['libs/workflow/src/workflow.ts', "import { v7 } from 'uuid';"]],
  },
  {
    rule: 'pure-door',
    because: 'a pure door that leads to a controller',
    files: [['libs/workflow/src/index.ts', "export * from './workflow.controller.js';"]],
  },
  {
    rule: 'one-driver-one-file',
    because: 'a second file that calls out',
    files: [
      ['libs/provider/src/b.worker.ts', "import { request } from 'undici';"],
      ['libs/execution/src/a.worker.ts', "import { Pool } from 'undici';"],
    ],
  },
  {
    rule: 'two-buses',
    because: 'a saga in memory',
    files: [['libs/workflow/src/start.handler.ts', "import { EventBus } from '@nestjs/cqrs';"]],
  },
  {
    rule: 'product-without-tests',
    because: 'a product file that imports a suite',
    files: [['libs/event-store/src/nest.ts', "import { suite } from './event-store.contract.js';"]],
  },
  {
    rule: 'pure-behaviour',
    because: 'a decision that asks the clock',
    files: [['libs/workflow/src/workflow.ts', 'export const now = (): number => Date.now();']],
  },
  {
    rule: 'pure-behaviour',
    because: 'a decision that asks the clock by another name',
    files: [['libs/workflow/src/workflow.ts', 'export const now = (): Date => new Date();']],
  },
  {
    rule: 'pure-behaviour',
    because: 'a decision by chance',
    files: [['libs/workflow/src/workflow.ts', 'export const dice = (): number => Math.random();']],
  },
  {
    rule: 'pure-behaviour',
    because: 'a decision that reads the environment',
    files: [['libs/workflow/src/workflow.ts', 'export const home = process.env.HOME;']],
  },
  {
    rule: 'one-timer-file',
    because: 'a worker with a clockwork of its own',
    files: [['libs/execution/src/runner.worker.ts', 'setInterval(() => undefined, 1000);']],
  },
  {
    rule: 'plain-classes',
    because: 'a worker that only Nest can build',
    files: [['libs/execution/src/runner.worker.ts', '@Injectable() export class Runner {}']],
  },
  {
    rule: 'known-suffix',
    because: 'a suffix that says nothing',
    files: [['libs/execution/src/run.service.ts', 'export const a = 1;']],
  },
  {
    rule: 'port-contract',
    because: 'two adapters without a suite to pass',
    files: [
      ['libs/event-store/src/memory.event-store.ts', 'export const a = 1;'],
      ['libs/event-store/src/sqlite.event-store.ts', 'export const a = 1;'],
      port,
    ],
  },
  {
    rule: 'file-size',
    because: 'a file that contains a concept that wants a name',
    files: [['libs/execution/src/run.ts', lines(251)]],
  },
  {
    rule: 'function-size',
    because: 'a function one cannot see at once',
    files: [['libs/execution/src/run.ts', `function run() {\n${lines(59)}\n}`]],
  },
  {
    rule: 'flat',
    because: 'a folder in a folder',
    files: [['libs/execution/src/steps/step.ts', 'export const a = 1;']],
  },
  {
    rule: 'file-names',
    because: 'a drawer for everything',
    files: [['libs/execution/src/string-utils.ts', 'export const a = 1;']],
  },
  {
    rule: 'type-names',
    because: 'a class that manages',
    files: [['libs/execution/src/run.ts', 'export class RunManager {}']],
  },
  {
    rule: 'type-names',
    because: 'an interface that says so',
    files: [['libs/execution/src/run.ts', 'export interface IRun {}']],
  },
  {
    rule: 'named-exports',
    because: 'an export without a name of its own',
    files: [['libs/execution/src/run.ts', 'export default class Run {}']],
  },
  {
    rule: 'stated-revision',
    because: 'an append that was decided on nothing',
    files: [['libs/execution/src/runner.worker.ts', "append(stream, events, { expectedRevision: 'any' });"]],
  },
  {
    rule: 'no-skipped-tests',
    because: 'a test that nobody runs',
    files: [['libs/execution/src/run.spec.ts', "it.skip('works', () => undefined);"]],
  },
  {
    rule: 'no-unfinished-work',
    because: 'a wish in a comment',
    files: [['libs/execution/src/run.ts', '// TODO: make it work']],
  },
];

/** What keeps all rules: the shapes that are easy to mistake for violations. */
export const innocent: readonly (readonly [path: string, text: string])[] = [
  port,
  suite,
  [
    'libs/event-store/src/memory.event-store.ts',
    "import { EventStore } from './event-store.js'; export class M extends EventStore {}",
  ],
  [
    'libs/workflow/src/workflow.ts',
    'export const at = (ms: number) => ({ process: new Date(ms), now: (o: { setTimeout: 1 }) => o.setTimeout });',
  ],
  ['libs/workflow/src/type-only.worker.ts', "import type { Pool } from 'undici';"],
  ['libs/provider/src/undici.worker.ts', "import { Pool } from 'undici';"],
  ['libs/execution/src/lease.worker.ts', "append(stream, events, { expectedRevision: 'any' });"],
  ['libs/shell/src/data-directory.ts', 'export class DataDirectory {}'],
  ['libs/workflow/src/id-source.ts', 'export class IdSourceOfWorkflows {}'],
  ['apps/cli/src/verify.ts', "import { a } from '@app/workflow'; import { b } from '@app/kernel';"],
  ['apps/server/src/main.ts', "import { a } from '@app/workflow/nest'; process.exitCode = 1;"],
];
