// A server whose log takes nothing: what it answers, and that nothing of it is missing from the trail afterwards.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerProcess } from '../support/server-process.js';
import { startServer } from '../support/server-process.js';
import type { CoveredRoute, Outcome, Sent } from './outcome.js';
import { pathOf, titleOf } from './outcome.js';
import { away, onceBack } from './unavailable-routes.js';
import type { Entry } from './witness.js';
import { callerOf, Witness } from './witness.js';
import type { Answer } from './world.js';
import { startProvider, until, World } from './world.js';

interface Case {
  readonly title: string;
  readonly route: string;
  readonly outcome: Outcome;
}

const cases: readonly Case[] = away.flatMap(({ route, outcomes }: CoveredRoute) =>
  outcomes.map((outcome) => ({ title: `${route} ${titleOf(outcome)}`, route, outcome })),
);
const isRefused = ({ outcome }: Case): boolean => outcome.entries.length > 0;

const environment = {
  ...{ AUTH: 'keys', LOG_LEVEL: 'info', TRUSTED_PROXIES: 'loopback', HOST: '127.0.0.1' },
  ...{ STEP_TIMEOUT_MS: '3600000', RUN_TIMEOUT_MS: '3600000' },
};

describe('while the log takes nothing', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'runledger-unavailable-'));
  const sent = new Map<Case, Sent>();
  const answers = new Map<Case, Answer>();
  const again = new Map<Case, Answer>();
  let server: ServerProcess;
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let world: World;
  let before: Entry[];
  let after: Entry[];

  /** The kernel refuses to let any file of the process grow beyond its first byte: for whoever writes, a full disk. */
  function fill(bytes: string): void {
    execFileSync('prlimit', ['--pid', String(server.process.pid), `--fsize=${bytes}:unlimited`]);
  }

  const idOf = (one: Case, time: string): string => `${time}-${cases.indexOf(one)}`;

  function ask(one: Case, time: string): Promise<Answer> {
    const { route, outcome } = one;
    const what = sent.get(one) ?? {};
    const { headers } = callerOf(idOf(one, time), cases.indexOf(one));
    const key = outcome.by === 'anonymous' ? {} : { 'x-api-key': world.admin.key };
    const method = route.slice(0, route.indexOf(' '));
    return world.send(method, pathOf(route, what), { ...what, headers: { ...what.headers, ...headers, ...key } });
  }

  const ready = (): Promise<boolean> => world.send('GET', '/readyz', {}).then(({ status }) => status === 200);
  const left = (one: Case, time: string): Entry[] =>
    after.filter(({ correlationId, channel }) => correlationId === idOf(one, time) && channel !== 'engine');

  beforeAll(async () => {
    provider = await startProvider();
    server = await startServer({ dataDir, env: environment });
    world = await World.of(server.url, provider.url, /rl_[A-Za-z0-9_-]+/.exec(server.output())?.[0] ?? '');
    const witness = new Witness(world);
    for (const one of cases) sent.set(one, await one.outcome.send(world));
    await until(ready, 20_000);
    before = await witness.wholeTrail();
    fill('1');
    for (const one of cases) answers.set(one, await ask(one, 'away'));
    // Long enough for an entry to say that it is recorded late.
    await new Promise((later) => setTimeout(later, 1_000));
    fill('unlimited');
    await until(ready, 20_000);
    for (const one of cases) if (!isRefused(one)) again.set(one, await ask(one, 'back'));
    await until(ready, 20_000);
    after = (await witness.wholeTrail()).slice(before.length);
  }, 240_000);

  afterAll(async () => {
    await server.stop('SIGKILL');
    provider.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  it('is tried with every kind of deed and of refusal', () => {
    expect(cases.filter(isRefused).length).toBeGreaterThan(80);
    expect(cases.filter((one) => !isRefused(one)).length).toBeGreaterThan(40);
  });

  it.each(cases.map((one) => [one.title, one] as const))('%s', (_title, one) => {
    const { status, code } = one.outcome;
    const answer = answers.get(one);
    const expected = one.route.startsWith('HEAD ') ? undefined : code;
    expect({ status: answer?.status, code: answer?.body['code'] }).toEqual({ status, code: expected });
    expect(left(one, 'away').map(({ eventType }) => eventType)).toEqual(one.outcome.entries);
  });

  it('nothing is half done: each deed can be repeated word for word once the log is back, and leaves all its entries', () => {
    for (const one of cases.filter((each) => !isRefused(each))) {
      const { status, entries } = onceBack(one.route, one.outcome);
      const own = entries.filter((entry) => !entry.endsWith('by the engine'));
      const seen = left(one, 'back').map(({ eventType }) => eventType);
      expect([one.title, again.get(one)?.status, seen]).toEqual([one.title, status, own]);
    }
  });

  it('refusals are recorded in the order in which they were given, with the time at which they were', () => {
    const recorded = after.filter(({ correlationId }) => correlationId.startsWith('away-'));
    expect(recorded.map(({ correlationId }) => correlationId)).toEqual(
      cases.filter(isRefused).map((one) => idOf(one, 'away')),
    );
    const times = recorded.map(({ occurredAt, timestamp }) => [occurredAt, occurredAt! <= timestamp]);
    expect(times).toEqual(times.map(([occurredAt]) => [occurredAt, true]));
  });

  it('the operator is told of each refusal that waits', () => {
    const lines = server.output().split('\n');
    for (const one of cases.filter(isRefused)) {
      const told = lines.filter((line) => line.includes('a refusal waits') && line.includes(`"${idOf(one, 'away')}"`));
      expect([one.title, told.length]).toEqual([one.title, 1]);
    }
  });
});
