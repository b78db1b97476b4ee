import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { createEvents } from '../events.ts';
import { Samples } from '../samples.ts';
import { COLUMNS, rowOf, tableStatements } from './audit-table.ts';

export interface TableResult {
  readonly perSecond: number;
  readonly latencies: Samples;
}

const ROWS = 10_000;

/** Writes one row per transaction, WAL and synchronous=FULL, in this process, for so long. */
export function measureSqliteTable(warmUpMs: number, measureMs: number): TableResult {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-bench-table-'));
  const db = new DatabaseSync(join(folder, 'audit.db'));
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    for (const statement of tableStatements('audit', 'id INTEGER PRIMARY KEY')) db.exec(statement);
    return insertFor(db, warmUpMs, measureMs);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function insertFor(db: DatabaseSync, warmUpMs: number, measureMs: number): TableResult {
  const marks = COLUMNS.map(() => '?').join(', ');
  const insert = db.prepare(
    `INSERT INTO audit (created_at, ${COLUMNS.join(', ')}) VALUES (?, ${marks})`,
  );
  const next = createEvents(7);
  const rows = Array.from({ length: ROWS }, () => rowOf(next()));
  const latencies = new Samples();
  const from = performance.now() + warmUpMs;
  const until = from + measureMs;
  for (let n = 0; ; n++) {
    const begun = performance.now();
    if (begun >= until) break;
    insert.run(Date.now(), ...(rows[n % ROWS] as (string | null)[]));
    if (begun >= from) latencies.add(performance.now() - begun);
  }
  return { perSecond: (latencies.count * 1000) / measureMs, latencies };
}
