// The contract of sealed secrets. `open` gives a fresh, empty store.
import type { SealedRow, SealedSecrets } from './sealed-secrets.js';

const row = (id: string, byte = 1): SealedRow => ({
  id,
  keyId: 'key-1',
  nonce: new Uint8Array(12).fill(byte),
  sealed: new Uint8Array(40).fill(byte),
});

export async function rowsOf(secrets: SealedSecrets): Promise<SealedRow[]> {
  const rows: SealedRow[] = [];
  for await (const { id, keyId, nonce, sealed } of secrets.all()) {
    rows.push({ id, keyId, nonce: new Uint8Array(nonce), sealed: new Uint8Array(sealed) });
  }
  return rows;
}

export function sealedSecretsContract(name: string, open: () => SealedSecrets | Promise<SealedSecrets>): void {
  describe(`${name} keeps the contract of sealed secrets`, () => {
    let secrets: SealedSecrets;
    beforeEach(async () => {
      secrets = await open();
    });
    afterEach(() => secrets.close());

    it('gives back what was put, byte for byte and in order', async () => {
      expect(await rowsOf(secrets)).toEqual([]);
      for (const id of ['b', 'c', 'a']) await secrets.put(row(id));
      expect(await rowsOf(secrets)).toEqual(['a', 'b', 'c'].map((id) => row(id)));
      expect((await secrets.get('b'))?.keyId).toBe('key-1');
      expect(await secrets.get('d')).toBeUndefined();
    });

    it('keeps the first of one id', async () => {
      await secrets.put(row('a'));
      await secrets.put(row('a', 2));
      expect(await rowsOf(secrets)).toEqual([row('a')]);
    });

    it('may be closed twice', async () => {
      await secrets.close();
      await expect(secrets.close()).resolves.toBeUndefined();
    });
  });
}
