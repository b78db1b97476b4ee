import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryFolder } from './server.ts';

/** For tests: a small disk of its own that can really be filled. */
export interface Disk {
  /** For the data of a server. */
  readonly folder: string;
  /** Takes all that is free but for so many bytes. */
  fill(leaveBytes: number): void;
  free(): void;
  release(): void;
}

/** Null where this machine does not let us mount one. */
export function smallDisk(megabytes: number): Disk | null {
  const root = temporaryFolder();
  const options = `size=${megabytes}m`;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', root]);
  if (mounted.status !== 0) return null;
  const folder = join(root, 'data');
  mkdirSync(folder);
  const filling = join(root, 'filling');
  process.once('exit', () => spawnSync('umount', ['-l', root]));
  return {
    folder,
    fill: (leaveBytes) => {
      const { bavail, bsize } = statfsSync(root);
      appendFileSync(filling, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
    },
    free: () => rmSync(filling, { force: true }),
    release: () => spawnSync('umount', ['-l', root]),
  };
}

/** Limits the length of files that a process may write to; null lifts the limit. */
export function limitFileSize(pid: number, bytes: number | null): boolean {
  const limit = `--fsize=${bytes ?? 'unlimited'}:`;
  return spawnSync('prlimit', [`--pid=${pid}`, limit]).status === 0;
}
