import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripSensitiveHeaders } from './headers.ts';

describe('stripSensitiveHeaders', () => {
  it('removes what authorises, in any case, and keeps the rest', () => {
    const { headers, stripped } = stripSensitiveHeaders({
      AUTHORIZATION: 'Bearer x',
      cookie: 'a=b',
      'Set-Cookie': ['a=b', 'c=d'],
      'Proxy-Authorization': 'Basic x',
      'X-Amz-Security-Token': 'x',
      'x-amz-date': '20261121T000000Z',
      'X-API-Key': 'x',
      'WWW-Authenticate': 'Bearer realm="api"',
      'Proxy-Authenticate': 'Basic',
      'Content-Type': 'text/plain',
    });
    assert.equal(stripped, true);
    assert.deepEqual(headers, {
      'WWW-Authenticate': 'Bearer realm="api"',
      'Proxy-Authenticate': 'Basic',
      'Content-Type': 'text/plain',
    });
  });

  it("removes a provider's own header by its name", () => {
    const { headers, stripped } = stripSensitiveHeaders({ 'x-acme': 'k', a: 'b' }, ['X-Acme']);
    assert.equal(stripped, true);
    assert.deepEqual(headers, { a: 'b' });
  });

  it('gives back the same object when there is nothing to remove', () => {
    const headers = { accept: '*/*', 'x-token-type': 'none' };
    const result = stripSensitiveHeaders(headers, ['x-acme']);
    assert.equal(result.stripped, false);
    assert.equal(result.headers, headers);
  });
});
