import { after, describe, test } from 'node:test';

import { startPostgres } from '../store/postgres/testing/server.ts';
import { checkTests } from './contract.ts';
import { fsckTests } from './fsck-contract.ts';
import { keepPostgres } from './testing/tampered-logs.ts';

const server = await startPostgres();
if (typeof server === 'string') test('a log in PostgreSQL', { skip: server });
else {
  const keep = (size: number) => keepPostgres(server, size);
  describe('in PostgreSQL', () => {
    describe('a log', () => checkTests(keep));
    describe('fsck', () => fsckTests(keep));
    after(() => server.close());
  });
}
