import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BANS, banFaults } from './house/bans.js';
import { sourceOf, unreachable } from './house/reachable.js';
import { readSource } from './house/source-text.js';
import { filesIn, isTest, readText, workspacePackages } from './house/workspace.js';

const TEXT = /\.(?:[mc]?[jt]s|json|md|ya?ml|sh)$|^\.ci\/|^\.[a-z]+$/;
const texts = new Map(filesIn('.').flatMap((path) => (TEXT.test(path) ? [[path, readText(path)]] : [])));
// In two parts, so that no path in this file leads out of the repository.
const up = '../';
const isSource = (path: string): boolean => /^(?:packages\/[^/]+|bench)\/src\/.*\.ts$/.test(path);

describe('the files of this repository', () => {
  it('are found', () => {
    expect([...texts.keys()]).toEqual(
      expect.arrayContaining(['package.json', 'packages/model/src/index.ts', 'test/tidy.test.ts']),
    );
  });

  it('contain nothing that is banned', () => {
    expect([...texts].flatMap(([path, text]) => banFaults(path, text))).toEqual([]);
  });

  it('lead to every source from an entry point, a command or a test', () => {
    const code = new Map([...texts].filter(([path]) => /\.m?[jt]s$/.test(path)));
    const commands = [...code.keys()].filter((path) => !isSource(path));
    const entryPoints = workspacePackages().flatMap(({ folder, manifest }) =>
      Object.values(manifest.exports ?? {}).map((entry) => sourceOf(posix.join(folder, entry.default))),
    );
    const roots = [...commands, ...entryPoints, ...[...code.keys()].filter(isTest)];
    expect(unreachable(code, roots)).toEqual([]);
  });
});

describe('the bans', () => {
  const named = (path: string, text: string): string[] =>
    banFaults(path, text).map((fault) => fault.replace(/^.*?: |;.*/g, ''));
  const pure = 'packages/compiler/src/a.ts';

  it.each([
    ['Math.random', 'bench/src/a.ts', 'const x = Math.random();'],
    ['the clock', pure, 'const x = Date.now();'],
    ['the clock', pure, 'const x = new Date();'],
    ['the clock', pure, 'const x = new Date;'],
    ['the clock', pure, 'const x = performance.now();'],
    ['the clock', pure, `const x = \`\${Date.now()}\`;`],
    ['console', pure, 'console.log(1);'],
    ['process', pure, 'const x = process.env.HOME;'],
    ['Buffer', pure, 'const x = Buffer.from([1]);'],
    ['any', 'test/a.ts', 'function f(x: any) {}'],
    ['any', 'test/a.ts', 'const x = y as any;'],
    ['any', 'test/a.ts', 'const x = new Map<string, any>();'],
    ['any', 'test/a.ts', 'const x = <any>y;'],
    ['any', 'test/a.ts', 'type X = string | any[];'],
    ['default export', pure, 'export default function f() {}'],
    ['default export', pure, 'export { f as default };'],
    ['unfinished work', 'scripts/a.mjs', `// ${'TO'}DO: later`],
    ['unfinished work', pure, `/* ${'FIX'}ME */`],
    ['a test left out', 'packages/model/src/a.test.ts', `it.skip('works', () => {});`],
    ['a test left out', 'packages/model/src/a.test.ts', `describe.only('it', () => {});`],
    ['a test left out', 'packages/model/src/a.test.ts', `it.todo('works');`],
    ['a test left out', 'packages/model/src/a.test.ts', `it.skip.each([1])('works', () => {});`],
    ['a line over 120 columns', 'test/a.ts', `// ${'x'.repeat(118)}`],
    ["a path of somebody's machine", 'docs/a.md', `see \`${'/ho'}me/jo/shunt\``],
    ["a path of somebody's machine", 'test/a.yaml', `path: ${'/wo'}rk/shared`],
  ])('%s is found in %s: %s', (name, path, text) => {
    expect(named(path, text)).toEqual([name]);
  });

  it('each have a snippet above that breaks them', () => {
    // Kept beside the list: a ban without a failing snippet may be a pattern that never matches.
    const self = readText('test/tidy.test.ts');
    expect(BANS.filter(({ name }) => !new RegExp(`\\[['"]${name}['"], `).test(self))).toEqual([]);
  });

  it.each([
    [pure, '// Math.random, Date.now() and console.log are not for us; as any packet'],
    [pure, `const text = 'console.log(new Date()) as any';`],
    [pure, 'const date = new Date(seconds * 1000);'],
    [pure, 'const memory = new SharedArrayBuffer(8);'],
    [pure, 'this.process.next(); many.console = 1;'],
    [pure, 'const any = anyOf(x); f({ any: 1 }, y < any(z));'],
    ['packages/cli/src/a.ts', 'console.log(process.argv, Date.now(), Buffer.from([]));'],
    ['packages/model/src/a.test.ts', 'const start = process.hrtime();'],
    ['packages/model/src/a.test.ts', `it.skipIf(true)('works', () => {});`],
    ['vitest.config.ts', 'export default defineConfig({});'],
    ['docs/a.md', `${'x'.repeat(200)} https://kubernetes.io/docs/home/x /sys/fs/bpf /etc/hosts`],
  ])('leave this alone in %s: %s', (path, text) => {
    expect(named(path, text)).toEqual([]);
  });

  it('say the place, what to write instead, and why', () => {
    expect(banFaults(pure, '\nconsole.log(1);')).toEqual([
      `${pure}:2: console; write a Diagnostic, or a value returned: a library does not print`,
    ]);
  });

  it('find names for anything', () => {
    expect(banFaults('packages/model/src/utils.ts', '')).toHaveLength(1);
    expect(banFaults('packages/model/src/helper.test.ts', '')).toHaveLength(1);
    expect(banFaults('packages/model/src/common-prefix.ts', '')).toHaveLength(1);
    expect(banFaults('packages/model/src/commonality.ts', '')).toEqual([]);
  });

  it('find paths that climb out of the repository', () => {
    expect(banFaults('docs/a.md', `[b](${up}../b.md)`)).toEqual([
      `docs/a.md:1: ${up}../b.md is outside of the repository`,
    ]);
    expect(banFaults('docs/a.md', '[b](../b.md)')).toEqual([]);
  });
});

describe('the reading of sources', () => {
  it('blanks comments, strings, templates and regular expressions, and keeps the places', () => {
    const text = [
      `const a = 'it''s'; // note 'x`,
      `const b = \`one \${c + \`two \${d}\`} three\`; /* four`,
      '*/ const e = /[/"]\\/`/g.test(f) ? g / h / i : "\\"j";',
    ].join('\n');
    expect(readSource(text).code.split('\n')).toEqual([
      `const a = '  '' ';           `,
      `const b = \`    \${c + \`    \${d}\`}      \`;        `,
      '   const e = /       /g.test(f) ? g / h / i : "   ";',
    ]);
    expect(
      readSource(text)
        .comments.split('\n')
        .map((line) => line.trim()),
    ).toEqual([`// note 'x`, '/* four', '*/']);
  });
});

describe('the search for sources that nothing leads to', () => {
  it('follows imports from the roots and finds what is left', () => {
    const sources = new Map([
      [
        'packages/a/src/index.ts',
        `export * from './b.js';\nconst w = new URL('./worker.js', import.meta.url);`,
      ],
      ['packages/a/src/b.ts', `import type { C } from './c/c.js';`],
      ['packages/a/src/c/c.ts', `import '../index.js';`],
      ['packages/a/src/worker.ts', ''],
      ['packages/a/src/old.ts', `import './older.js';`],
      ['packages/a/src/older.ts', ''],
    ]);
    expect(unreachable(sources, ['packages/a/src/index.ts'])).toEqual([
      'packages/a/src/old.ts',
      'packages/a/src/older.ts',
    ]);
  });

  it('knows the source of what a command imports', () => {
    expect(sourceOf('packages/cli/dist/main.js')).toBe('packages/cli/src/main.ts');
    expect(sourceOf('packages/a/src/b.js')).toBe('packages/a/src/b.ts');
    expect(sourceOf('packages/cli/bin/shunt.js')).toBe('packages/cli/bin/shunt.js');
  });
});
