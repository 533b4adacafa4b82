import { sha256 } from '@app/kernel';
import { bytesOf, SampleLog, sampleEvents } from '../../../test/support/sample-log.js';
import { readBundleEvents } from './bundle-events.js';
import { writeBundle } from './bundle-writer.js';
import { readTar } from './tar-reader.js';

const log = new SampleLog(sampleEvents(300));

describe('a bundle that is written', () => {
  it('holds the small files first and then shard by shard', async () => {
    const paths: string[] = [];
    for await (const item of readTar(writeBundle(await log.contents([9]), log.leaves, sha256))) {
      if (item.kind === 'file') paths.push(item.path);
    }
    expect(paths).toEqual([
      'MANIFEST.json',
      'checkpoints/00000000000000000009.txt',
      'checkpoints/00000000000000000300.txt',
      expect.stringMatching(/^keys\/[0-9a-f]{8}\.vkey$/),
      'entries/000000000000.bin',
      'data/000000000000.ndjson',
      'meta/000000000000.ndjson',
      'entries/000000000001.bin',
      'data/000000000001.ndjson',
      'meta/000000000001.ndjson',
    ]);
  });

  it('is the same, byte for byte, each time', async () => {
    const contents = await log.contents();
    const [one, two] = await Promise.all([1, 2].map(() => bytesOf(writeBundle(contents, log.leaves, sha256))));
    expect(one).toEqual(two);
  });

  it.each([299, 301])('fails when %i leaves were announced and 300 come', async (entries) => {
    const contents = { ...(await log.contents()), entries };
    await expect(bytesOf(writeBundle(contents, log.leaves, sha256))).rejects.toThrow(/there were 300/);
  });

  it('holds no more of the leaves than one shard at a time', async () => {
    let drawn = 0;
    function* counted() {
      for (const leaf of log.leaves) {
        drawn += 1;
        yield leaf;
      }
    }
    for await (const item of readTar(writeBundle(await log.contents(), counted(), sha256))) {
      if (item.kind === 'file' && item.path === 'entries/000000000000.bin') break;
    }
    expect(drawn).toBe(256);
  });
});

describe('the events of a bundle', () => {
  it('are those that were asked for', async () => {
    const bytes = await bytesOf(writeBundle(await log.contents(), log.leaves, sha256));
    const { stream } = log.leaves[3]!.parsed;
    const found: unknown[] = [];
    for await (const event of readBundleEvents([bytes], sha256, (entry) => entry.stream === stream)) found.push(event);
    expect(found).toEqual([...sampleEvents(300)].filter((event) => event.stream === stream));
  });

  it.each([
    ['changed', { ...log.leaves[3]!, data: new TextEncoder().encode('{}') }, /line 4 is not what its leaf says/],
    ['no entry', { ...log.leaves[3]!, entry: new TextEncoder().encode('{}') }, /a leaf entry/],
  ])('are refused when one is %s', async (_name, leaf, message) => {
    const bytes = await bytesOf(writeBundle(await log.contents(), log.leaves.with(3, leaf), sha256));
    const reading = async (): Promise<void> => {
      for await (const event of readBundleEvents([bytes], sha256, () => true)) expect(event.revision).toBeLessThan(5);
    };
    await expect(reading()).rejects.toThrow(message);
  });

  it('are not looked for in what is no bundle', async () => {
    const nothing = readBundleEvents([new Uint8Array(1024)], sha256, () => true);
    await expect(nothing.next()).rejects.toThrow(/is it a bundle/);
  });
});
