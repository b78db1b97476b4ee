import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = import.meta.dirname;
const sources = readdirSync(folder).filter(
  (name) => name.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(name),
);

test('the ledger imports only itself, and asks nothing of its surroundings', () => {
  assert.ok(sources.includes('index.ts') && sources.includes('verify.ts'));
  for (const name of sources) {
    const source = readFileSync(join(folder, name), 'utf8');
    for (const [, target] of source.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      assert.match(target!, /^\.\/[a-z0-9-]+\.ts$/, `${name} imports ${target}`);
    }
    const surroundings = /\b(?:Buffer|process|fetch|setTimeout|Math\.random|Date\.now)\b/;
    assert.doesNotMatch(source, surroundings, name);
  }
});
