import { MemoryEventStore } from '@app/event-store/nest';
import type { DocumentQuery, ViewStore } from '@app/read-model';
import { EXECUTIONS_VIEW } from './executions-view.js';
import { Recovery } from './recovery.worker.js';
import { SoleOwnership } from './run-ownership.js';
import type { Runner } from './runner.worker.js';

/** A list of running runs, as long as the view says. */
function bench(known: string[]) {
  const rebuilding: string[] = [];
  const resumed: string[] = [];
  const views = {
    status: () => ({ position: undefined, rebuilding }),
    waitFor: () => Promise.resolve(true),
    find: (_view: string, { after, limit }: DocumentQuery) => {
      const rows = known.map((key) => ({ key, doc: {}, place: { value: key, key } }));
      const from = after === undefined ? 0 : rows.findIndex(({ key }) => key === after.key) + 1;
      return Promise.resolve(rows.slice(from, from + limit));
    },
  };
  const runner = {
    liveRuns: 0,
    resume: (runId: string) => {
      resumed.push(runId);
      return Promise.resolve();
    },
  };
  const recovery = new Recovery(
    new MemoryEventStore(),
    views as unknown as ViewStore,
    runner as unknown as Runner,
    new SoleOwnership(),
    1_000,
  );
  return { recovery, resumed, rebuilding };
}

describe('the recovery after a restart', () => {
  it('takes over every unfinished run, page by page', async () => {
    const runs = Array.from({ length: 120 }, (_, index) => `run-${String(index).padStart(3, '0')}`);
    const { recovery, resumed } = bench(runs);
    while (!recovery.done) await recovery.tick();
    expect(resumed).toEqual(runs);
    expect(await recovery.tick()).toEqual({ againInMs: 'idle' });
  });

  it('begins with what an old view knows, and ends only after the new one was looked through', async () => {
    const runs = ['known'];
    const { recovery, resumed, rebuilding } = bench(runs);
    rebuilding.push(EXECUTIONS_VIEW);
    for (let tick = 0; tick < 5; tick += 1) await recovery.tick();
    expect(resumed).toEqual(['known']);
    expect(recovery.done).toBe(false);
    rebuilding.pop();
    runs.push('unknown to the old view');
    await recovery.tick();
    expect(resumed).toEqual(['known', ...runs]);
    expect(recovery.done).toBe(true);
  });
});
