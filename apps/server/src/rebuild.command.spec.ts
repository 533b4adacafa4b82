import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDirectory } from '@app/event-store/nest';
import { runOperator } from './operator.command.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'runledger-rebuild-'))));
afterEach(() => rmSync(directory, { recursive: true }));

async function rebuild(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const world = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: { DATA_DIR: directory },
    nowMs: () => 0,
    signal: new AbortController().signal,
  };
  return { exit: await runOperator(['rebuild', ...args], world), out, err };
}

function fill(): void {
  for (const name of ['log.db', 'views.db', 'views.db-wal', 'views.db-shm']) writeFileSync(join(directory, name), 'x');
}

describe('runledger rebuild', () => {
  it('deletes the views, and nothing else', async () => {
    fill();
    const { exit, out, err } = await rebuild();
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatch(/^deleted the views in .*anew from the log\n$/);
    expect(
      ['log.db', 'views.db', 'views.db-wal', 'views.db-shm'].map((name) => existsSync(join(directory, name))),
    ).toEqual([true, false, false, false]);
    const again = await rebuild('--json');
    expect(JSON.parse(again.out)).toEqual({ directory, deleted: [] });
  });

  it('waits for no server, and takes nothing away from one', async () => {
    fill();
    const lock = await lockDataDirectory(directory);
    const { exit, out } = await rebuild();
    await lock.release();
    expect([exit, out, existsSync(join(directory, 'views.db'))]).toEqual([2, '', true]);
    expect((await rebuild()).exit).toBe(0);
  });

  it('touches no directory that is none of a server', async () => {
    const { exit, err } = await rebuild('--from', join(directory, 'other'));
    expect([exit, err]).toEqual([3, expect.stringMatching(/is no data directory/)]);
    expect(existsSync(join(directory, 'other'))).toBe(false);
  });

  it('--help shows an example', async () => {
    const { exit, out } = await rebuild('--help');
    expect([exit, out]).toEqual([0, expect.stringMatching(/Examples:\n {2}runledger rebuild/)]);
  });
});
