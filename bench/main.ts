import { mkdir, writeFile } from 'node:fs/promises';

import { createBench, type Bench } from './bench.ts';
import { describeMachine } from './machine.ts';
import { measureBatch } from './measure/batch.ts';
import { measureBroker } from './measure/broker.ts';
import { measureRead } from './measure/read.ts';
import { measureSingle } from './measure/single.ts';
import { HELP, readOptions, type MeasurementName, type Options } from './options.ts';
import { document, table, type Section } from './report.ts';

/** Measures, prints tables, and with `--write` keeps them in docs/benchmarks.md. */

const RUNNERS: Readonly<Record<MeasurementName, (bench: Bench) => Promise<Section>>> = {
  single: measureSingle,
  batch: measureBatch,
  broker: measureBroker,
  read: measureRead,
};

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);

function commandOf(argv: readonly string[]): string {
  const own = argv.filter((one) => one !== '--write');
  return ['npm run bench', ...(own.length > 0 ? ['--', ...own] : [])].join(' ');
}

async function run(options: Options, argv: readonly string[]): Promise<void> {
  const begun = performance.now();
  const elapsed = () => `${((performance.now() - begun) / 1000).toFixed(0).padStart(3)} s`;
  const bench = createBench(options, (text) => console.error(`${elapsed()}  ${text}`));
  const machine = await describeMachine();
  const sections: Section[] = [];
  for (const name of options.only) sections.push(await RUNNERS[name](bench));
  for (const { title, rows, notes } of sections) {
    console.log([`\n${title}\n`, table(rows), ...notes.map((note) => `  ${note}`)].join('\n'));
  }
  console.error(`\n${elapsed()}  done`);
  if (!options.write) return;
  const command = commandOf(argv);
  await mkdir(new URL('.', DOCUMENT), { recursive: true });
  const page = { machine, date: new Date(), command, seconds: options.seconds, sections };
  await writeFile(DOCUMENT, document(page));
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
