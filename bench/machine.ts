import { readFile, realpath, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem, type } from 'node:os';
import { DatabaseSync } from 'node:sqlite';

/** What can be told of the machine without naming it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly disk: string;
  readonly node: string;
  readonly sqlite: string;
}

function sqliteVersion(): string {
  const db = new DatabaseSync(':memory:');
  const row = db.prepare('SELECT sqlite_version() AS version').get();
  db.close();
  return String(row?.version);
}

/** File system types by their magic numbers (statfs(2)). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs (memory, no real fsync)',
  0x794c7630: 'overlayfs',
  0x2fc12fc1: 'zfs',
  0x6969: 'nfs',
};

/** The block device that holds a folder, from the longest mount point above it. */
async function deviceOf(folder: string): Promise<string | null> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  const path = await realpath(folder);
  const above = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point]) => point && (path + '/').startsWith(point === '/' ? '/' : `${point}/`))
    .toSorted(([, a = ''], [, b = '']) => b.length - a.length);
  const device = above[0]?.[0]?.replace('/dev/', '');
  return device ? device.replace(/(?<=[vsx]d[a-z])\d+$|p\d+$/, '') : null;
}

async function diskKind(): Promise<string> {
  const kind = FILE_SYSTEMS[(await statfs(tmpdir())).type] ?? 'file system of another kind';
  const device = await deviceOf(tmpdir());
  const read = (name: string) =>
    readFile(`/sys/block/${device}/queue/${name}`, 'utf8').catch(() => '');
  const turning = { '0': 'solid state or virtual', '1': 'rotating or virtual' };
  const spins = turning[(await read('rotational')).trim() as '0' | '1'];
  const cache = (await read('write_cache')).trim();
  const bus = device?.startsWith('vd') ? 'virtio' : device?.startsWith('nvme') ? 'NVMe' : null;
  return [kind, bus, spins, cache && `${cache} cache`].filter(Boolean).join(', ');
}

export async function describeMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: type(),
    disk: await diskKind(),
    node: process.version,
    sqlite: sqliteVersion(),
  };
}
