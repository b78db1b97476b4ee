import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { suite, test } from 'node:test';

import { FIELD_NAMES } from '@affidavit/schema';

import { parseCsv } from './csv.ts';
import type { Affidavit } from './server.ts';
import { eventually, sleep, write, type Entry } from './trail.ts';
import { newEvent } from './writers.ts';

const MEBIBYTE = 1024 * 1024;
/** Of so many rows one is compared cell by cell. */
const WHOLE_ROWS = 7;
/** Each would get far more than 50 MiB, were it not for back-pressure. */
const STALLED = 8;
const GROWTH_MAX_MEBIBYTES = 200;
const STALL_MS = 2000;

/** Resident memory of a process, bytes. Null where the system does not tell. */
function residentBytes(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) * 1024;
  } catch {
    return null;
  }
}

/** The whole of an export; `onChunk` may end it early by destroying the response. */
function download(
  server: Affidavit,
  path: string,
  onChunk: (received: number, destroy: () => void) => void = () => undefined,
): Promise<{ text: string; complete: boolean; type: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${server.adminKey}` };
    const asked = request(`${server.url}${path}`, { headers }, (response) => {
      const chunks: Buffer[] = [];
      let received = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        received += chunk.length;
        onChunk(received, () => response.destroy());
      });
      response.on('error', () => undefined);
      response.on('close', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const type = String(response.headers['content-type']);
        resolve({ text, complete: response.complete, type });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** An export of which only the beginning is read. */
function stall(server: Affidavit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${server.adminKey}` };
    const asked = request(`${server.url}/v1/events/export`, { headers }, (response) => {
      response.on('error', () => undefined);
      response.once('data', () => resolve(response.pause()));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Exports of a long trail. `known` are its entries up to some point; newer ones may follow. */
export function exportTests(server: () => Affidavit, known: () => readonly Entry[]): void {
  suite('exporting', () => {
    test('NDJSON: every entry once, in order, just as it is read', async () => {
      const { text, complete, type } = await download(server(), '/v1/events/export?format=ndjson');
      assert.ok(complete);
      assert.match(type, /application\/x-ndjson/);
      const rows = text.trimEnd().split('\n');
      assert.ok(rows.length > known().length);
      for (const [index, entry] of known().entries()) {
        assert.equal(rows[index], JSON.stringify(entry));
      }
    });

    test('CSV: every entry once, no cell is a formula', async () => {
      const { text, complete } = await download(server(), '/v1/events/export?format=csv');
      assert.ok(complete);
      const [header, ...rows] = parseCsv(text);
      assert.deepEqual(header, FIELD_NAMES);
      assert.ok(rows.length > known().length);
      for (const row of rows) assert.equal(row.length, FIELD_NAMES.length);
      assert.ok(!rows.some((row) => row.some((cell) => /^[=+\-@\t\r]/.test(cell))));
      const place = FIELD_NAMES.indexOf('leaf_hash');
      for (const [index, entry] of known().entries()) {
        assert.equal(rows[index]?.[place], entry.leaf_hash);
        if (index % WHOLE_ROWS === 0) assertSame(rows[index] as string[], entry);
      }
      assert.ok(rows.some((row) => row.some((cell) => cell.startsWith("'=HYPERLINK"))));
    });

    test('a filter: what it finds, and nothing else', async () => {
      const path = '/v1/events/export?tenant_id=tenant-4&outcome=error&q=refund';
      const { text } = await download(server(), path);
      const rows = text.trimEnd().split('\n');
      const expected = known().filter(
        (entry) =>
          entry.tenant_id === 'tenant-4' &&
          entry.outcome === 'error' &&
          String(entry.reason).startsWith('refund'),
      );
      assert.deepEqual(
        rows.map((row) => (JSON.parse(row) as Entry).seq),
        expected.map(({ seq }) => seq),
      );
    });

    test('readers that take nothing fill no memory', async (context) => {
      const { pid } = server();
      const before = residentBytes(pid);
      if (before === null) return context.skip('not tested: no /proc on this system');
      const paused = await Promise.all(Array.from({ length: STALLED }, () => stall(server())));
      await sleep(STALL_MS);
      const grown = Math.round(((residentBytes(pid) ?? 0) - before) / MEBIBYTE);
      context.diagnostic(`resident ${Math.round(before / MEBIBYTE)} MiB, grown by ${grown} MiB`);
      assert.ok(grown < GROWTH_MAX_MEBIBYTES, `${grown} MiB more for ${STALLED} readers`);
      for (const response of paused) response.destroy();
    });

    test('a reader that leaves midway hurts nobody', async () => {
      const cut = await Promise.all(
        Array.from({ length: 8 }, () =>
          download(server(), '/v1/events/export', (received, destroy) => {
            if (received > MEBIBYTE) destroy();
          }),
        ),
      );
      assert.ok(cut.every(({ complete }) => !complete));
      await write(server(), newEvent());
      await eventually('nothing is left under way', async () => {
        const { text } = await server().request('GET', '/readyz');
        return text.includes('ready');
      });
      assert.doesNotMatch(server().stdout(), /an export was cut off/);
    });
  });
}

function assertSame(row: readonly string[], entry: Entry): void {
  for (const [column, name] of FIELD_NAMES.entries()) {
    const value = entry[name];
    const text =
      value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    const cell = row[column] ?? '';
    assert.equal(cell.replace(/^'(?=[=+\-@])/, ''), text, name);
  }
}
