import { Client, type ClientConfig } from 'pg';

import { createEvents } from '../events.ts';
import { Samples } from '../samples.ts';
import { COLUMNS, rowOf } from './audit-table.ts';
import type { TableResult } from './sqlite-table.ts';

/** The table as an application writes it: from Node, one row per transaction, prepared once. */

const ROWS = 8192;

/** Writes from so many connections of one process; the table is there and empty. */
export async function insertByDriver(
  config: ClientConfig,
  table: string,
  connections: number,
  warmUpMs: number,
  measureMs: number,
): Promise<TableResult> {
  const clients = Array.from({ length: connections }, () => new Client(config));
  await Promise.all(clients.map((client) => client.connect()));
  const next = createEvents(7);
  const rows = Array.from({ length: ROWS }, () => rowOf(next()));
  const columns = ['created_at', ...COLUMNS];
  const marks = columns.map((_, i) => `$${i + 1}`).join();
  const text = `INSERT INTO ${table} (${columns.join()}) VALUES (${marks})`;
  const latencies = new Samples();
  const from = performance.now() + warmUpMs;
  const until = from + measureMs;
  let count = 0;
  const insert = async (client: Client): Promise<void> => {
    for (let begun = performance.now(); begun < until;) {
      const row = rows[count++ % ROWS] as (string | null)[];
      await client.query({ name: 'insert', text, values: [Date.now(), ...row] });
      const ended = performance.now();
      if (ended >= from && ended < until) latencies.add(ended - begun);
      begun = ended;
    }
  };
  try {
    await Promise.all(clients.map(insert));
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
  return { perSecond: (latencies.count * 1000) / measureMs, latencies };
}
