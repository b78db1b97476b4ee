import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Who may import whom (docs/ARCHITECTURE.md), read from the import statements of all sources. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = join(ROOT, 'packages');

/** Packages of this house that each package may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  ledger: [],
  vault: ['schema'],
  server: ['schema', 'ledger', 'vault'],
  sdk: ['schema', 'ledger'],
  portal: ['schema', 'ledger'],
  witness: ['ledger'],
  cli: ['sdk', 'server', 'witness', 'schema', 'ledger'],
};

const LINES_MAX = 300;

interface Source {
  readonly file: string;
  readonly package: string;
  readonly text: string;
  /** Files beside the product: tests and what they use. */
  readonly isTest: boolean;
  readonly imports: readonly string[];
}

function readSource(file: string): Source {
  const path = relative(PACKAGES, file);
  const text = readFileSync(file, 'utf8');
  // Comments may quote imports.
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, '');
  const statements =
    /(?:^|[\s;])(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]|\bimport\.meta\.resolve\(\s*['"]([^'"]+)['"]/g;
  const imports = [...code.matchAll(statements)].map(
    (found) => found[1] ?? found[2] ?? found[3] ?? '',
  );
  const isTest = /\.(test|fixture)\.tsx?$|[/\\]testing[/\\]/.test(path);
  return { file: path, package: path.split(sep)[0] ?? '', text, isTest, imports };
}

const sources: readonly Source[] = Object.keys(ALLOWED).flatMap((name) =>
  readdirSync(join(PACKAGES, name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readSource(join(PACKAGES, name, 'src', file))),
);
const product = sources.filter((source) => !source.isTest);

const nameOf = (specifier: string) => /^@affidavit\/([^/]+)/.exec(specifier)?.[1];

interface Manifest {
  readonly dependencies?: Record<string, string>;
  /** What is used where it is installed. */
  readonly peerDependencies?: Record<string, string>;
}

describe('the packages', () => {
  it('are all there, and this test knows all of them', () => {
    const folders = readdirSync(PACKAGES, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    assert.deepEqual(folders.sort(), Object.keys(ALLOWED).sort());
    assert.ok(sources.length > 150);
    const imports = sources.reduce((sum, source) => sum + source.imports.length, 0);
    assert.ok(imports > 600, `only ${imports} imports were read`);
  });

  it('import each other only as the house is built', () => {
    for (const { file, package: own, imports } of product) {
      for (const specifier of imports) {
        const name = nameOf(specifier);
        if (name === undefined || name === own) continue;
        assert.ok(ALLOWED[own]?.includes(name), `${file} imports ${specifier}`);
      }
    }
  });

  it('depend on each other in package.json just as they import', () => {
    for (const [own, allowed] of Object.entries(ALLOWED)) {
      const text = readFileSync(join(PACKAGES, own, 'package.json'), 'utf8');
      const { dependencies: needed, peerDependencies: optional } = JSON.parse(text) as Manifest;
      const dependencies = { ...needed, ...optional };
      const imported = new Set(
        product.filter((source) => source.package === own).flatMap((source) => source.imports),
      );
      for (const dependency of Object.keys(dependencies)) {
        const name = nameOf(dependency);
        if (name !== undefined)
          assert.ok(allowed.includes(name), `${own} depends on ${dependency}`);
      }
      for (const specifier of imported) {
        if (/^(\.|node:)/.test(specifier)) continue;
        const dependency = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '';
        assert.ok(dependency in dependencies, `${own} imports ${dependency} without saying so`);
      }
    }
  });

  it('stand in no circle', () => {
    const visit = (name: string, path: readonly string[]): void => {
      assert.ok(!path.includes(name), [...path, name].join(' → '));
      const next = new Set(
        product
          .filter((source) => source.package === name)
          .flatMap((source) => source.imports.map(nameOf))
          .filter((one) => one !== undefined && one !== name),
      );
      for (const one of next) visit(one as string, [...path, name]);
    };
    for (const name of Object.keys(ALLOWED)) visit(name, []);
  });

  it('reach each other by name, never by path', () => {
    for (const { file, package: own, imports } of sources) {
      for (const specifier of imports.filter((one) => one.startsWith('.'))) {
        const target = relative(PACKAGES, join(PACKAGES, file, '..', specifier));
        assert.equal(target.split(sep)[0], own, `${file} imports ${specifier}`);
      }
    }
  });
});

describe('the ledger', () => {
  it('has no dependencies and runs in browsers: nothing of Node, nothing of others', () => {
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(PACKAGES, 'ledger', 'package.json'), 'utf8'),
    ) as { dependencies?: object };
    assert.deepEqual(dependencies, {});
    for (const { file, imports, text } of product.filter((one) => one.package === 'ledger')) {
      assert.ok(
        imports.every((one) => one.startsWith('./') || one.startsWith('../')),
        file,
      );
      assert.doesNotMatch(text, /\b(Buffer|process|require)\b[.(]/, file);
    }
  });
});

describe('the witness', () => {
  it('takes nothing from the server that it witnesses, and nothing from others', () => {
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(PACKAGES, 'witness', 'package.json'), 'utf8'),
    ) as { dependencies?: object };
    assert.deepEqual(Object.keys(dependencies), ['@affidavit/ledger']);
  });
});

describe('the way into the ledger', () => {
  it('is one: only the trail submits to the sequencer', () => {
    const submitting = product
      .filter(({ text }) => /\bsequencer\.submit\(/.test(text))
      .map(({ file }) => file);
    assert.deepEqual(submitting, [join('server', 'src', 'ingest', 'trail.ts')]);
  });

  it('has no switch: no variable and no flag is about recording', () => {
    const names = product.flatMap(({ text }) => text.match(/AFFIDAVIT_[A-Z_]+/g) ?? []);
    assert.ok(names.length > 10);
    for (const name of names) assert.doesNotMatch(name, /DISABLE|SKIP|RECORD|AUDIT_OFF|NO_AUDIT/);
  });

  it('keeps other modules away from the database', () => {
    for (const { file, imports } of product) {
      if (!imports.includes('node:sqlite')) continue;
      const isWitness = file === join('witness', 'src', 'state.ts');
      assert.ok(isWitness || file.startsWith(join('server', 'src', 'store')), file);
    }
  });

  it('lets only egress open connections in the vault', () => {
    const network = /^(undici|node:(http|https|tls|dns|http2|dgram))$/;
    for (const { file, imports, text } of product.filter((one) => one.package === 'vault')) {
      const connects = /\b(connect|createConnection|Socket)\b.* from 'node:net'/.test(text);
      if (!connects && !imports.some((one) => network.test(one))) continue;
      assert.ok(file.startsWith(join('vault', 'src', 'egress')), file);
    }
  });
});

describe('every source', () => {
  it('exports by name', () => {
    for (const { file, text } of sources) assert.doesNotMatch(text, /^export default\b/m, file);
  });

  it('imports what it says: relative paths with their extension, Node by node:', () => {
    const builtin =
      /^(fs|path|crypto|http|https|net|os|url|util|events|stream|zlib|child_process|worker_threads|assert|test)(\/|$)/;
    for (const { file, imports } of sources) {
      for (const specifier of imports) {
        if (specifier.startsWith('.')) assert.match(specifier, /\.(tsx?|json|css)$/, file);
        assert.doesNotMatch(specifier, builtin, file);
      }
    }
  });

  it('is short enough to be read in one sitting', (t) => {
    const long = product
      .map(({ file, text }) => ({ file, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX);
    for (const { file, lines } of long) t.diagnostic(`${file} has ${lines} lines`);
  });
});
