import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { entryLine } from './entry-line.ts';
import { bytes, clip, plain, shortId, thousands } from './plain.ts';
import { PLAIN, styleFor } from './style.ts';
import { fitted, heading, tableRow } from './table.ts';
import type { Column } from './table.ts';

describe('plain', () => {
  it('leaves no control or format character in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(plain(text), /[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });
  it('keeps what people write', () => {
    assert.equal(plain('Grüße, 東京 👋'), 'Grüße, 東京 👋');
    assert.equal(plain({ a: [1] }), '{"a":[1]}');
    assert.equal(plain(undefined), '');
  });
});

describe('clip, shortId, thousands, bytes', () => {
  it('shorten for the eye', () => {
    assert.equal(clip('abcdef', 4), 'abc…');
    assert.equal(clip('👋👋', 2), '👋👋');
    assert.equal(shortId('grt_0199f0c2a1b27c3d8e4f5a6b7c8d9e0f'), 'grt_…8d9e0f');
    assert.equal(shortId('exe_1'), 'exe_1');
    assert.equal(thousands(1234567), '1,234,567');
    assert.equal(bytes(999), '999 B');
    assert.equal(bytes(12_345_678), '12.3 MB');
  });
});

describe('styleFor', () => {
  it('colours a terminal only, and not against NO_COLOR', () => {
    const red = (tty: boolean, env: Record<string, string>) =>
      styleFor({ isTTY: tty }, env).red('x');
    assert.equal(red(true, {}), '\u001B[31mx\u001B[39m');
    assert.equal(red(false, {}), 'x');
    assert.equal(red(true, { NO_COLOR: '1' }), 'x');
    assert.equal(red(true, { NO_COLOR: '' }), '\u001B[31mx\u001B[39m');
    assert.equal(red(true, { TERM: 'dumb' }), 'x');
  });
});

describe('entryLine', () => {
  it('is one line with what matters', () => {
    const line = entryLine(
      {
        seq: 3,
        created_at: '2026-11-21T09:14:03.120Z',
        event_type: 'api.called',
        actor_name: 'helper',
        principal_id: 'bob',
        provider: 'crm',
        method: 'GET',
        url: 'https://crm.test/a',
        response_status: 500,
        outcome: 'provider_error',
        reason: 'why\nnot',
      },
      PLAIN,
    );
    assert.equal(
      line,
      '#3 09:14:03.120 api.called helper for bob crm GET https://crm.test/a 500 provider_error “why not”',
    );
  });
});

describe('table', () => {
  const columns: Column<{ a: string; b: number }>[] = [
    { title: 'A', width: 4, value: (row) => row.a },
    { title: 'B', width: 9, value: (row) => row.b, paint: (shown) => `<${shown}>` },
  ];
  it('keeps the columns in line and clips what is too wide', () => {
    assert.equal(heading(columns, PLAIN), 'A     B');
    assert.equal(tableRow(columns, { a: 'abcdef', b: 1 }, PLAIN), 'abc…  <1        >');
  });
  it('fits columns to their values', () => {
    const rows = [{ a: 'x', b: 100 }];
    assert.deepEqual(
      fitted(columns, rows).map((column) => column.width),
      [1, 3],
    );
  });
});
