import type { Machine } from './machine.ts';

/** What a measurement found, as tables for the terminal and for docs/benchmarks.md. */

export interface Row {
  /** Baselines say so. */
  readonly name: string;
  /** With its unit. */
  readonly rate: string;
  readonly p50: string;
  readonly p99: string;
  /** Beside the baseline. */
  readonly beside: string;
  /** The figure to reach. */
  readonly target: string;
}

export interface Section {
  readonly title: string;
  /** What was done and what each row means; Markdown. */
  readonly meaning: readonly string[];
  readonly rows: readonly Row[];
  /** What disturbed or limits these figures. */
  readonly notes: readonly string[];
}

const HEADINGS: Row = {
  name: 'Measured',
  rate: 'Rate',
  p50: 'p50',
  p99: 'p99',
  beside: 'Beside the baseline',
  target: 'To reach',
};
const COLUMNS = ['name', 'rate', 'p50', 'p99', 'beside', 'target'] as const;

export const NOTHING = '–';

/** A row without figures it does not have. */
export const row = (figures: Partial<Row> & Pick<Row, 'name'>): Row => ({
  rate: NOTHING,
  p50: NOTHING,
  p99: NOTHING,
  beside: NOTHING,
  target: NOTHING,
  ...figures,
});

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const count = (value: number): string => grouped.format(value);
export const perSecond = (value: number): string => `${count(value)}/s`;
export const milliseconds = (value: number): string =>
  `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
export const times = (value: number, of: string): string => `${value.toFixed(2)} × ${of}`;
export const megabytes = (bytes: number): string => `${count(bytes / 2 ** 20)} MB`;

/** One table, padded so that it reads as text and as Markdown. */
export function table(rows: readonly Row[]): string {
  const all = [HEADINGS, ...rows];
  const widths = COLUMNS.map((column) => Math.max(...all.map((one) => one[column].length)));
  const line = (one: Row) =>
    `| ${COLUMNS.map((column, i) => one[column].padEnd(widths[i] as number)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(HEADINGS), rule, ...rows.map(line)].join('\n');
}

function sectionText({ title, meaning, rows, notes }: Section): string {
  const remarks = notes.map((note) => `- ${note}`).join('\n');
  return [`## ${title}`, meaning.join('\n\n'), table(rows), remarks].filter(Boolean).join('\n\n');
}

export interface Run {
  readonly machine: Machine;
  readonly date: Date;
  readonly command: string;
  readonly seconds: number;
  readonly sections: readonly Section[];
}

/** A page of docs/. */
export interface Page {
  readonly file: string;
  readonly title: string;
  readonly opening: string;
  readonly caveats: readonly string[];
}

const SHARED_CORES =
  'Load generator, server, baselines and database share the cores of this machine; on a machine ' +
  'with more of them each has its own. Compare ratios, not figures.';
const ONE_RUN =
  'Each row is one run, without repeats, and rows are measured one after another. Work of others ' +
  'on the same cores disturbs figures and ratios alike: the same row has come out at less than ' +
  'half within minutes.';
const EVENTS =
  'Events have 25 to 27 fields and about 860 bytes, drawn from 50 agents, 1,000 people and 20 ' +
  'providers, the same in every run.';

export const FIGURES: Page = {
  file: 'benchmarks.md',
  title: 'Benchmarks',
  opening:
    'Written by `npm run bench -- --write`. Every figure stands beside a baseline that was measured on the same machine in the same run.',
  caveats: [
    SHARED_CORES,
    'The load is closed: a fixed number of requests is in flight, and the next is sent when one ' +
      'ends. Percentiles are exact, from every request of the measured time; warm-up is not counted.',
    ONE_RUN,
    EVENTS,
  ],
};

export const LOAD: Page = {
  file: 'load.md',
  title: 'Behaviour under load',
  opening:
    'Written by `npm run bench -- --write`. What the server does when it gets more than it can take, while slow queries run, and over time.',
  caveats: [
    SHARED_CORES,
    'The load is open: requests begin when they are due, whatever became of those before them, and ' +
      'latency is counted from when a request was due. What the machine can sustain is found by a ' +
      'closed load just before.',
    ONE_RUN,
    EVENTS,
  ],
};

/** The whole of a page. */
export function document(page: Page, { machine, date, command, seconds, sections }: Run): string {
  const facts = [
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB memory, ${machine.system}`,
    `- Disk: ${machine.disk}`,
    `- Node ${machine.node}, SQLite ${machine.sqlite}`,
    `- Date: ${date.toISOString().slice(0, 10)}`,
    `- Command: \`${command}\`, ${seconds} measured seconds a row`,
  ];
  return `${[
    `# ${page.title}`,
    page.opening,
    facts.join('\n'),
    ...sections.map(sectionText),
    '## What to keep in mind',
    page.caveats.map((caveat) => `- ${caveat}`).join('\n'),
  ].join('\n\n')}\n`;
}
