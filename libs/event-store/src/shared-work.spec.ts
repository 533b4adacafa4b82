import { SharedWork } from './shared-work.js';

/** Work that ends when it is told to, and counts how often it was begun. */
class Slow {
  readonly begun: { readonly resolve: (value: number) => void; readonly reject: (error: Error) => void }[] = [];
  readonly work = (): Promise<number> =>
    new Promise<number>((resolve, reject) => {
      this.begun.push({ resolve, reject });
    });
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('work that many want', () => {
  it('is begun at once for the first, and once more for all who asked meanwhile', async () => {
    const [shared, slow] = [new SharedWork(), new Slow()];
    const first = shared.do('a', slow.work);
    const later = [shared.do('a', slow.work), shared.do('a', slow.work)];
    expect(slow.begun).toHaveLength(1);
    slow.begun[0]?.resolve(1);
    expect(await first).toBe(1);
    await settled();
    expect(slow.begun).toHaveLength(2);
    const last = shared.do('a', slow.work);
    slow.begun[1]?.resolve(2);
    expect(await Promise.all(later)).toEqual([2, 2]);
    await settled();
    slow.begun[2]?.resolve(3);
    expect(await last).toBe(3);
    await settled();
    void shared.do('a', slow.work);
    expect(slow.begun).toHaveLength(4);
  });

  it('fails for those who waited for it, not for those who came after them', async () => {
    const [shared, slow] = [new SharedWork(), new Slow()];
    const first = shared.do('a', slow.work);
    const second = shared.do('a', slow.work);
    slow.begun[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settled();
    slow.begun[1]?.resolve(2);
    expect(await second).toBe(2);
  });

  it('is told apart by its key', () => {
    const [shared, slow] = [new SharedWork(), new Slow()];
    void shared.do('a', slow.work);
    void shared.do('b', slow.work);
    expect(slow.begun).toHaveLength(2);
  });
});
