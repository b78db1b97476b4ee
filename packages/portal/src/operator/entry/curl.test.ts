import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import type { Entry } from '../../shared/api/types.ts';
import { curlOfEntry, quote } from './curl.ts';

const entry: Entry = {
  event_id: 'evt_1',
  seq: 1,
  created_at: '2026-11-21T10:00:00.000Z',
  event_type: 'api.called',
};

test('a shell reads back what was quoted, whatever it is', () => {
  const text = `it's $HOME \`id\` "x" \\ \n é`;
  assert.equal(execFileSync('sh', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' }), text);
});

test('a call is told with its grant, an action with its arguments, other things not at all', () => {
  const call = { ...entry, method: 'POST', url: 'https://m.test/a', grant_id: 'grt_1' };
  const body = { ...call, request_body: { to: "o'neil" }, provider: 'mail' };
  assert.equal(
    curlOfEntry('http://here', body),
    [
      "curl 'http://here/v1/request'",
      '-H "Authorization: Bearer $AFFIDAVIT_API_KEY"',
      "-H 'Content-Type: application/json'",
      String.raw`--data '{"method":"POST","url":"https://m.test/a","grant_id":"grt_1","json":{"to":"o'\''neil"}}'`,
    ].join(' \\\n  '),
  );
  const cut = curlOfEntry('http://here', { ...body, request_body_truncated: true });
  assert.doesNotMatch(cut ?? '', /neil/);
  const action = { ...entry, verb: 'mail:send', args: { to: 'a' }, dry_run: true };
  assert.match(
    curlOfEntry('http://here', action) ?? '',
    /actions\/mail%3Asend.*\n.*\n.*\n.*dry_run/,
  );
  assert.equal(curlOfEntry('http://here', entry), null);
});
