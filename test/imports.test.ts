import { describe, expect, it } from 'vitest';
import {
  ENTRY_POINTS,
  importFaults,
  importsOf,
  isRelative,
  PACKAGE_RULES,
  packageOf,
} from './house/imports.js';
import { filesIn, isTest, type Package, readText, workspacePackages } from './house/workspace.js';

const packages = workspacePackages();
const published = packages.filter(({ manifest }) => manifest.private !== true);
const sourcesOf = ({ folder }: Package): string[] =>
  filesIn(`${folder}/src`).filter((path) => path.endsWith('.ts'));

describe('the packages of this repository', () => {
  it('are those of the table', () => {
    const names = published.map(({ manifest }) => manifest.name).sort();
    expect(names).toEqual(
      Object.keys(PACKAGE_RULES)
        .map((name) => `@shunt/${name}`)
        .sort(),
    );
  });

  it('declare exactly the entry points that others may import', () => {
    const declared = published.flatMap(({ manifest }) =>
      Object.keys(manifest.exports ?? {}).map((entry) => `${manifest.name}${entry.slice(1)}`),
    );
    expect(declared.sort()).toEqual([...ENTRY_POINTS].sort());
  });

  it.each(packages.map((each) => [each.folder, each] as const))('%s imports only what it may', (_, each) => {
    expect(sourcesOf(each).flatMap((path) => importFaults(path, readText(path)))).toEqual([]);
  });

  it('the tests of the whole import only entry points', () => {
    const tests = filesIn('test').filter((path) => path.endsWith('.ts'));
    expect(tests.flatMap((path) => importFaults(path, readText(path)))).toEqual([]);
  });

  it.each(packages.map((each) => [each.folder, each] as const))('%s declares what it imports', (_, each) => {
    const sources = sourcesOf(each).filter((path) => !isTest(path));
    const specifiers = sources.flatMap((path) => importsOf(readText(path)).map(({ specifier }) => specifier));
    const bare = specifiers.filter((specifier) => !isRelative(specifier) && !specifier.startsWith('node:'));
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = each.manifest;
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    expect(declared.sort()).toEqual([...new Set(bare.map(packageOf))].sort());
  });

  it.each(packages.map((each) => [each.folder, each] as const))(
    '%s is built after the packages it depends on',
    (_, { folder, manifest }) => {
      const { references = [] } = JSON.parse(readText(`${folder}/tsconfig.json`)) as {
        references?: { path: string }[];
      };
      const built = references.map(({ path }) => `@shunt/${path.split('/').at(-1)}`);
      const needed = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith('@shunt/'));
      expect(built.sort()).toEqual(needed.sort());
    },
  );
});

// Written in two parts, so that no path in this file leads out of the repository.
const up = '../';

describe('the import check', () => {
  const faults = (path: string, code: string): string[] =>
    importFaults(path, code).map((fault) => fault.replace(/^.*?': /, ''));

  it('sees every form of import, and none in comments and strings', () => {
    const code = [
      `import { a } from 'one';`,
      `import type { b } from "two";`,
      `import 'three';`,
      `export * from 'four';`,
      `export {\n  c,\n} from 'five';`,
      `const d = await import('six');`,
      `type E = import('seven').E;`,
      `const f = createRequire(import.meta.url)('eight');`,
      `const g = new URL('./nine.js', import.meta.url);`,
      `const h = require('ten');`,
      `const data = new URL('./data.json', import.meta.url);`,
      `// import 'not-this';`,
      `const i = "import 'nor-this'";`,
      `const j = \`export * from "\${await import('eleven')}"\`;`,
      `const k = /import 'neither'/;`,
    ].join('\n');
    const found = importsOf(code).map(({ specifier }) => specifier);
    expect(found).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
      'six',
      'seven',
      'eight',
      './nine.js',
      'ten',
      'eleven',
    ]);
    expect(importsOf(code)[4]).toEqual({ specifier: 'five', line: 7 });
  });

  it.each([
    ['packages/model/src/a.ts', `import { x } from '@shunt/compiler';`],
    ['packages/model/src/a.ts', `import type { x } from '@shunt/compiler';`],
    ['packages/dataplane/src/a.ts', `export * from '@shunt/compiler';`],
    ['packages/dataplane/src/a.ts', `const yaml = await import('yaml');`],
    ['packages/compiler/src/a.ts', `import { readFileSync } from 'node:fs';`],
    ['packages/compiler/src/a.ts', `import { readFileSync } from 'fs';`],
    ['packages/compiler/src/a.ts', `import fc from 'fast-check';`],
    ['packages/compiler/src/a.test.ts', `import yaml from 'yaml';`],
    ['packages/cli/src/a.ts', `import { x } from '@shunt/model/dist/address.js';`],
    ['packages/cli/src/a.ts', `import { x } from '${up}../model/src/address.js';`],
    ['packages/model/src/a.test.ts', `import { x } from '${up}${up}../test/house/imports.js';`],
    ['packages/compiler/src/targets/ebpf/emit.ts', `import { x } from '../nftables/emit.js';`],
    ['packages/router/src/a.ts', `import { x } from '@shunt/model';`],
    ['bench/src/a.ts', `import { x } from '@shunt/compiler/src/index.js';`],
    ['bench/src/a.ts', `import { x } from '${up}../packages/model/src/index.js';`],
    ['test/a.test.ts', `import { x } from '@shunt/testing/src/cases';`],
  ])('%s may not: %s', (path, code) => {
    expect(faults(path, code)).toHaveLength(1);
  });

  it.each([
    ['packages/compiler/src/a.ts', `import { x } from '@shunt/model';`],
    ['packages/compiler/src/targets/ebpf/emit.ts', `import { x } from '${up}../ruleset/types.js';`],
    ['packages/compiler/src/targets/index.ts', `export * from './ebpf/emit.js';`],
    ['packages/cli/src/a.ts', `import { readFileSync } from 'node:fs';`],
    ['packages/cli/src/a.ts', `import { x } from '@shunt/testing/cases';`],
    ['packages/model/src/a.test.ts', `import fc from 'fast-check';\nimport { it } from 'vitest';`],
    ['packages/model/src/a.test.ts', `import { x } from '@shunt/testing';\nimport 'node:fs';`],
    ['bench/src/a.ts', `import { Bench } from 'tinybench';\nimport { x } from '@shunt/dataplane';`],
  ])('%s may: %s', (path, code) => {
    expect(faults(path, code)).toEqual([]);
  });

  it('names the file, the line and what is allowed', () => {
    expect(importFaults('packages/dataplane/src/a.ts', `\nimport 'yaml';`)).toEqual([
      `packages/dataplane/src/a.ts:2: 'yaml': dataplane may import only @shunt/model`,
    ]);
  });
});
