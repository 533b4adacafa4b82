import type { SecretStore } from './secret-store.js';

/** What every secret store must keep. `open` gives a fresh, empty store. */
export function secretStoreContract(name: string, open: () => SecretStore | Promise<SecretStore>): void {
  describe(`${name} keeps the contract of secret stores`, () => {
    let store: SecretStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it.each([['k-9f2a77c1'], [''], ['ключ 🔑\n\u0000'], ['x'.repeat(100_000)]])(
      'gives back what was put',
      async (text) => {
        expect(await store.get(await store.put(text))).toBe(text);
      },
    );

    it('gives every secret an id of its own, the same text too', async () => {
      const ids = [await store.put('same'), await store.put('same')];
      expect(new Set(ids).size).toBe(2);
      expect(ids.join()).not.toContain('same');
    });

    it('forgets what was deleted and ignores unknown ids', async () => {
      const [gone, kept] = [await store.put('gone'), await store.put('kept')];
      await store.delete([gone, 'unknown']);
      expect(await store.get(gone)).toBeUndefined();
      expect(await store.get(kept)).toBe('kept');
      expect(await store.get('unknown')).toBeUndefined();
    });

    it('may be closed twice', async () => {
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}
