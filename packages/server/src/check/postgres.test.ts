import { after, describe, test } from 'node:test';

import { startPostgres } from '../store/postgres/testing/server.ts';
import { checkTests } from './contract.ts';
import { keepPostgres } from './testing/tampered-logs.ts';

const server = await startPostgres();
if (typeof server === 'string') test('a log in PostgreSQL', { skip: server });
else {
  describe('a log in PostgreSQL', () => {
    checkTests((size) => keepPostgres(server, size));
    after(() => server.close());
  });
}
