import fc from 'fast-check';
import { DENIALS_PER_ADDRESS, DENIALS_TOTAL, DenialFlood, FLOOD_WINDOW_MS } from './denial-flood.js';

describe('a flood of denials', () => {
  it('is recorded one by one up to the measure, then counted', () => {
    const flood = new DenialFlood<number>();
    const admitted = Array.from({ length: 100 }, (_, index) => flood.admits('192.0.2.1', index, index));
    expect(admitted.filter(Boolean)).toHaveLength(DENIALS_PER_ADDRESS);
    expect(flood.due(FLOOD_WINDOW_MS - 1)).toEqual([]);
    expect(flood.due(FLOOD_WINDOW_MS)).toEqual([{ sample: DENIALS_PER_ADDRESS, count: 40 }]);
    expect(flood.due(FLOOD_WINDOW_MS)).toEqual([]);
  });

  it('begins anew with the next minute', () => {
    const flood = new DenialFlood<number>();
    for (let index = 0; index < 100; index += 1) flood.admits('192.0.2.1', index, 0);
    flood.due(FLOOD_WINDOW_MS);
    expect(flood.endsInMs(FLOOD_WINDOW_MS)).toBeUndefined();
    expect(flood.admits('192.0.2.1', 0, FLOOD_WINDOW_MS)).toBe(true);
    expect(flood.endsInMs(FLOOD_WINDOW_MS)).toBe(FLOOD_WINDOW_MS);
  });

  it('takes the addresses of one IPv6 network for one', () => {
    const flood = new DenialFlood<number>();
    for (let index = 0; index < 100; index += 1) flood.admits(`2001:db8::${index.toString(16)}`, index, 0);
    for (let index = 0; index < 50; index += 1) flood.admits(`2001:db8:0:0:1:2:3:${index.toString(16)}`, index, 0);
    expect(flood.due(0, true)).toEqual([{ sample: DENIALS_PER_ADDRESS, count: 90 }]);
  });

  it('loses none and records a bounded number, whoever asks how often', () => {
    const addresses = fc.array(fc.tuple(fc.nat(5_000), fc.integer({ min: 1, max: 50 })), { maxLength: 200 });
    fc.assert(
      fc.property(addresses, (askers) => {
        const flood = new DenialFlood<number>();
        let recorded = 0;
        let asked = 0;
        for (const [address, times] of askers) {
          for (let time = 0; time < times; time += 1) {
            asked += 1;
            if (flood.admits(`host-${address}`, asked, 0)) recorded += 1;
          }
        }
        const counted = flood.due(0, true).reduce((sum, { count }) => sum + count, 0);
        expect(recorded + counted).toBe(asked);
        expect(recorded).toBeLessThanOrEqual(DENIALS_TOTAL);
      }),
    );
  });
});
