import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Processes that the bench starts, and what they cost. */

const START_MS = 30_000;
const STOP_MS = 20_000;

export interface Child {
  readonly pid: number;
  /** What the line that it was waited for had in its group. */
  readonly said: string;
  readonly stop: () => Promise<void>;
}

export interface ChildOptions {
  readonly command: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A line of standard output that says it is ready; its first group is kept. */
  readonly ready: RegExp;
}

/** Starts a process and waits until it says that it is ready. Rejects when it ends first. */
export async function startChild({ command, argv, env, ready }: ChildOptions): Promise<Child> {
  const child = spawn(command, argv, {
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () => stopChild(child);
  try {
    const said = await waitForLine(child, ready);
    child.stdout.resume();
    return { pid: child.pid as number, said, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function waitForLine(child: ChildProcess, ready: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error('a process was not ready in time')), START_MS);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`a process ended with code ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const match = ready.exec(line);
      if (!match) return;
      clearTimeout(timer);
      resolve(match[1] ?? '');
    });
  });
}

export async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(kill);
}

/** Resident memory of a process, in bytes. */
export interface Memory {
  readonly resident: number;
  /** What of it is pages of files, which the system can take back: programs and the database. */
  readonly mapped: number;
}

/** Null where the system does not tell. */
export async function memoryOf(pid: number): Promise<Memory | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  const memory = { resident: bytes('VmRSS'), mapped: bytes('RssFile') };
  return Number.isNaN(memory.resident + memory.mapped) ? null : memory;
}

/** CPU time a process has used, in clock ticks (of 10 ms), or null where that is not told. */
export async function cpuTicks(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks : null;
}
