import { parseArgs } from 'node:util';

/** What a run of the bench does, from its flags alone. */

export const MEASUREMENTS = [
  'single',
  'batch',
  'broker',
  'read',
  'processes',
  'overload',
  'beside',
  'soak',
] as const;
export type MeasurementName = (typeof MEASUREMENTS)[number];
/** Those that end within minutes. */
const SHORT = MEASUREMENTS.filter((name) => name !== 'soak');

export const STORES = ['sqlite', 'postgres'] as const;
export type StoreName = (typeof STORES)[number];

export interface Options {
  readonly only: readonly MeasurementName[];
  readonly full: boolean;
  /** Measured time of a row of Affidavit; its baselines take half of it. */
  readonly seconds: number;
  /** Sizes of the ledger at which reading is measured, rising. */
  readonly entries: readonly number[];
  /** How long the soak takes on each store. */
  readonly minutes: number;
  /** Where the ledger is kept. */
  readonly stores: readonly StoreName[];
  /** Whether the tables are written to docs/. */
  readonly write: boolean;
  /** Folder for CPU profiles of the server, or null. */
  readonly profile: string | null;
}

export const HELP = `Measures Affidavit beside baselines, all on this machine and in this run.

  npm run bench -- [flags]

  --full          longer rows, and reading at 100,000, 1 million and 10 million entries
                  (needs about an hour and 60 GB of disk)
  --only NAME     one of ${MEASUREMENTS.join(', ')};
                  may be given more than once (default all but soak)
  --seconds N     measured seconds of each row (default 6, with --full 20)
  --entries N     read at this size of the ledger; may be given more than once
  --minutes N     of the soak, on each store (default 10)
  --store NAME    one of ${STORES.join(', ')}; may be given more than once (default both)
  --write         write the tables to docs/benchmarks.md, those of overload, beside and soak to
                  docs/load.md
  --profile DIR   write CPU profiles of the server there; figures are lower then
  --help          this text

AFFIDAVIT_BENCH_DATABASE_URL names a PostgreSQL database for the table baseline, in which a table
affidavit_bench is made and dropped. Without it a server of its own is started where PostgreSQL
is installed.
`;

const QUICK = { seconds: 6, entries: [100_000] };
const FULL = { seconds: 20, entries: [100_000, 1_000_000, 10_000_000] };

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 1e9) return value;
  throw new Error(`--${name}: expected a whole number from 1 on, got "${text}"`);
}

function oneOf<T extends string>(flag: string, names: readonly T[], text: string): T {
  const name = names.find((one) => one === text);
  if (name) return name;
  throw new Error(`--${flag}: expected one of ${names.join(', ')}, got "${text}"`);
}

/** Reads the flags; returns null where help was asked for. Throws with what was expected. */
export function readOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      entries: { type: 'string', multiple: true },
      minutes: { type: 'string', default: '10' },
      store: { type: 'string', multiple: true },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const preset = values.full ? FULL : QUICK;
  const entries = values.entries?.map((text) => wholeNumber('entries', text)) ?? preset.entries;
  return {
    only: values.only?.map((text) => oneOf('only', MEASUREMENTS, text)) ?? SHORT,
    full: values.full,
    seconds: values.seconds ? wholeNumber('seconds', values.seconds) : preset.seconds,
    entries: entries.toSorted((a, b) => a - b),
    minutes: wholeNumber('minutes', values.minutes),
    stores: values.store?.map((text) => oneOf('store', STORES, text)) ?? STORES,
    write: values.write,
    profile: values.profile ?? null,
  };
}
