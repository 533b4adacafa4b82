import { AggregateStore, Reservations } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import type { RequestContext } from '@app/kernel';
import { anonymousActor, isRefusal } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import { MemorySecretStore } from '@app/provider/nest';
import { InProcessViews } from '@app/read-model/nest';
import { ViewConfigurationUsage } from './view.configuration-usage.js';
import { WorkflowAuthor } from './workflow-author.js';
import { WorkflowClaims } from './workflow-claims.js';
import type { WorkflowPageInput } from './workflow-page.js';
import { WorkflowReader } from './workflow-reader.js';
import type { WorkflowContent } from './workflow.js';
import { workflow } from './workflow.js';
import { workflowProjections } from './workflows-view.js';

const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: 'c' };

async function house() {
  const clock = new SystemClock();
  const events = new MemoryEventStore({ clock });
  const ids = new RandomIdSource();
  const aggregates = new AggregateStore(events, ids, clock);
  const secrets = new MemorySecretStore();
  const claims = new WorkflowClaims(aggregates, new Reservations(aggregates, clock));
  const views = await InProcessViews.open({ directory: ':memory:', events, projections: workflowProjections });
  return {
    aggregates,
    author: new WorkflowAuthor(aggregates, claims, secrets, ids),
    reader: new WorkflowReader(views, events, aggregates, secrets),
    usage: new ViewConfigurationUsage(views, events),
    close: () => views.close(),
  };
}

const plain = (name: string, timeout?: number): WorkflowContent => ({
  name,
  nodes: [{ id: 'in', type: 'trigger', position: { x: 0, y: 0 }, data: { verify_token: 'a-secret-token' } }],
  edges: [],
  ...(timeout === undefined ? {} : { settings: { runTimeoutSeconds: timeout } }),
});

async function page(reader: WorkflowReader, input: WorkflowPageInput) {
  const found = await reader.page(input);
  return isRefusal(found) ? found : { ...found, names: found.items.map((item) => item.name) };
}

describe('the list of workflows', () => {
  let the: Awaited<ReturnType<typeof house>>;
  beforeEach(async () => {
    the = await house();
  });
  afterEach(() => the.close());

  it('shows what was just written as the aggregate shows it, with masked secrets', async () => {
    const { id } = await the.author.create(plain('a'), context);
    await the.author.update(id, plain('b', 60), context);
    await the.author.activate(id, context);
    const one = await the.reader.workflow(id);
    const list = await the.reader.page({});
    expect(list).toEqual({ items: [isRefusal(one) ? one : one.item], nextCursor: '', hasMore: false });
    expect(list).toMatchObject({
      items: [{ id, name: 'b', status: 'active', activeVersion: 1, nodes: [{ data: { verify_token: '****oken' } }] }],
    });
  });

  it('pages through all of them once, in every sort', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `w${index}`);
    for (const name of names) await the.author.create(plain(name), context);
    for (const sortBy of ['name', 'createdAt', 'updatedAt']) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const found = await page(the.reader, { limit: '3', sortBy, sortOrder: 'asc', cursor });
        if (isRefusal(found)) throw new Error(found.message);
        seen.push(...found.names);
        cursor = found.nextCursor;
        expect(found.hasMore).toBe(cursor !== '');
      } while (cursor !== '');
      expect(seen.sort()).toEqual(names);
    }
  });

  it('goes on in the sort of its cursor', async () => {
    for (const name of ['c', 'a', 'b']) await the.author.create(plain(name), context);
    const first = await page(the.reader, { limit: '2', sortBy: 'name', sortOrder: 'ASC' });
    if (isRefusal(first)) throw new Error(first.message);
    expect(await page(the.reader, { cursor: first.nextCursor })).toMatchObject({ names: ['c'], hasMore: false });
    expect(await page(the.reader, { cursor: first.nextCursor, sortBy: 'createdAt' })).toMatchObject({
      code: 'INVALID_CURSOR',
    });
  });

  it('filters by status and counts by it', async () => {
    const { id } = await the.author.create(plain('a'), context);
    await the.author.create(plain('b'), context);
    await the.author.activate(id, context);
    expect(await page(the.reader, { status: 'active' })).toMatchObject({ names: ['a'] });
    expect(await page(the.reader, { status: 'inactive' })).toMatchObject({ names: [] });
    expect(await the.reader.summary()).toEqual({
      total: 2,
      active: 1,
      byStatus: [
        { status: 'active', count: 1 },
        { status: 'draft', count: 1 },
      ],
    });
  });

  it('forgets what was deleted', async () => {
    const { id } = await the.author.create(plain('a'), context);
    await the.author.delete(id, context);
    expect(await page(the.reader, {})).toMatchObject({ names: [] });
    expect(await the.reader.workflow(id)).toMatchObject({ code: 'FLK-0100' });
  });

  it.each([
    [{ limit: '0' }, 'FLK-0304', 'limit'],
    [{ limit: '101' }, 'FLK-0304', 'limit'],
    [{ limit: 'many' }, 'FLK-0304', 'limit'],
    [{ status: 'deleted' }, 'FLK-0304', 'status'],
    [{ sortBy: 'nodes' }, 'FLK-0304', 'sortBy'],
    [{ sortOrder: 'up' }, 'FLK-0304', 'sortOrder'],
    [{ cursor: 'bm9uc2Vuc2U' }, 'INVALID_CURSOR', 'cursor'],
  ])('refuses %j', async (input, code, field) =>
    expect(await page(the.reader, input)).toMatchObject({ kind: 'invalid', code, fields: [{ field }] }),
  );
});

describe('the versions of a workflow', () => {
  it('are listed, shown, compared and restored', async () => {
    const the = await house();
    const { id } = await the.author.create(plain('a', 60), context);
    await the.author.activate(id, context);
    await the.author.deactivate(id, context);
    await the.aggregates.execute(workflow, id, { kind: 'DraftWorkflow' }, context);
    await the.author.update(id, { ...plain('a', 90) }, context);
    await the.author.activate(id, context);

    expect(await the.reader.versions(id)).toMatchObject([
      { version: 2, isActive: true, activatedRevision: 5, activatedBy: { id: 'anonymous' } },
      { version: 1, isActive: false, activatedRevision: 1 },
    ]);
    expect(await the.reader.version(id, 1)).toMatchObject({ settings: { runTimeoutSeconds: 60 }, workflowId: id });
    expect(await the.reader.version(id, 3)).toMatchObject({ code: 'FLK-0100' });
    expect(await the.reader.difference(id, 2)).toMatchObject({
      against: 1,
      settings: [{ path: 'settings.runTimeoutSeconds', before: 60, after: 90 }],
    });
    expect(await the.reader.difference(id, 1)).toMatchObject({ against: 'none', nodes: { added: ['in'] } });
    expect(await the.reader.difference(id, 2, 9)).toMatchObject({ code: 'FLK-0100' });
    await the.close();
  });
});

describe('the use of a provider configuration', () => {
  it('is known for living workflows in any status', async () => {
    const the = await house();
    const configuration = '5b0e1f0a-3f5a-4a53-8a63-0f0d8c1f7a10';
    const data = { executorId: 'tracer.validate-transaction', providerConfigId: configuration };
    const content = {
      name: 'uses it',
      nodes: [{ id: 'call', type: 'executor', position: { x: 0, y: 0 }, data }],
      edges: [],
    };
    const providerFindings = { executors: [], configurations: [] };
    const id = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';
    await the.aggregates.execute(workflow, id, { kind: 'CreateWorkflow', content, providerFindings }, context);
    await the.author.create(plain('does not'), context);
    expect(await the.usage.usersOf(configuration)).toEqual([{ id, name: 'uses it', status: 'draft' }]);
    expect(await the.usage.usersOf(id)).toEqual([]);
    await the.author.delete(id, context);
    expect(await the.usage.usersOf(configuration)).toEqual([]);
    await the.close();
  });
});
