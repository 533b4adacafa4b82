import { setTimeout as pause } from 'node:timers/promises';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import { PostgresDatabase } from '@app/event-store/nest';
import { startPostgres, type PostgresCluster } from '../../../test/support/postgres.js';
import { PostgresRunOwnership } from './postgres.run-ownership.js';

let cluster: PostgresCluster;
const opened: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  cluster = await startPostgres({ settings: { fsync: 'off' } });
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
afterAll(() => cluster.remove());

let schemas = 0;
function freshSchema(): string {
  schemas += 1;
  return `ownership_${schemas}`;
}

/** As one server has it: connections and names of its own. */
async function server(schema: string, freeForMs = 0) {
  const log = { error: () => undefined };
  const database = await PostgresDatabase.open({ url: cluster.url, applicationName: 'test', schema, log });
  opened.push(database);
  const warnings: string[] = [];
  const ownership = await PostgresRunOwnership.open({
    database,
    clock: new SystemClock(),
    ids: new RandomIdSource(),
    log: { error: (message) => warnings.push(message) },
    freeForMs,
  });
  opened.push(ownership);
  return { ownership, warnings, self: ownership.self };
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await pause(20);
}

describe('ownership of runs among servers of one database', () => {
  it('gives each its own runs, and nobody those of a server that lives', async () => {
    const schema = freshSchema();
    const [a, b] = [await server(schema), await server(schema)];
    expect(a.self).not.toBe(b.self);
    expect(a.ownership.owns(a.self)).toBe(true);
    await a.ownership.takeOver();
    expect(await b.ownership.takeOver()).toEqual([]);
    expect(b.ownership.owns(a.self)).toBe(false);
  });

  it('gives the runs of a log that had no owners to exactly one', async () => {
    const schema = freshSchema();
    const [a, b] = [await server(schema), await server(schema)];
    const gained = [await a.ownership.takeOver(), await b.ownership.takeOver()];
    expect(gained).toEqual([['nobody'], []]);
    expect([a.ownership.owns(undefined), b.ownership.owns(undefined)]).toEqual([true, false]);
  });

  it('gives what a gone server had to exactly one of the others, and forgets it when nothing is left to do', async () => {
    const schema = freshSchema();
    const [a, b, c] = [await server(schema), await server(schema), await server(schema)];
    await b.ownership.takeOver();
    await a.ownership.close();
    expect(a.ownership.owns(b.self)).toBe(false);
    const gained = [await b.ownership.takeOver(), await c.ownership.takeOver()];
    expect(gained).toEqual([[a.self], []]);
    expect([b.ownership.owns(a.self), c.ownership.owns(a.self)]).toEqual([true, false]);
    await b.ownership.settled(a.self);
    expect(b.ownership.owns(a.self)).toBe(false);
    expect([await b.ownership.takeOver(), await c.ownership.takeOver()]).toEqual([[], []]);
  });

  it('passes on what was taken over when the successor goes too', async () => {
    const schema = freshSchema();
    const [a, b, c] = [await server(schema), await server(schema), await server(schema)];
    await a.ownership.close();
    await b.ownership.takeOver();
    await b.ownership.close();
    expect([...(await c.ownership.takeOver())].sort()).toEqual([a.self, b.self, 'nobody'].sort());
  });

  it('waits a while before it takes over: a restarted database gives everybody his own back', async () => {
    const schema = freshSchema();
    const [a, b] = [await server(schema, 60_000), await server(schema, 60_000)];
    await a.ownership.takeOver();
    await cluster.restart();
    await until(async () => {
      try {
        await b.ownership.takeOver();
        return true;
      } catch {
        return false;
      }
    });
    expect(b.ownership.owns(a.self)).toBe(false);
    await a.ownership.takeOver();
    expect(a.ownership.owns(a.self)).toBe(true);
    expect(a.ownership.self).toBe(a.self);
    expect(a.warnings).toEqual([]);
  });

  it('goes on under a new name after somebody else took over', async () => {
    const schema = freshSchema();
    const [a, b] = [await server(schema), await server(schema)];
    await a.ownership.takeOver();
    await cluster.restart();
    let gained: readonly string[] = [];
    await until(async () => {
      gained = await b.ownership.takeOver().catch(() => []);
      return gained.length > 0;
    });
    expect(gained).toContain(a.self);
    await a.ownership.takeOver();
    expect(a.ownership.self).not.toBe(a.self);
    expect(a.ownership.owns(a.self)).toBe(false);
    expect(a.warnings).toHaveLength(1);
  });
});
