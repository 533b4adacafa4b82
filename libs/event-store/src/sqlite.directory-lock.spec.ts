import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DataDirectoryLocked, lockDataDirectory } from './sqlite.directory-lock.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'event-log-lock-'));
});
const holders: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** Another process that takes the lock, says so, and keeps it. */
async function otherHolder(): Promise<ReturnType<typeof spawn>> {
  const code = `
    import { lockDataDirectory } from '@app/event-store/nest';
    await lockDataDirectory(process.argv[1]);
    console.log('held');
    setInterval(() => undefined, 1_000);`;
  const holder = spawn(
    process.execPath,
    ['--no-warnings', '--import', './test/support/typescript.mjs', '--input-type=module', '-e', code, directory],
    { cwd: new URL('../../..', import.meta.url), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  holders.push(holder);
  await once(createInterface({ input: holder.stdout }), 'line');
  return holder;
}

describe('the lock of a data directory', () => {
  it('refuses a second process and says which one holds it, on which host, since when', async () => {
    const holder = await otherHolder();
    const refused = lockDataDirectory(directory);
    await expect(refused).rejects.toBeInstanceOf(DataDirectoryLocked);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`held by process ${holder.pid} on host ${hostname()} since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z`),
      ),
      holder: { pid: holder.pid, host: hostname() },
    });
  });

  it('is free again the moment its holder was killed, whatever note that left behind', async () => {
    const holder = await otherHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(readdirSync(directory)).toContain('server.lock.json');
    const lock = await lockDataDirectory(directory);
    await lock.release();
  });

  it('refuses a second holder in the same process until the first lets go', async () => {
    const lock = await lockDataDirectory(directory);
    await expect(lockDataDirectory(directory)).rejects.toMatchObject({ holder: { pid: process.pid } });
    await lock.release();
    await lock.release();
    const again = await lockDataDirectory(directory);
    await again.release();
  });

  it('says so when the holder has left no note yet', async () => {
    const lock = await lockDataDirectory(directory);
    writeFileSync(join(directory, 'server.lock.json'), 'nonsense');
    await expect(lockDataDirectory(directory)).rejects.toThrow('held by another process that has just started');
    await lock.release();
  });

  it('makes the directory, and says so when it cannot', async () => {
    const lock = await lockDataDirectory(join(directory, 'a', 'b'));
    await lock.release();
    writeFileSync(join(directory, 'file'), '');
    await expect(lockDataDirectory(join(directory, 'file'))).rejects.toMatchObject({ code: 'AccessDenied' });
    writeFileSync(join(directory, 'server.lock'), 'not a lock file, but something of the user '.repeat(100));
    await expect(lockDataDirectory(directory)).rejects.toThrow('is not the lock file of this server');
  });
});
