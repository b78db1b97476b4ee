import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toCsv } from './csv.ts';

test('quotes what needs it, and leaves no formula', () => {
  const rows = [
    ['a, "b"', -1],
    ['=HYPERLINK("x")', null],
    ['@sum', undefined],
  ];
  assert.equal(
    toCsv(['name', 'count'], rows),
    'name,count\r\n"a, ""b""",-1\r\n"\'=HYPERLINK(""x"")",\r\n\'@sum,\r\n',
  );
});
