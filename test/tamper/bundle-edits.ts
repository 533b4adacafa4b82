// Attacks on a bundle on its way to the auditor, by somebody who has no key.
import type { BundleContents, BundledLeaf } from '@app/evidence';
import { parseNote, utf8Of } from '@app/evidence';
import { ORIGIN, recorded, SampleLog, sampleEvents, uuid, witnessSigner } from '../support/sample-log.js';
import type { BundleAttack } from './bundle-making.js';
import {
  archived,
  contents,
  EARLY,
  filesOf,
  KEPT_SIZE,
  log,
  SIZE,
  trueLogBundle,
  witnessedNow,
  written,
} from './bundle-making.js';

async function withFiles(change: (files: [string, Uint8Array][]) => [string, Uint8Array][]): Promise<Uint8Array> {
  return archived(change([...(await filesOf(await trueLogBundle()))]));
}

function textIn(pattern: RegExp, from: string | RegExp, to: string): () => Promise<Uint8Array> {
  return () =>
    withFiles((files) =>
      files.map(([path, bytes]) =>
        pattern.test(path) ? [path, utf8Of(Buffer.from(bytes).toString().replace(from, to))] : [path, bytes],
      ),
    );
}

const leavesWith =
  (change: (leaves: SampleLog['leaves']) => readonly BundledLeaf[], about: Partial<BundleContents> = {}) =>
  async (): Promise<Uint8Array> => {
    const leaves = change([...log.leaves]);
    return written({ ...(await contents()), entries: leaves.length, ...about }, leaves);
  };

/** Without earlier checkpoints too, with which the leaves that are left would have to be compared. */
async function withoutTheEnd(about: Partial<BundleContents>): Promise<Uint8Array> {
  const leaves = log.leaves.slice(0, SIZE - 10);
  return written({ ...(await log.contents([], witnessedNow)), entries: leaves.length, ...about }, leaves);
}

/** A step with a decision. */
const DECIDED = log.leaves.findIndex(({ parsed }) => parsed.type === 'StepCompleted');

function told(from: string, to: string): Uint8Array {
  return utf8Of(Buffer.from(log.leaves[DECIDED]!.data).toString().replace(from, to));
}

const forgedEntry = (leaf: SampleLog['leaves'][number]): BundledLeaf => ({
  ...leaf,
  entry: utf8Of(Buffer.from(leaf.entry).toString().replace('"type":"', '"type":"Not')),
});

export const bundleEdits: readonly BundleAttack[] = [
  {
    name: 'the data of an event',
    level: 'L0',
    make: leavesWith((leaves) => leaves.with(DECIDED, { ...leaves[DECIDED]!, data: told('"CLEAR"', '"BLOCK"') })),
  },
  {
    name: 'the metadata of an event',
    level: 'L0',
    make: leavesWith((leaves) => leaves.with(EARLY, { ...leaves[EARLY]!, metadata: utf8Of('{}') })),
  },
  {
    name: 'one line of the data is left empty',
    level: 'L0',
    make: leavesWith((leaves) => leaves.with(EARLY, { ...leaves[EARLY]!, data: utf8Of('') })),
  },
  {
    name: 'the data of an event become null',
    level: 'L0',
    make: leavesWith((leaves) => leaves.with(EARLY, { ...leaves[EARLY]!, data: utf8Of('null') })),
  },
  {
    name: 'the entry of the last event of a run',
    level: 'L0',
    make: leavesWith((leaves) => leaves.with(SIZE - 1, forgedEntry(leaves[SIZE - 1]!) as never)),
  },
  {
    name: 'the data of an event in a spelling that is not canonical',
    level: 'L0',
    make: textIn(/^data\/.*0\.ndjson$/, '{"', '{ "'),
  },
  {
    name: 'two events change places',
    level: 'L0',
    make: leavesWith((leaves) => leaves.with(EARLY, leaves[EARLY + 1]!).with(EARLY + 1, leaves[EARLY]!)),
  },
  { name: 'an event is left out', level: 'L0', make: leavesWith((leaves) => leaves.toSpliced(EARLY, 1)) },
  {
    name: 'an event is there twice',
    level: 'L0',
    make: leavesWith((leaves) => leaves.toSpliced(EARLY, 0, leaves[EARLY]!)),
  },
  {
    name: 'the last events are left out, and the manifest says so',
    level: 'L0',
    make: () => withoutTheEnd({}),
  },
  {
    name: 'the last events are left out, and the manifest says that the log ends there',
    level: 'L0',
    make: () => withoutTheEnd({ to: SIZE - 10 }),
  },
  { name: 'all events are left out', level: 'L0', make: leavesWith(() => []) },
  {
    name: 'the root in the checkpoint',
    level: 'L0',
    make: async () => {
      const forged = new SampleLog([...sampleEvents(SIZE - 1), recorded(SIZE, `execution-${uuid(999)}`, 0, 'X', {})]);
      const { signatures } = parseNote(await log.checkpoint(SIZE, witnessedNow));
      const note = `${forged.checkpointText()}\n${signatureLines(await log.checkpoint(SIZE, witnessedNow))}`;
      if (signatures.length !== 2) throw new Error('the checkpoint has two signatures');
      const about = await contents();
      return written({ ...about, checkpoints: new Map([...about.checkpoints, [SIZE, note]]) }, log.leaves);
    },
  },
  {
    name: 'the signature of the checkpoint',
    level: 'L0',
    make: async () => {
      const about = await contents();
      const note = (await log.checkpoint()).replace(/.{7}=\n$/, 'AAAAAAA=\n');
      return written({ ...about, checkpoints: new Map([[SIZE, note]]) }, log.leaves);
    },
    remark: 'the bundle names the key',
  },
  {
    name: 'the signature of the checkpoint, and the key of the log is taken out',
    level: 'L1',
    make: async () => {
      const about = await contents();
      const note = (await log.checkpoint()).replace(/.{7}=\n$/, 'AAAAAAA=\n');
      return written({ ...about, checkpoints: new Map([[SIZE, note]]), keys: [witnessSigner.key] }, log.leaves);
    },
  },
  {
    name: 'the manifest: another log',
    level: 'L0',
    make: textIn(/^MANIFEST/, `"log":"${ORIGIN}"`, '"log":"another.example/log"'),
  },
  { name: 'the manifest: fewer events', level: 'L0', make: textIn(/^MANIFEST/, '"entries":"300"', '"entries":"299"') },
  {
    name: 'the manifest: a part instead of all',
    level: 'L0',
    make: textIn(/^MANIFEST/, '"kind":"log"', '"kind":"range"'),
  },
  {
    name: 'a file is left out: a checkpoint',
    level: 'L0',
    make: () => withFiles((files) => files.filter(([path]) => !path.includes(String(KEPT_SIZE)))),
  },
  {
    name: 'a file is left out: entries',
    level: 'L0',
    make: () => withFiles((files) => files.filter(([path]) => !/^entries\/.*1\.bin/.test(path))),
  },
  {
    name: 'a file is left out: data',
    level: 'L0',
    make: () => withFiles((files) => files.filter(([path]) => !/^data\/.*1\.ndjson/.test(path))),
  },
  {
    name: 'a file more, which nobody lists',
    level: 'L0',
    make: () => withFiles((files) => [...files, ['meta/000000000009.ndjson', utf8Of('{}\n')]]),
  },
  {
    name: 'two files change places',
    level: 'L0',
    make: () => withFiles((files) => files.with(-1, files.at(-2)!).with(-2, files.at(-1)!)),
  },
  {
    name: 'the end of the archive is cut off',
    level: 'L0',
    make: async () => (await trueLogBundle()).slice(0, -20_000),
  },
];

function signatureLines(note: string): string {
  return note.slice(note.indexOf('\n\n') + 2);
}
