import { randomUUID } from 'node:crypto';
import type { RequestContext } from '@app/kernel';
import { anonymousActor } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import { AggregateStore } from './aggregate-store.js';
import { MemoryEventStore } from './memory.event-store.js';
import { CLAIM_GRACE_MS, Reservations } from './reservations.js';

const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: randomUUID() };
const claim = (ownerStream: string) => ({ scope: 'workflow.name', value: 'Onboarding', ownerStream });
const always = async (): Promise<boolean> => true;
const never = async (): Promise<boolean> => false;

describe('reservations', () => {
  let nowMs: number;
  let reservations: Reservations;
  beforeEach(() => {
    nowMs = 1_000_000;
    const clock = { nowMs: () => nowMs };
    reservations = new Reservations(
      new AggregateStore(new MemoryEventStore({ clock }), new RandomIdSource(), clock),
      clock,
    );
  });

  it('give a free value to the first who claims it, as often as he does', async () => {
    expect(await reservations.claim(claim('workflow-1'), context, always)).toBeUndefined();
    expect(await reservations.claim(claim('workflow-1'), context, always)).toBeUndefined();
    expect(await reservations.holder('workflow.name', 'Onboarding')).toBe('workflow-1');
  });

  it('refuse a value that another uses, naming him', async () => {
    await reservations.claim(claim('workflow-1'), context, always);
    nowMs += CLAIM_GRACE_MS;
    expect(await reservations.claim(claim('workflow-2'), context, always)).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('workflow-1'),
    });
  });

  it('honour a young claim although its owner does not use the value yet', async () => {
    await reservations.claim(claim('workflow-1'), context, always);
    nowMs += CLAIM_GRACE_MS - 1;
    expect(await reservations.claim(claim('workflow-2'), context, never)).toMatchObject({ refused: true });
  });

  it('pass an old claim on when its owner does not use the value', async () => {
    await reservations.claim(claim('workflow-1'), context, always);
    nowMs += CLAIM_GRACE_MS;
    expect(await reservations.claim(claim('workflow-2'), context, never)).toBeUndefined();
    expect(await reservations.holder('workflow.name', 'Onboarding')).toBe('workflow-2');
  });

  it('free a value for others only by the word of its owner', async () => {
    await reservations.claim(claim('workflow-1'), context, always);
    await reservations.release(claim('workflow-2'), context);
    expect(await reservations.holder('workflow.name', 'Onboarding')).toBe('workflow-1');
    await reservations.release(claim('workflow-1'), context);
    expect(await reservations.holder('workflow.name', 'Onboarding')).toBeUndefined();
    expect(await reservations.claim(claim('workflow-2'), context, always)).toBeUndefined();
  });
});
