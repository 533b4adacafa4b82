import type { ApiKeyDirectory } from '@app/access';

export interface DirectorySubject {
  readonly directory: ApiKeyDirectory;
  /** Creates a key, resolves to its id once it is acknowledged; later ones are newer. */
  readonly create: (name: string) => Promise<string>;
  readonly revoke: (id: string) => Promise<void>;
}

export function apiKeyDirectoryContract(name: string, open: () => Promise<DirectorySubject>): void {
  describe(`${name} keeps the promises of ApiKeyDirectory`, () => {
    it('shows at once what was acknowledged, newest first', async () => {
      const { directory, create, revoke } = await open();
      const [a, b] = [await create('a'), await create('b')];
      expect((await directory.page({ limit: 10 })).rows.map(({ id }) => id)).toEqual([b, a]);
      await revoke(a);
      const [, row] = (await directory.page({ limit: 10 })).rows;
      expect(row).toMatchObject({ id: a, name: 'a', revokedAt: expect.any(String) as string });
    });

    it('tells revoked keys from the others', async () => {
      const { directory, create, revoke } = await open();
      const [a, b] = [await create('a'), await create('b')];
      await revoke(a);
      expect((await directory.page({ limit: 10, revoked: true })).rows.map(({ id }) => id)).toEqual([a]);
      expect((await directory.page({ limit: 10, revoked: false })).rows.map(({ id }) => id)).toEqual([b]);
    });

    it('gives every key on exactly one page, and no cursor on the last', async () => {
      const { directory, create } = await open();
      const ids: string[] = [];
      for (let index = 0; index < 7; index += 1) ids.unshift(await create(`key ${index}`));
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await directory.page({ limit: 3, ...(cursor ? { cursor } : {}) });
        found.push(...page.rows.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(found).toEqual(ids);
    });

    it('refuses a cursor that is none of its own', async () => {
      const { directory } = await open();
      await expect(directory.page({ limit: 1, cursor: 'abc' })).rejects.toMatchObject({
        refusal: { kind: 'invalid', code: 'INVALID_CURSOR' },
      });
    });
  });
}
