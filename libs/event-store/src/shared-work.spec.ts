import { SharedWork } from './shared-work.js';

/** Work that ends when it is told to, and counts how often it was begun. */
class Slow {
  readonly begun: { readonly resolve: (value: number) => void; readonly reject: (error: Error) => void }[] = [];
  readonly work = (): Promise<number> =>
    new Promise<number>((resolve, reject) => {
      this.begun.push({ resolve, reject });
    });
}

let nowMs = 0;
const sharing = (): SharedWork => new SharedWork(() => nowMs);
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('work that many want', () => {
  it('is begun at once for the first, and once more for all who asked meanwhile', async () => {
    const [shared, slow] = [sharing(), new Slow()];
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
    const [shared, slow] = [sharing(), new Slow()];
    const first = shared.do('a', slow.work);
    const second = shared.do('a', slow.work);
    slow.begun[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settled();
    slow.begun[1]?.resolve(2);
    expect(await second).toBe(2);
  });

  it('that is under way will do for who is content with when it was begun', async () => {
    const [shared, slow] = [sharing(), new Slow()];
    nowMs = 5;
    const first = shared.do('a', slow.work);
    const since = (ms: number): Promise<number> => shared.do('a', slow.work, (begunMs) => begunMs >= ms);
    nowMs = 9;
    const [content, later] = [since(5), since(6)];
    slow.begun[0]?.resolve(1);
    expect(await Promise.all([first, content])).toEqual([1, 1]);
    await settled();
    slow.begun[1]?.resolve(2);
    expect(await later).toBe(2);
  });

  it('is told apart by its key', () => {
    const [shared, slow] = [sharing(), new Slow()];
    void shared.do('a', slow.work);
    void shared.do('b', slow.work);
    expect(slow.begun).toHaveLength(2);
  });
});
