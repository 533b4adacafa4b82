import fc from 'fast-check';
import type { Actor, NewEvent } from '@app/kernel';
import { accepted, Clock, isRefusal } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import { AggregateStore } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import { projection } from '@app/kernel';
import { InProcessViews } from '@app/read-model/nest';
import { bucketsOf } from './audit-counts.js';
import { auditEntries } from './audit-entries.js';
import type { AuditEntry } from './audit-entry.js';
import { lineFormats, linesOf } from './audit-export.js';
import type { AuditPageInput } from './audit-query.js';
import { auditPageOf, auditSelectionOf } from './audit-query.js';
import type { LeafDirectory } from './audit-integrity.js';
import { AuditTrail } from './audit-trail.js';
import { StreamHistory, streamNameDefect } from './stream-history.js';

const T0 = Date.UTC(2026, 4, 2, 13);
const ids = new RandomIdSource();

class TestClock extends Clock {
  ms = T0;
  nowMs(): number {
    return this.ms;
  }
}

const actors: Actor[] = [
  { type: 'api_key', id: 'key-1', name: 'Ana', via: 'api_key' },
  { type: 'user', id: 'anonymous', name: 'anonymous', via: 'none' },
  { type: 'system', id: 'engine', name: 'engine', via: 'engine' },
];
const workflows = ['0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11', '1d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11'] as const;
const names = ['Crédit check', 'KYC-screening'] as const;

interface House {
  readonly clock: TestClock;
  readonly events: MemoryEventStore;
  readonly views: InProcessViews;
  readonly trail: AuditTrail;
  readonly history: StreamHistory;
}

const leaves: LeafDirectory = { factsOf: () => Promise.resolve(new Map()) };

async function house(): Promise<House> {
  const clock = new TestClock();
  const events = new MemoryEventStore({ clock });
  const views = await InProcessViews.open({ directory: ':memory:', events, projections: [projection(auditEntries)] });
  const history = new StreamHistory(events, new AggregateStore(events, ids, clock));
  return { clock, events, views, trail: new AuditTrail(views, events, leaves), history };
}

function event(index: number, type: string, data: object, causationId?: string): NewEvent {
  const actor = actors[index % 3] as Actor;
  const metadata = {
    actor,
    channel: index % 3 === 2 ? ('engine' as const) : ('rest' as const),
    ...(index % 3 === 2 ? {} : { ip: `203.0.113.${index % 2}`, requestId: `req-${index % 5}` }),
    correlationId: `cor-${index % 4}`,
    ...(causationId === undefined ? {} : { causationId }),
    ...(index % 7 === 0 ? { reason: 'quarterly review' } : {}),
    occurredAt: new Date(T0).toISOString(),
    schemaVersion: 1,
  };
  return { id: ids.next(), type, data, metadata };
}

/** Sixty events, a second apart, on the streams of two workflows, of two runs and of refusals. */
async function filled(): Promise<House & { all: AuditEntry[] }> {
  const one = await house();
  for (let index = 0; index < 60; index += 1) {
    one.clock.ms = T0 + index * 1000;
    const [id, name] = [workflows[index % 2] as string, names[index % 2] as string];
    const run = { workflowId: id, workflowName: name, workflowVersion: 1 };
    const [stream, made] = (
      [
        [`workflow-${id}`, event(index, 'WorkflowDeactivated', { name })],
        [
          `workflow-${id}`,
          event(index, 'WorkflowUpdated', {
            name,
            nodes: [],
            edges: [],
            changes: [{ path: `nodes[n${index}].data.timeout` }],
          }),
        ],
        [
          `execution-${id}`,
          event(index, 'ExecutionFailed', {
            ...run,
            startedAt: '',
            durationMs: 1,
            error: { code: 'x', message: `boom ${index}` },
          }),
        ],
        [
          'access-20260502',
          event(index, 'CommandRefused', {
            method: 'POST',
            path: '/v1/x',
            status: 409,
            code: 'FLK-0101',
            message: 'taken',
          }),
        ],
      ] as const
    )[Math.floor(index / 2) % 4] as readonly [string, NewEvent];
    await one.events.append(stream, [made], { expectedRevision: 'any' });
  }
  const page = accepted(await one.trail.page({ descending: false, limit: 100 }));
  return { ...one, all: [...page.items] };
}

/** The slow, obvious meaning of a query. */
function matches(entry: AuditEntry, input: AuditPageInput): boolean {
  const among = (text: string | undefined, value: string | undefined): boolean =>
    text === undefined || text.split(',').includes(value ?? '');
  const words = [
    entry.summary,
    entry.actor.name,
    entry.resourceName,
    entry.resourceId,
    entry.reason,
    entry.metadata['error.code'],
  ];
  const haystack = [...words, ...(entry.changes ?? []).map(({ path }) => path)]
    .join(' ')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const ms = Date.parse(entry.timestamp);
  return (
    among(input.eventType, entry.eventType) &&
    among(input.category, entry.category) &&
    among(input.action, entry.action) &&
    among(input.result, entry.result) &&
    among(input.resourceType, entry.resourceType) &&
    among(input.resourceId, entry.resourceId) &&
    among(input.actorType, entry.actor.type) &&
    among(input.actorId, entry.actor.id) &&
    among(input.channel, entry.channel) &&
    among(input.ip, entry.actor.ipAddress) &&
    among(input.correlationId, entry.correlationId) &&
    among(input.requestId, entry.requestId) &&
    (input.dateFrom === undefined || ms >= Date.parse(input.dateFrom)) &&
    (input.dateTo === undefined || ms <= Date.parse(input.dateTo)) &&
    (input.q ?? '').split(' ').every((word) => word === '' || haystack.some((candidate) => candidate.startsWith(word)))
  );
}

const second = (count: number): string => new Date(T0 + count * 1000).toISOString();
const filters = fc.record(
  {
    eventType: fc.constantFrom('WORKFLOW_UPDATED', 'WORKFLOW_DEACTIVATED,COMMAND_REFUSED'),
    category: fc.constantFrom('administrative', 'access', 'system'),
    action: fc.constantFrom('EXECUTE', 'UPDATE,REFUSE'),
    result: fc.constantFrom('SUCCESS', 'FAILED'),
    resourceType: fc.constantFrom('workflow', 'execution', 'access'),
    resourceId: fc.constantFrom(...workflows),
    actorType: fc.constantFrom('api_key', 'user,system'),
    actorId: fc.constantFrom('key-1', 'engine', 'nobody'),
    channel: fc.constantFrom('rest', 'engine', 'webhook'),
    ip: fc.constantFrom('203.0.113.0', '203.0.113.1'),
    correlationId: fc.constantFrom('cor-0', 'cor-3'),
    requestId: fc.constantFrom('req-0', 'req-4'),
    dateFrom: fc.constantFrom(second(10), second(30)),
    dateTo: fc.constantFrom(second(40), second(55)),
    q: fc.constantFrom('credit', 'kyc', 'ana', 'quarterly rev', 'boom', 'timeout nodes', 'flk', 'nothing'),
  },
  { requiredKeys: [] },
);

describe('the audit trail over a real view', () => {
  it('answers every mix of filters with exactly the entries that match, in both orders, page by page', async () => {
    const { trail, all, views } = await filled();
    const orders = fc.constantFrom('ASC', 'DESC');
    await fc.assert(
      fc.asyncProperty(filters, orders, fc.integer({ min: 1, max: 40 }), async (input, sortOrder, limit) => {
        const seen: string[] = [];
        let cursor = '';
        do {
          const query = accepted(auditPageOf({ ...input, sortOrder, limit: String(limit), cursor }));
          const page = accepted(await trail.page(query));
          expect(page.items.length).toBeLessThanOrEqual(limit);
          expect(page.hasMore).toBe(page.nextCursor !== '');
          seen.push(...page.items.map(({ eventId }) => eventId));
          cursor = page.nextCursor;
        } while (cursor !== '');
        const expected = all.filter((entry) => matches(entry, input)).map(({ eventId }) => eventId);
        expect(seen).toEqual(sortOrder === 'ASC' ? expected : expected.reverse());
      }),
      { numRuns: 150 },
    );
    await views.close();
  });

  it('shows what was written last, newest first, without waiting to be told', async () => {
    const { trail, events } = await filled();
    const last = event(0, 'WorkflowDeleted', { name: 'KYC' });
    await events.append(`workflow-${workflows[0]}`, [last], { expectedRevision: 'any' });
    const page = accepted(await trail.page({ descending: true, limit: 1 }));
    expect(page.items.map(({ eventId }) => eventId)).toEqual([last.id]);
  });

  it('stays as it was at a position, whatever happens afterwards', async () => {
    const { trail, all } = await filled();
    const asOf = all[9]?.position as string;
    const page = accepted(await trail.page(accepted(auditPageOf({ asOf, limit: '100' }))));
    expect(page.items.map(({ eventId }) => eventId)).toEqual(
      all
        .slice(0, 10)
        .map(({ eventId }) => eventId)
        .reverse(),
    );
    const foreign = await trail.page(accepted(auditPageOf({ asOf: 'not-a-position' })));
    expect(foreign).toMatchObject({ kind: 'invalid', code: 'FLK-0304', fields: [{ field: 'asOf' }] });
  });

  it('reads one entry in full from the log, where the list shows a part', async () => {
    const { trail, events } = await filled();
    const nodes = Array.from({ length: 40 }, (_, index) => ({
      id: `n${index}`,
      type: 'action',
      position: { x: 0, y: 0 },
    }));
    const large = event(0, 'WorkflowCreated', { name: 'Large', nodes, edges: [] });
    await events.append('workflow-2d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11', [large], { expectedRevision: 'no_stream' });
    const [listed] = accepted(await trail.page({ descending: true, limit: 1 })).items;
    expect(listed?.context).toMatchObject({ truncated: true, after: { name: 'Large' } });
    expect((await trail.entry(large.id))?.context).toEqual({ after: { name: 'Large', nodes, edges: [] } });
    expect(await trail.entry(ids.next())).toBeUndefined();
  });

  it('relates an entry to its cause, its effects and everything of the same correlation', async () => {
    const { trail, events } = await house();
    const cause = event(0, 'WorkflowDeactivated', { name: 'KYC' });
    const effect = event(0, 'ValueReleased', { scope: 's', value: 'v', ownerStream: 'o' }, cause.id);
    const other = event(4, 'WorkflowDrafted', { name: 'KYC' });
    const stranger = event(1, 'WorkflowDrafted', { name: 'KYC' });
    for (const made of [cause, effect, other, stranger]) {
      await events.append(`workflow-${workflows[0]}`, [made], { expectedRevision: 'any' });
    }
    const ofCause = await trail.related(cause.id, { limit: 20 });
    expect(ofCause?.items.map(({ eventId, relation }) => [eventId, relation])).toEqual([
      [cause.id, 'itself'],
      [effect.id, 'effect'],
      [other.id, 'same_correlation'],
    ]);
    const ofEffect = await trail.related(effect.id, { limit: 1 });
    expect(ofEffect).toMatchObject({ cause: { eventId: cause.id }, hasMore: true });
    expect(await trail.related(ids.next(), { limit: 20 })).toBeUndefined();
  });

  it('counts within a selection what a list of it would show', async () => {
    const { trail, all } = await filled();
    await fc.assert(
      fc.asyncProperty(filters, async (input) => {
        const facets = accepted(await trail.facets(accepted(auditSelectionOf(input))));
        const expected = all.filter((entry) => matches(entry, input));
        expect(facets.total).toBe(expected.length);
        for (const { value, count } of facets.eventTypes) {
          expect(count).toBe(expected.filter(({ eventType }) => eventType === value).length);
        }
        for (const { id, count } of facets.actors) {
          expect(count).toBe(expected.filter(({ actor }) => actor.id === id).length);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('counts per interval and outcome, and every entry of the selection in exactly one interval', async () => {
    const { trail, all } = await filled();
    const selection = accepted(auditSelectionOf({ dateFrom: second(0), dateTo: second(59) }));
    const buckets = accepted(await trail.histogram(accepted(bucketsOf(selection, 'minute'))));
    expect(buckets).toEqual([
      {
        from: second(0),
        success: all.filter(({ result }) => result === 'SUCCESS').length,
        failed: all.filter(({ result }) => result === 'FAILED').length,
      },
    ]);
    expect(isRefusal(bucketsOf(accepted(auditSelectionOf({})), 'hour'))).toBe(true);
    const year = accepted(auditSelectionOf({ dateFrom: second(0), dateTo: '2027-05-02T13:00:00Z' }));
    expect(bucketsOf(year, 'hour')).toMatchObject({ code: 'FLK-0308' });
  });

  it('exports exactly the selection, entry by entry', async () => {
    const { trail, all } = await filled();
    const selection = accepted(auditSelectionOf({ result: 'FAILED' }));
    let text = '';
    for await (const piece of linesOf('ndjson', trail.portions(selection, false))) text += piece;
    const lines = text.trimEnd().split('\n');
    const expected = all.filter(({ result }) => result === 'FAILED').map(({ eventId }) => eventId);
    expect(lines.map((line) => (JSON.parse(line) as AuditEntry).eventId)).toEqual(expected);
    const csv: string[] = [];
    for await (const piece of linesOf('csv', trail.portions(selection, false))) csv.push(piece);
    expect(csv[0]).toBe(lineFormats.csv.head);
  });
});

describe('the replay of a stream', () => {
  const stream = `workflow-${workflows[0]}`;
  const content = { name: 'KYC', nodes: [], edges: [] };

  async function replayable(): Promise<House> {
    const one = await house();
    const made = [
      event(0, 'WorkflowCreated', content),
      event(0, 'WorkflowUpdated', {
        ...content,
        name: 'KYC 2',
        changes: [{ path: 'name', before: 'KYC', after: 'KYC 2' }],
      }),
      event(0, 'WorkflowDeleted', { name: 'KYC 2' }),
    ];
    for (const one_ of made) {
      const decided = { ...one_, metadata: { ...one_.metadata, occurredAt: new Date(one.clock.ms).toISOString() } };
      await one.events.append(stream, [decided], { expectedRevision: 'any' });
      one.clock.ms += 1000;
    }
    return one;
  }

  it('gives every event word for word, with its sentence, in pages of either direction', async () => {
    const { history, events } = await replayable();
    const first = accepted(await history.page(stream, { direction: 'forward', limit: 2 }));
    expect(first).toMatchObject({ hasMore: true, nextFrom: 2, items: [{ revision: 0 }, { revision: 1 }] });
    const rest = accepted(await history.page(stream, { direction: 'forward', limit: 2, from: 2 }));
    expect(rest).toMatchObject({ hasMore: false, items: [{ revision: 2, summary: 'Ana deleted *KYC 2*' }] });
    const backward = accepted(await history.page(stream, { direction: 'backward', limit: 1 }));
    expect(backward).toMatchObject({ nextFrom: 1, items: [{ revision: 2 }] });
    const { sentence, summary, ...recorded } = first.items[0] as (typeof first.items)[0];
    for await (const event of events.readStream(stream, { limit: 1 })) expect(recorded).toEqual(event);
    expect([sentence, summary]).toEqual(['A workflow came to be, as a draft.', 'Ana created *KYC*']);
  });

  it('folds the aggregate up to a revision or an instant', async () => {
    const { history } = await replayable();
    expect(await history.state(stream, { revision: 0 })).toMatchObject({
      revision: 0,
      state: { content: { name: 'KYC' } },
    });
    expect(await history.state(stream, { revision: 1 })).toMatchObject({
      revision: 1,
      state: { content: { name: 'KYC 2' } },
    });
    expect(await history.state(stream, { atMs: T0 + 1999 })).toMatchObject({ revision: 1, state: { status: 'draft' } });
    expect(await history.state(stream, {})).toMatchObject({ revision: 2, state: { status: 'deleted' } });
  });

  it('refuses what is not there', async () => {
    const { history } = await replayable();
    const missing = { kind: 'not_found', code: 'STREAM_NOT_FOUND' };
    expect(await history.page(`workflow-${workflows[1]}`, { direction: 'forward', limit: 1 })).toMatchObject(missing);
    expect(await history.state(`workflow-${workflows[1]}`, {})).toMatchObject(missing);
    expect(await history.state(stream, { atMs: T0 - 1 })).toMatchObject(missing);
    expect(await history.state(stream, { revision: 3 })).toMatchObject({ code: 'REVISION_NOT_FOUND' });
    expect(await history.state('access-20260502', {})).toMatchObject({ kind: 'invalid' });
  });

  it.each([
    'workflow',
    'workflow-7',
    'lease-runner',
    'cat-0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11',
    'access-today',
    '-',
    '',
  ])('knows that "%s" is no name of a stream', (name) => {
    expect(streamNameDefect(name)).toMatchObject({ kind: 'invalid', code: 'FLK-0002' });
  });
});
