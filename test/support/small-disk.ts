// A disk so small that a test can fill it, for a private PostgreSQL.
import { execFile } from 'node:child_process';
import { chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresCluster } from './postgres-cluster.js';

const run = promisify(execFile);

export interface SmallDisk {
  readonly path: string;
  remove(): Promise<void>;
}

/** Undefined where this process may not mount: only root may, and not in every container. */
export async function smallDisk(cluster: PostgresCluster, mebibytes: number): Promise<SmallDisk | undefined> {
  const path = join(cluster.directory, 'disk');
  await mkdir(path, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'tmpfs', path]);
  } catch {
    return undefined;
  }
  const { uid, gid } = await stat(join(cluster.directory, 'data'));
  await chown(path, uid, gid);
  return {
    path,
    remove: async () => {
      await run('umount', [path]);
    },
  };
}
