import { Slots } from './slots.js';

describe('the slots', () => {
  it('are limited over the server and per key', () => {
    const slots = new Slots(2);
    expect(slots.tryAcquire({ key: 'w', max: 1 })).toBe(true);
    expect(slots.tryAcquire({ key: 'w', max: 1 })).toBe(false);
    expect(slots.tryAcquire({ key: 'v' })).toBe(true);
    expect(slots.tryAcquire({ key: 'u' })).toBe(false);
    slots.release({ key: 'w' });
    expect(slots.inUse).toBe(1);
  });

  it('call, of those in line, only who may use the free one, in the order in which they came', () => {
    const slots = new Slots(2);
    slots.tryAcquire({ key: 'w', max: 1 });
    slots.tryAcquire({ key: 'v' });
    const called: string[] = [];
    const join = (who: string, key: string, max?: number): void => {
      const slot = max === undefined ? { key } : { key, max };
      slots.wait(who, slot, () => {
        slots.tryAcquire(slot);
        called.push(who);
      });
    };
    join('full', 'w', 1);
    join('first', 'v');
    join('second', 'v');
    slots.release({ key: 'v' });
    expect(called).toEqual(['first']);
    slots.release({ key: 'w' });
    expect(called).toEqual(['first', 'full']);
    expect(slots.waiting).toBe(1);
  });
});
