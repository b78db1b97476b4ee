import { writeFile } from 'node:fs/promises';

import { createBench, type Bench } from './bench.ts';
import { describeMachine } from './machine.ts';
import { measureBatch } from './measure/batch.ts';
import { measureBeside } from './measure/beside.ts';
import { measureBroker } from './measure/broker.ts';
import { measureOverload } from './measure/overload.ts';
import { measureProcesses } from './measure/processes.ts';
import { measureRead } from './measure/read.ts';
import { measureSingle } from './measure/single.ts';
import { measureSoak } from './measure/soak.ts';
import { HELP, readOptions, type MeasurementName, type Options } from './options.ts';
import { document, FIGURES, LOAD, table, type Section } from './report.ts';

/** Measures, prints tables, and with `--write` keeps them in docs/. */

const RUNNERS: Readonly<Record<MeasurementName, (bench: Bench) => Promise<Section>>> = {
  single: measureSingle,
  batch: measureBatch,
  broker: measureBroker,
  read: measureRead,
  processes: measureProcesses,
  overload: measureOverload,
  beside: measureBeside,
  soak: measureSoak,
};

/** Which page of docs/ has which measurements. */
const PAGES = [
  { page: FIGURES, names: ['single', 'batch', 'broker', 'read', 'processes'] },
  { page: LOAD, names: ['overload', 'beside', 'soak'] },
] as const;

function commandOf(argv: readonly string[]): string {
  const own = argv.filter((one) => one !== '--write');
  return ['npm run bench', ...(own.length > 0 ? ['--', ...own] : [])].join(' ');
}

async function run(options: Options, argv: readonly string[]): Promise<void> {
  const begun = performance.now();
  const elapsed = () => `${((performance.now() - begun) / 1000).toFixed(0).padStart(3)} s`;
  const bench = createBench(options, (text) => console.error(`${elapsed()}  ${text}`));
  const sections = new Map<MeasurementName, Section>();
  for (const name of options.only) sections.set(name, await RUNNERS[name](bench));
  for (const { title, rows, notes } of sections.values()) {
    console.log([`\n${title}\n`, table(rows), ...notes.map((note) => `  ${note}`)].join('\n'));
  }
  console.error(`\n${elapsed()}  done`);
  if (!options.write) return;
  const run = {
    machine: await describeMachine(),
    date: new Date(),
    command: commandOf(argv),
    seconds: options.seconds,
  };
  for (const { page, names } of PAGES) {
    const measured = names.flatMap((name) => sections.get(name) ?? []);
    if (measured.length === 0) continue;
    const path = new URL(`../docs/${page.file}`, import.meta.url);
    await writeFile(path, document(page, { ...run, sections: measured }));
  }
}

try {
  const argv = process.argv.slice(2);
  const options = readOptions(argv);
  if (options) await run(options, argv);
  else console.log(HELP);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
