import { describe } from 'node:test';

import { checkTests } from './contract.ts';
import { fsckTests } from './fsck-contract.ts';
import { keepSqlite } from './testing/tampered-logs.ts';

describe('a log in SQLite', () => checkTests(keepSqlite));
describe('fsck of SQLite', () => fsckTests(keepSqlite));
