import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Building only what was not built from these sources: a digest of them lies beside what was built. */

const HOME = fileURLToPath(new URL('..', import.meta.url));
const MARK = 'built-from';
/** Of all builds: what decides which tools and libraries are used. */
const ALWAYS = ['build/built-from.ts', 'package-lock.json'];

export interface Build<Tool> {
  /** What is built, as a sentence begins, and what is so without it, as one ends. */
  readonly what: string;
  readonly without: string;
  /** Where it goes. */
  readonly folder: string;
  /** Folders and files that it is built from, as the root of the repository has them. */
  readonly sources: readonly string[];
  /** Rejects where the tool is not installed. */
  readonly load: () => Promise<Tool>;
  /** Builds into this folder, which is new. */
  readonly make: (tool: Tool, folder: string) => Promise<void>;
}

/** Takes milliseconds where nothing changed. What was built from other sources goes. */
export async function buildIfChanged<Tool>(build: Build<Tool>): Promise<void> {
  const { what, without, folder, sources, load, make } = build;
  const from = digestOf([...ALWAYS, ...sources]);
  const mark = join(folder, MARK);
  if (existsSync(mark) && readFileSync(mark, 'utf8') === from) return;
  const tool = await load().catch(() => null);
  if (tool === null) {
    rmSync(folder, { recursive: true, force: true });
    say(`${what} not built, ${without}: the tools for it come with npm ci without --omit=dev.`);
    return;
  }
  const started = Date.now();
  const made = `${folder}-${process.pid}`;
  try {
    mkdirSync(made, { recursive: true });
    await make(tool, made);
    writeFileSync(join(made, MARK), from);
    putInPlace(made, folder);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  say(`${what} built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

function digestOf(sources: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of sources.flatMap(filesOf))
    hash
      .update(`${relative(HOME, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

function filesOf(source: string): string[] {
  const path = join(HOME, source);
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && !/\.test\.tsx?$/.test(one.name))
    .map((one) => join(one.parentPath, one.name))
    .sort();
}

/** Whole or not at all: whoever looks meanwhile finds nothing, or all of it. */
function putInPlace(made: string, folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(made, folder);
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(join(folder, MARK))) throw error;
  }
}

/** Not to stdout: it is for what a command answers. */
const say = (line: string) => void process.stderr.write(`${line}\n`);
