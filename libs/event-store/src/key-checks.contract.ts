import type { KeyChecks } from './key-checks.js';

/** @param open fresh ones; the two are two servers that share a store */
export function keyChecksContract(open: () => Promise<readonly [KeyChecks, KeyChecks]>): void {
  it('keeps the first value of each name for everybody', async () => {
    const [one, other] = await open();
    expect(await one.keep('a', 'first')).toBe('first');
    expect(await other.keep('a', 'second')).toBe('first');
    expect(await one.keep('a', 'third')).toBe('first');
    expect(await other.keep('b', 'second')).toBe('second');
  });

  it('lets one win when several begin at once', async () => {
    const [one, other] = await open();
    const kept = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).keep('a', `${index}`)),
    );
    expect(new Set(kept).size).toBe(1);
  });
}
