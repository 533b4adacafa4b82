import { AggregateStore, CLAIM_GRACE_MS, Reservations } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import type { RequestContext } from '@app/kernel';
import { anonymousActor, Clock, RefusalError, streamName } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import { MemorySecretStore } from '@app/provider/nest';
import { maskedNodes, secretIdOf } from './trigger-secret.js';
import { WEBHOOK_ROUTE_SCOPE } from './webhook-route.js';
import { WorkflowAuthor } from './workflow-author.js';
import { WorkflowClaims } from './workflow-claims.js';
import type { WorkflowContent, WorkflowState } from './workflow.js';
import { isLiving, workflow, WORKFLOW_NAME_SCOPE } from './workflow.js';

const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: 'c' };
const UNKNOWN = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';

class SetClock extends Clock {
  now = Date.parse('2026-05-02T13:00:00Z');
  nowMs(): number {
    return this.now;
  }
}

function house() {
  const clock = new SetClock();
  const events = new MemoryEventStore({ clock });
  const ids = new RandomIdSource();
  const aggregates = new AggregateStore(events, ids, clock);
  const reservations = new Reservations(aggregates, clock);
  const secrets = new MemorySecretStore();
  const claims = new WorkflowClaims(aggregates, reservations);
  const author = new WorkflowAuthor(aggregates, claims, secrets, ids);
  return { clock, events, aggregates, reservations, secrets, claims, author };
}

function hook(name: string, path: string, secret?: string): WorkflowContent {
  const data = {
    triggerType: 'webhook',
    path,
    method: 'POST',
    ...(secret === undefined ? {} : { verify_token: secret }),
  };
  return { name, nodes: [{ id: 'in', type: 'trigger', position: { x: 0, y: 0 }, data }], edges: [] };
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RefusalError);
  return (error as RefusalError).refusal.code;
}

function tokenIdOf(state: WorkflowState): string | undefined {
  return isLiving(state) ? secretIdOf(state.content.nodes[0]?.data?.['verify_token']) : undefined;
}

describe('the name of a workflow', () => {
  it('is unique', async () => {
    const { author } = house();
    await author.create(hook('a', '/a'), context);
    expect(await refused(author.create(hook('a', '/b'), context))).toBe('FLK-0101');
    const other = await author.create(hook('b', '/b'), context);
    expect(await refused(author.update(other.id, hook('a', '/b'), context))).toBe('FLK-0101');
    expect(await refused(author.clone(other.id, 'a', context))).toBe('FLK-0101');
  });

  it('is unique among simultaneous creations', async () => {
    const { author } = house();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => author.create(hook('same', '/a'), context)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is free again after a rename and after deletion', async () => {
    const { author } = house();
    const { id } = await author.create(hook('a', '/a'), context);
    await author.update(id, hook('b', '/a'), context);
    await author.create(hook('a', '/x'), context);
    await author.delete(id, context);
    await expect(author.create(hook('b', '/y'), context)).resolves.toMatchObject({ revision: 0 });
  });

  it('stays free when the creation was refused', async () => {
    const { author, reservations } = house();
    const wrong = { ...hook('a', '/a'), edges: [{ id: 'e', source: 'in', target: 'gone' }] };
    expect(await refused(author.create(wrong, context))).toBe('FLK-0115');
    expect(await reservations.holder(WORKFLOW_NAME_SCOPE, 'a')).toBeUndefined();
  });

  it('is taken over, after a grace, from a creation that never came to be', async () => {
    const { author, claims, clock } = house();
    await claims.claimName(UNKNOWN, 'a', context);
    expect(await refused(author.create(hook('a', '/a'), context))).toBe('FLK-0101');
    clock.now += CLAIM_GRACE_MS + 1;
    await expect(author.create(hook('a', '/a'), context)).resolves.toBeDefined();
  });
});

describe('a webhook route', () => {
  const holder = (reservations: Reservations) => reservations.holder(WEBHOOK_ROUTE_SCOPE, 'POST /in');

  it('is held from activation to deactivation', async () => {
    const { author, reservations } = house();
    const { id } = await author.create(hook('a', 'in/'), context);
    expect(await holder(reservations)).toBeUndefined();
    await author.activate(id, context);
    expect(await holder(reservations)).toBe(streamName('workflow', id));
    await author.deactivate(id, context);
    expect(await holder(reservations)).toBeUndefined();
  });

  it('belongs to one active workflow, and the refusal does not say to which', async () => {
    const { author } = house();
    const first = await author.create(hook('a', '/in'), context);
    const second = await author.create(hook('b', '/in'), context);
    await author.activate(first.id, context);
    const error = (await author.activate(second.id, context).catch((reason: unknown) => reason)) as RefusalError;
    expect(error.refusal).toMatchObject({ code: 'FLK-0360', kind: 'conflict' });
    expect(JSON.stringify(error.refusal)).not.toContain(first.id);
  });

  it('is given back when another route of the same workflow is taken', async () => {
    const { author, reservations } = house();
    const first = await author.create(hook('a', '/taken'), context);
    await author.activate(first.id, context);
    const both = {
      ...hook('b', '/in'),
      nodes: [...hook('b', '/in').nodes, { ...hook('', '/taken').nodes[0]!, id: 'in2' }],
    };
    const second = await author.create(both, context);
    expect(await refused(author.activate(second.id, context))).toBe('FLK-0360');
    expect(await holder(reservations)).toBeUndefined();
  });

  it('survives a second activation that is refused', async () => {
    const { author, reservations } = house();
    const { id } = await author.create(hook('a', '/in'), context);
    const outcomes = await Promise.allSettled([author.activate(id, context), author.activate(id, context)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await holder(reservations)).toBe(streamName('workflow', id));
  });

  it('is taken over, after a grace, from a workflow that died between claim and activation', async () => {
    const { author, claims, clock, reservations } = house();
    const dead = await author.create(hook('dead', '/in'), context);
    const { id } = await author.create(hook('a', '/in'), context);
    await claims.claimRoutes(
      dead.id,
      [{ method: 'POST', path: '/in', route: 'POST /in', nodeId: 'in', nodeIndex: 0 }],
      context,
    );
    expect(await refused(author.activate(id, context))).toBe('FLK-0360');
    clock.now += CLAIM_GRACE_MS + 1;
    await author.activate(id, context);
    expect(await holder(reservations)).toBe(streamName('workflow', id));
  });
});

describe('the secret of a trigger', () => {
  it('stands in no event', async () => {
    const { author, events } = house();
    const { id } = await author.create(hook('a', '/in', 'very-secret-text'), context);
    await author.update(id, hook('a', '/in', 'another-secret-text'), context);
    const recorded: unknown[] = [];
    for await (const event of events.readAll()) recorded.push(event);
    expect(recorded.length).toBeGreaterThan(2);
    expect(JSON.stringify(recorded)).not.toMatch(/very-secret|another-secret/);
  });

  it('stays when its mask comes back, and is replaced when another text comes', async () => {
    const { author, secrets } = house();
    const first = await author.create(hook('a', '/in', 'very-secret-text'), context);
    const before = tokenIdOf(first.state);
    const shown = isLiving(first.state) ? await maskedNodes(first.state.content.nodes, secrets) : [];
    expect(shown[0]?.data?.['verify_token']).toBe('****text');
    const same = await author.update(first.id, { ...hook('a', '/in'), nodes: shown }, context);
    expect(same.events).toEqual([]);
    const changed = await author.update(first.id, hook('a', '/in', 'another-secret'), context);
    expect(tokenIdOf(changed.state)).not.toBe(before);
    expect(await secrets.get(before ?? '')).toBeUndefined();
    expect(changed.events).toMatchObject([
      {
        data: {
          changes: [{ path: 'nodes[in].data.verify_token', before: '[secret changed]', after: '[secret changed]' }],
        },
      },
    ]);
  });

  it('is not a mask that fits nothing', async () => {
    const { author } = house();
    expect(await refused(author.create(hook('a', '/in', '****text'), context))).toBe('FLK-0001');
  });

  it('is never another workflow’s by reference', async () => {
    const { author } = house();
    const sent = hook('b', '/b');
    const [node] = sent.nodes;
    const stolen = { ...sent, nodes: [{ ...node!, data: { ...node!.data, verify_token: { $secret: 'x' } } }] };
    expect(await refused(author.create(stolen, context))).toBe('FLK-0001');
  });

  it('is copied with a clone, which goes on when its source is deleted', async () => {
    const { author, secrets } = house();
    const source = await author.create({ ...hook('a', '/in', 'very-secret-text'), metadata: { a: 1 } }, context);
    const copy = await author.clone(source.id, 'b', context);
    expect(copy.state).toMatchObject({ status: 'draft', content: { name: 'b' } });
    expect(copy.state).not.toHaveProperty('content.metadata');
    await author.delete(source.id, context);
    expect(await secrets.get(tokenIdOf(source.state) ?? '')).toBeUndefined();
    expect(await secrets.get(tokenIdOf(copy.state) ?? '')).toBe('very-secret-text');
  });

  it('stays in the store as long as a frozen version refers to it', async () => {
    const { author, secrets, aggregates } = house();
    const { id, state } = await author.create(hook('a', '/in', 'very-secret-text'), context);
    await author.activate(id, context);
    await author.deactivate(id, context);
    await aggregates.execute(workflow, id, { kind: 'DraftWorkflow' }, context);
    await author.update(id, hook('a', '/in', 'another-secret'), context);
    expect(await secrets.get(tokenIdOf(state) ?? '')).toBe('very-secret-text');
  });
});

describe('a stale revision', () => {
  it('is refused before anything is claimed', async () => {
    const { author, reservations } = house();
    const { id } = await author.create(hook('a', '/in'), context);
    await author.update(id, hook('b', '/in'), context);
    const stale = { expectedRevision: 0 };
    expect(await refused(author.update(id, hook('c', '/in'), context, stale))).toBe('FLK-0350');
    expect(await refused(author.activate(id, context, stale))).toBe('FLK-0350');
    expect(await refused(author.delete(id, context, stale))).toBe('FLK-0350');
    expect(await reservations.holder(WORKFLOW_NAME_SCOPE, 'c')).toBeUndefined();
  });
});

describe('an unknown workflow', () => {
  it('is not found by any command', async () => {
    const { author } = house();
    expect(await refused(author.update(UNKNOWN, hook('a', '/a'), context))).toBe('FLK-0100');
    expect(await refused(author.activate(UNKNOWN, context))).toBe('FLK-0100');
    expect(await refused(author.deactivate(UNKNOWN, context))).toBe('FLK-0100');
    expect(await refused(author.delete(UNKNOWN, context))).toBe('FLK-0100');
    expect(await refused(author.clone(UNKNOWN, 'b', context))).toBe('FLK-0100');
  });
});

describe('an update that loses a race', () => {
  it('never records what it did not seal', async () => {
    const { author, aggregates, events } = house();
    const { id } = await author.create(hook('a', '/a', 'the first secret'), context);
    await author.activate(id, context);
    await author.deactivate(id, context);
    const execute = aggregates.execute.bind(aggregates);
    let overtaken = false;
    aggregates.execute = async (...args) => {
      if (!overtaken) {
        overtaken = true;
        await execute(workflow, id, { kind: 'DraftWorkflow' }, context);
      }
      return execute(...args);
    };
    await author.update(id, hook('a', '/a', 'the second secret'), context).catch(() => undefined);
    for await (const event of events.readAll()) expect(JSON.stringify(event)).not.toContain('the second secret');
  });

  it('is refused when it names a revision that is yet to come', async () => {
    const { author } = house();
    const { id, revision } = await author.create(hook('a', '/a', 'a secret'), context);
    const expectedRevision = revision + 1;
    expect(await refused(author.update(id, hook('a', '/b'), context, { expectedRevision }))).toBe('FLK-0350');
    expect(await refused(author.activate(id, context, { expectedRevision }))).toBe('FLK-0350');
  });
});
