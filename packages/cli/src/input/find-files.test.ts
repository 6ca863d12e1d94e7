import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFiles, MANIFEST_NAME } from './find-files.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shunt-files-'));
  for (const name of [
    'a.yaml',
    'b.yml',
    'c.json',
    'notes.md',
    'sub/d.yaml',
    'sub/deep/e.yaml',
    '.hidden/f.yaml',
    'node_modules/g.json',
    'odd[1].yaml',
    'empty/readme.txt',
  ]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name);
  }
  symlinkSync(folder, join(folder, 'sub', 'loop'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function find(...paths: string[]): { files: string[]; problems: string[] } {
  const found = findFiles(
    paths.map((path) => (path === '-' ? path : join(folder, path))),
    MANIFEST_NAME,
  );
  return {
    files: found.files.map((file) => (file === '-' ? file : relative(folder, file))),
    problems: found.diagnostics.map(({ message }) => message.replaceAll(`${folder}/`, '')),
  };
}

describe('finding manifests', () => {
  it('takes the manifests of a folder and of those below it, each once, in spite of a loop', () => {
    expect(find('.')).toEqual({
      files: ['a.yaml', 'b.yml', 'c.json', 'odd[1].yaml', 'sub/d.yaml', 'sub/deep/e.yaml'],
      problems: [],
    });
  });

  it.each([
    ['*.yaml', ['a.yaml', 'odd[1].yaml']],
    ['{a,c}.*', ['a.yaml', 'c.json']],
    ['[a-b].y*ml', ['a.yaml', 'b.yml']],
    ['[!a].y?l', ['b.yml']],
    ['sub/**/*.yaml', ['sub/d.yaml', 'sub/deep/e.yaml']],
    ['odd[1].yaml', ['odd[1].yaml']],
    ['notes.md', ['notes.md']],
    ['-', ['-']],
  ])('%s names its files', (pattern, files) => {
    expect(find(pattern).files).toEqual(expect.arrayContaining(files));
  });

  it('names a file once that is given twice', () => {
    expect(find('sub/deep', 'sub/deep/e.yaml', 'sub/deep/*').files).toEqual(['sub/deep/e.yaml']);
  });

  it('reports every path that leads to nothing', () => {
    expect(find('none.yaml', '*.toml', 'empty', 'a.yaml/b.yaml')).toEqual({
      files: [],
      problems: [
        'none.yaml: no such file or folder',
        '*.toml: the pattern matches no file',
        'empty: the folder holds no file named *.yaml, *.yml or *.json',
        'a.yaml/b.yaml: a part of the path is no folder',
      ],
    });
  });
});
