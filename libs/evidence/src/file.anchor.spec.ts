import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anchorContract, ANCHORED_ORIGIN, publicationOf } from './anchor.contract.js';
import { parseCheckpoint } from './checkpoint.js';
import { FileAnchor } from './file.anchor.js';
import { parseNote } from './note.js';

let directory: string;
let path: string;
let anchor: FileAnchor;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anchor-'));
  mkdirSync(join(directory, 'there'));
  path = join(directory, 'there', 'checkpoints.txt');
  anchor = new FileAnchor(path);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('an anchor in a file', () => {
  let aside = '';
  anchorContract(() => ({
    anchor,
    // Also for a user whom no permission stops: the folder is not there.
    fail: () => {
      aside = readFileSync(path, 'utf8');
      rmSync(join(directory, 'there'), { recursive: true });
    },
    heal: () => {
      mkdirSync(join(directory, 'there'));
      appendFileSync(path, aside);
    },
  }));

  it('only ever adds to the file, each checkpoint once, each a note that others can read', async () => {
    let before = '';
    for (const size of [1, 2, 2, 5]) {
      await anchor.publish(await publicationOf(size));
      const now = readFileSync(path, 'utf8');
      expect(now.startsWith(before)).toBe(true);
      before = now;
    }
    const notes = before.split(/(?<=\n)\n(?=example)/);
    expect(notes.map((note) => parseCheckpoint(parseNote(note.replace(/\n\n$/, '\n')).text).size)).toEqual([1, 2, 5]);
  });

  it('knows the last checkpoint, also of a file that grew long or was torn', async () => {
    expect(await anchor.last(ANCHORED_ORIGIN)).toBeUndefined();
    for (let size = 1; size <= 300; size += 1) await anchor.publish(await publicationOf(size % 7 === 0 ? 7 : size));
    const { note } = await publicationOf(300);
    const root = parseCheckpoint(parseNote(note).text).root;
    expect(await new FileAnchor(path).last(ANCHORED_ORIGIN)).toEqual({ origin: ANCHORED_ORIGIN, size: 300, root });
    const torn = (await publicationOf(301)).note;
    appendFileSync(path, torn.slice(0, torn.length - 20));
    expect(await new FileAnchor(path).last(ANCHORED_ORIGIN)).toMatchObject({ size: 300 });
    expect(await new FileAnchor(path).last('example.com/another')).toBeUndefined();
  });

  it('goes on behind a torn checkpoint', async () => {
    const torn = (await publicationOf(3)).note;
    appendFileSync(path, torn.slice(0, torn.length - 20));
    await anchor.publish(await publicationOf(4));
    expect(await new FileAnchor(path).last(ANCHORED_ORIGIN)).toMatchObject({ size: 4 });
  });

  it('cannot tell what it holds where nothing can be read', async () => {
    mkdirSync(path);
    await expect(anchor.last(ANCHORED_ORIGIN)).rejects.toMatchObject({ name: 'AnchorError' });
    chmodSync(path, 0o700);
  });
});
