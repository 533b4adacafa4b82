// That the coverage table leaves nothing out: no code that a source can answer or the description promises, no kind of entry.
import { readFileSync } from 'node:fs';
import { auditEventTypes } from '@app/audit';
import { codesIn, codesOfProduct, codesSaid } from './answer-codes.js';
import { rawOutcomes } from './edge-routes.js';
import { outcomesOf } from './outcome.js';
import { withoutNames } from './registered-routes.js';
import { wholeTable } from './table.js';
import { away, full, ownDeeds, stopping } from './unavailable-routes.js';

/** Codes that no outcome can drive over HTTP, each with the reason. */
const undrivable: Readonly<Record<string, string>> = {
  'FLK-9999': 'only a bug is answered with it; libs/shell/src/edge.module.spec.ts throws one',
  API_KEY_EXISTS: 'ids of keys are made by the server, 122 bits at random; libs/access/src/api-key.spec.ts decides it',
  EVIDENCE_FAILED: 'only a log that was changed is met with it; test/acceptance/evidence-failure.spec.ts changes one',
  EVIDENCE_PENDING:
    'for a moment after an event, for which the answer waits; libs/evidence/src/evidence-reader.spec.ts',
  VALUE_RESERVED: 'every claim is answered with the code of what is claimed: a name, a route',
};

/** Kinds of entry that no outcome and no life of a server leaves, each with the reason. */
const unseen: Readonly<Record<string, string>> = {
  STEP_STARTED: 'only a step that calls a provider is claimed before it is done, and that is PROVIDER_CALL_STARTED',
};

const found = codesOfProduct();
const tables = [...wholeTable, ...away, ...full, ...stopping];
const driven = new Set([
  ...tables.flatMap((covered) => outcomesOf(covered).flatMap(({ code }) => code ?? [])),
  ...rawOutcomes.map(({ code }) => code),
]);

describe('the coverage table', () => {
  it('drives every code that a source can answer', () => {
    const missing = found.filter(({ code }) => !driven.has(code) && !(code in undrivable));
    expect(missing).toEqual([]);
  });

  it('expects no code that no source has, and excuses none that it drives', () => {
    const known = new Set(found.map(({ code }) => code));
    expect([...driven].filter((code) => !known.has(code))).toEqual([]);
    expect(Object.keys(undrivable).filter((code) => driven.has(code) || !known.has(code))).toEqual([]);
  });

  it('leaves every kind of entry that the trail knows', () => {
    const entries = tables.flatMap((covered) => outcomesOf(covered).flatMap((outcome) => outcome.entries));
    const left = new Set([...entries.map((entry) => entry.replace(' by the engine', '')), ...ownDeeds]);
    expect(auditEventTypes.filter((type) => !left.has(type))).toEqual(Object.keys(unseen));
  });

  it('drives, on each route, every code that the description of the API promises there', () => {
    const known = new Set(found.map(({ code }) => code));
    const text = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
    const { paths } = JSON.parse(text) as Description;
    const promised = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { description }]) =>
          codesSaid(description, known).map((code) => ({ route: `${method.toUpperCase()} ${path}`, status, code })),
        ),
      ),
    );
    expect(promised.length).toBeGreaterThan(40);
    expect(promised.filter((promise) => !isDriven(promise)).filter(({ route }) => !isUnheard(route))).toEqual([]);
  });
});

interface Description {
  readonly paths: Record<
    string,
    Record<string, { readonly responses: Record<string, { readonly description: string }> }>
  >;
}

/** A method that nobody can listen to is described with all the others of the webhooks. */
const isUnheard = (route: string): boolean => /^SEARCH \/v1\/webhooks\//.test(route);

function isDriven({ route, status, code }: { route: string; status: string; code: string }): boolean {
  const [nameless] = withoutNames([route]);
  return tables.some(
    (covered) =>
      withoutNames([covered.route])[0] === nameless &&
      outcomesOf(covered).some((outcome) => outcome.code === code && String(outcome.status) === status),
  );
}

describe('the search for codes', () => {
  const planted = `
    import { refuse } from '@app/kernel';
    const a = refuse('state', 'PLANTED_REFUSAL', 'no');
    const b = { status: 400, code: 'PLANTED_ANSWER', message: 'no' };
    const c = { status: 413, code: config.tooLargeCode ?? 'PLANTED_FALLBACK' };
    const d = late ? finding('PLANTED_FINDING', 'a', 'no') : [];
    class Dto { @WireCode('PLANTED_FIELD') a!: string; @BodyLimit(1, ('PLANTED_LIMIT' as const)) b(): void {} }
    const e = { code: late ? 'PLANTED_EARLY' : 'PLANTED_LATE' };
    const f = ['FLK-0999'];
  `;

  it('finds a planted code in every form in which sources have them', () => {
    expect(codesIn(planted, 'libs/planted/src/planted.ts')).toEqual([
      { code: 'PLANTED_REFUSAL', place: 'libs/planted/src/planted.ts:3' },
      { code: 'PLANTED_ANSWER', place: 'libs/planted/src/planted.ts:4' },
      { code: 'PLANTED_FALLBACK', place: 'libs/planted/src/planted.ts:5' },
      { code: 'PLANTED_FINDING', place: 'libs/planted/src/planted.ts:6' },
      { code: 'PLANTED_FIELD', place: 'libs/planted/src/planted.ts:7' },
      { code: 'PLANTED_LIMIT', place: 'libs/planted/src/planted.ts:7' },
      { code: 'PLANTED_EARLY', place: 'libs/planted/src/planted.ts:8' },
      { code: 'PLANTED_LATE', place: 'libs/planted/src/planted.ts:8' },
      { code: 'FLK-0999', place: 'libs/planted/src/planted.ts:9' },
    ]);
  });

  it('takes no other text for one', () => {
    const harmless = `
      // FLK-0998
      const a = administrative('WORKFLOW_CREATED', 'CREATE', 'workflow');
      const b = error.code === 'ENOTFOUND' ? 1 : 2;
      const c = { name: 'DATA_DIR', description: 'FLK-0101 the name is taken' };
    `;
    expect(codesIn(harmless, 'a.ts')).toEqual([]);
  });

  it('reads every library, and knows the codes of each form', () => {
    const libraries = ['access', 'audit', 'event-store', 'execution', 'provider', 'read-model', 'shell', 'workflow'];
    const read = [...new Set(found.map(({ place }) => place.split('/')[1]))];
    expect(read).toEqual(expect.arrayContaining([...libraries, 'server']));
    for (const code of ['FLK-0001', 'UNAUTHORIZED', 'RUNS_LIMIT', 'SHUTTING_DOWN', 'WORKFLOW_INVALID_EXECUTOR_CONFIG'])
      expect(found.map((one) => one.code)).toContain(code);
  });

  it('reads what the description says of codes', () => {
    const known = new Set(['FLK-0140', 'FLK-0141', 'FLK-0142', 'INVALID_CURSOR']);
    expect(codesSaid('FLK-0140 to FLK-0142, FLK-0999 or INVALID_CURSOR; no NEWER_CODE', known)).toEqual([
      ...['FLK-0140', 'FLK-0141', 'FLK-0142', 'FLK-0999', 'INVALID_CURSOR'],
    ]);
  });
});
