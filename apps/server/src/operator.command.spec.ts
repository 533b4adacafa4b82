// What the commands on stores do with places that are missing, damaged or of another kind: an exit code and one line.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOperator } from './operator.command.js';

let directory: string;
const at = (name: string): string => join(directory, name);
const ESDB = 'esdb://me:hidden-word@127.0.0.1:1?tls=false';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'runledger-operator-'));
  writeFileSync(at('file'), 'x');
  for (const name of ['damaged', 'odd', 'bare', 'full']) mkdirSync(at(name));
  writeFileSync(at('damaged/log.db'), 'nonsense'.repeat(1_000));
  mkdirSync(at('odd/log.db'));
  writeFileSync(at('full/of-something'), 'x');
  symlinkSync(at('loop'), at('loop'));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function operate(args: readonly string[], env: Record<string, string> = {}) {
  let [out, err] = ['', ''];
  const world = {
    out: (text: string): void => void (out += text),
    err: (text: string): void => void (err += text),
    env,
    nowMs: () => 0,
    signal: new AbortController().signal,
  };
  return { exit: await runOperator(args, world), out, err };
}

type Misuse = readonly [what: string, args: () => readonly string[], exit: number, message: RegExp];

const misuses: readonly Misuse[] = [
  ['backup to nowhere', () => ['backup'], 3, /required option '--to/],
  ['backup to no name', () => ['backup', '--to', '', '--from', at('damaged')], 3, /must not be empty/],
  ['backup into a file', () => ['backup', '--to', at('file'), '--from', at('damaged')], 3, /file is not a directory/],
  ['backup below a file', () => ['backup', '--to', at('file/x'), '--from', at('damaged')], 2, /cannot be made/],
  ['backup into what is not empty', () => ['backup', '--to', at('full'), '--from', at('damaged')], 3, /is not empty/],
  ['backup of no name', () => ['backup', '--to', at('b'), '--from', ''], 3, /must not be empty/],
  ['backup of nothing', () => ['backup', '--to', at('b'), '--from', at('nowhere')], 3, /there is no directory/],
  ['backup of a file', () => ['backup', '--to', at('b'), '--from', at('file')], 3, /there is no directory/],
  ['backup of a circle', () => ['backup', '--to', at('b'), '--from', at('loop')], 3, /there is no directory/],
  ['backup of an empty directory', () => ['backup', '--to', at('b1'), '--from', at('bare')], 3, /nothing to back up/],
  [
    'backup of a damaged log',
    () => ['backup', '--to', at('b2'), '--from', at('damaged')],
    2,
    /log.db could not be copied/,
  ],
  ['backup of an odd log', () => ['backup', '--to', at('b3'), '--from', at('odd')], 2, /log.db could not be copied/],
  ['rebuild of nothing', () => ['rebuild', '--from', at('nowhere')], 3, /is no data directory/],
  ['rebuild of no name', () => ['rebuild', '--from', ''], 3, /"" is no data directory/],
  ['rebuild of a file', () => ['rebuild', '--from', at('file')], 3, /is no data directory/],
  ['rebuild with words behind it', () => ['rebuild', 'now'], 3, /too many arguments/],
  ['migrate from nowhere to nowhere', () => ['migrate'], 3, /give --from and --to/],
  ['migrate between directories', () => ['migrate', '--from', 'a', '--to', 'b'], 3, /one of --from and --to is a data/],
  ['migrate between servers', () => ['migrate', '--from', ESDB, '--to', ESDB], 3, /one of --from and --to is a data/],
  ['migrate of a file', () => ['migrate', '--from', at('file'), '--to', ESDB], 3, /there is no log/],
  ['migrate of nothing', () => ['migrate', '--from', at('nowhere'), '--to', ESDB], 3, /there is no log/],
  [
    'migrate to another database',
    () => ['migrate', '--from', at('damaged'), '--to', 'mysql://a:hidden-word@b'],
    3,
    /esdb:/,
  ],
  [
    'migrate into no schema',
    () => ['migrate', '--from', at('damaged'), '--to', ESDB, '--schema', 'A b'],
    3,
    /lower-case/,
  ],
  ['an unknown command', () => ['restore'], 3, /unknown command/],
];

describe('runledger, on stores', () => {
  it.each(misuses)('refuses %s', async (_what, args, expected, message) => {
    const { exit, out, err } = await operate(args());
    expect([exit, out, err]).toEqual([expected, '', expect.stringMatching(message)]);
    expect(err.replace('(--help tells more)\n', '')).toMatch(/^[\x20-\x7e]+\n$/);
    expect(err).not.toMatch(/fault of this program|hidden-word/);
    expect(existsSync(at('b'))).toBe(false);
  });

  it('refuses a schema from the environment that is none, and says which variable it is', async () => {
    const args = ['migrate', '--from', at('damaged'), '--to', ESDB];
    expect(await operate(args, { VIEWS_SCHEMA: 'A b' })).toMatchObject({
      exit: 3,
      err: expect.stringMatching(/^runledger: VIEWS_SCHEMA is the name of a schema/),
    });
  });
});
