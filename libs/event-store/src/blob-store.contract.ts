// The contract of the blob store.
import fc from 'fast-check';
import { sha256Hex } from '@app/kernel';
import type { BlobStore } from './blob-store.js';
import { codeOf, collect } from './subject.contract.js';

export function blobStoreContract(start: () => BlobStore): void {
  it('names a content by its hash and gives it back', async () => {
    const blobs = start();
    const content = new TextEncoder().encode('a long step output');
    const stored = await blobs.put(content);
    expect(stored).toEqual({ sha256: sha256Hex(content), bytes: content.length });
    expect(new Uint8Array((await blobs.get(stored.sha256)) ?? [])).toEqual(content);
  });

  it('keeps equal contents once, also when they come at the same time', async () => {
    const blobs = start();
    const content = new Uint8Array(300_000).fill(7);
    const stored = await Promise.all([1, 2, 3, 4].map(() => blobs.put(content)));
    expect(new Set(stored.map(({ sha256 }) => sha256)).size).toBe(1);
    expect((await blobs.get(stored[0]?.sha256 ?? ''))?.length).toBe(300_000);
  });

  it('has nothing under a hash that was never put', async () => {
    expect(await start().get('0'.repeat(64))).toBeUndefined();
  });

  it.each(['', 'abc', '../../etc/passwd', 'A'.repeat(64), `${'0'.repeat(63)}/`])(
    'does not take %j for a hash',
    async (name) => {
      expect(await codeOf(start().get(name))).toBe('InvalidArgument');
    },
  );

  it('names every content once, in order', async () => {
    const blobs = start();
    const hashes = new Set<string>();
    for (let number = 0; number < 30; number += 1) hashes.add((await blobs.put(Uint8Array.of(number % 20))).sha256);
    const own = (await collect(blobs.names())).filter((name) => hashes.has(name));
    expect(own).toEqual([...hashes].sort());
    expect(own).toHaveLength(20);
  });

  it('gives back any bytes', async () => {
    const blobs = start();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (content) => {
        const { sha256 } = await blobs.put(content);
        expect(Buffer.from((await blobs.get(sha256)) ?? []).equals(content)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
}
