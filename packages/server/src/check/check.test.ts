import { describe } from 'node:test';

import { checkTests } from './contract.ts';
import { keepSqlite } from './testing/tampered-logs.ts';

describe('a log in SQLite', () => checkTests(keepSqlite));
