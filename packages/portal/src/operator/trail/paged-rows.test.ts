import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';

import { PAGE_ROWS, PagedRows, type ReadPage } from './paged-rows.ts';

/** A list of whole numbers, whose cursors are offsets; counts what is asked. */
function numbers(size: number) {
  const asked: number[] = [];
  const read: ReadPage<number> = async (cursor) => {
    const start = Number(cursor ?? 0);
    asked.push(start);
    const end = Math.min(size, start + PAGE_ROWS);
    const data = Array.from({ length: end - start }, (_, index) => start + index);
    return { data, has_more: end < size, next_cursor: end < size ? String(end) : null };
  };
  return { asked, read };
}

async function settle() {
  for (let turns = 0; turns < 20; turns++) await turn();
}

test('pages come as they are wanted, far ones are forgotten and come again', async () => {
  const { asked, read } = numbers(100 * PAGE_ROWS + 7);
  const rows = new PagedRows(read);
  rows.want(0, 20);
  await settle();
  assert.equal(rows.row(0), 0);
  assert.equal(rows.count, 3 * PAGE_ROWS);
  for (let at = 0; !rows.isEnd; at = rows.count) {
    rows.want(at - 20, at);
    await settle();
  }
  assert.equal(rows.count, 100 * PAGE_ROWS + 7);
  assert.equal(rows.row(rows.count - 1), rows.count - 1);
  assert.equal(rows.row(0), undefined);
  const before = asked.length;
  rows.want(0, 20);
  await settle();
  assert.equal(rows.row(5), 5);
  assert.ok(asked.length - before <= 3);
});

test('a failure is said, and what is missing is read on retry', async () => {
  const { read } = numbers(500);
  let isDown = true;
  const rows = new PagedRows<number>((cursor) => {
    if (isDown && cursor === '200') return Promise.reject(new Error('down'));
    return read(cursor);
  });
  rows.want(0, 20);
  await settle();
  assert.equal((rows.error as Error).message, 'down');
  assert.equal(rows.count, 200);
  isDown = false;
  rows.retry();
  await settle();
  assert.equal(rows.error, null);
  assert.equal(rows.count, 300);
});
