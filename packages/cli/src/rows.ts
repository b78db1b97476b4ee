/** Counting the rows of an export as its bytes go by, wherever the chunks are cut. */

export interface RowCounter {
  add(chunk: Uint8Array): void;
  /** Rows so far; null where the format cannot be counted by its bytes. */
  readonly count: number | null;
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** RFC 4180: a line break within double quotes ends no row; a doubled quote toggles twice. */
function createCsvCounter(): RowCounter {
  let quoted = false;
  let lines = 0;
  return {
    add(chunk) {
      for (const byte of chunk) {
        if (byte === QUOTE) quoted = !quoted;
        else if (byte === NEWLINE && !quoted) lines += 1;
      }
    },
    get count() {
      return Math.max(0, lines - 1);
    },
  };
}

function createLineCounter(): RowCounter {
  let lines = 0;
  return {
    add(chunk) {
      for (const byte of chunk) if (byte === NEWLINE) lines += 1;
    },
    get count() {
      return lines;
    },
  };
}

export function createRowCounter(format: string): RowCounter {
  if (format === 'csv') return createCsvCounter();
  if (format === 'parquet') return { add: () => {}, count: null };
  return createLineCounter();
}
