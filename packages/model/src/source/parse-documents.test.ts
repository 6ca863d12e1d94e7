import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../diagnostic.js';
import type { FieldPath } from './field-path.js';
import { parseDocuments } from './parse-documents.js';
import type { ParsedDocuments } from './source-document.js';

const values = ({ documents }: ParsedDocuments): unknown[] => documents.map(({ value }) => value);
const messages = ({ diagnostics }: ParsedDocuments): string[] => diagnostics.map(formatDiagnostic);

describe('texts that hold nothing', () => {
  for (const text of [
    '',
    ' \n',
    '# a comment\n',
    '---\n',
    '---\n---\n',
    '--- # x\n...\n',
    '\uFEFF',
    'null',
    '~',
  ]) {
    test(`${JSON.stringify(text)} holds no document and is no error`, () => {
      expect(parseDocuments('a.yaml', text)).toMatchObject({ documents: [], diagnostics: [] });
    });
  }
});

describe('YAML', () => {
  test('documents are read in order, with CRLF and a byte order mark as well', () => {
    expect(values(parseDocuments('a', '\uFEFFa: 1\r\n---\r\n---\r\nb: [x, "y"]\r\n'))).toEqual([
      { a: 1 },
      { b: ['x', 'y'] },
    ]);
  });

  test('anchors and merge keys are resolved', () => {
    expect(values(parseDocuments('a', 'a: &x {b: 1}\nc: {<<: *x, d: 2}\ne: *x\n'))).toEqual([
      { a: { b: 1 }, c: { b: 1, d: 2 }, e: { b: 1 } },
    ]);
  });

  test('words like yes and dates stay strings, also when a document claims YAML 1.1', () => {
    const text = '%YAML 1.1\n---\na: yes\nb: 2024-01-31\nc: !!timestamp 2024-01-31\n';
    expect(values(parseDocuments('a', text))).toEqual([{ a: 'yes', b: '2024-01-31', c: '2024-01-31' }]);
  });

  const wrong: [about: string, text: string, message: string][] = [
    [
      'a dash without a blank after a right item',
      'ports:\n  - port: 80\n  -targetPort: 80\n',
      'a.yaml:3:3: error: a list item needs a blank after the dash: "- targetPort: 80"',
    ],
    [
      'a dash without a blank in a lone item',
      'ports:\n-targetPort: 80\n',
      'a.yaml:2:1: error: a list item needs a blank after the dash: "- targetPort: 80"',
    ],
    [
      'a dash without a blank before more keys',
      'ports:\n  -port: 80\n    name: x\n',
      'a.yaml:2:3: error: a list item needs a blank after the dash: "- port: 80"',
    ],
    [
      'a tab',
      'spec:\n\tports:\n\t- port: 80\n',
      'a.yaml:2:1: error: a tab indents this line: YAML is indented with blanks only',
    ],
    ['a key given twice', 'a: 1\nb: 2\na: 3\n', 'a.yaml:3:1: error: the key "a" is given twice'],
    [
      'an alias without an anchor',
      'a: *x\n',
      'a.yaml:1:4: error: the alias *x needs an anchor &x on a value that ends before it',
    ],
    [
      'an alias inside of its own anchor',
      'a: &x [*x]\n',
      'a.yaml:1:8: error: the alias *x needs an anchor &x on a value that ends before it',
    ],
    [
      'a template',
      'a:\n  b: {{ .Values.b }}\n',
      'a.yaml:2:7: error: this looks like a template: render it first ("helm template"), and read the result',
    ],
    [
      'two colons',
      'a: b: c\n',
      'a.yaml:1:4: error: a second ": " on one line: quote the value, or start the inner mapping on a line of its own',
    ],
  ];
  for (const [about, text, message] of wrong) {
    test(`${about} is one clear error`, () => {
      expect(messages(parseDocuments('a.yaml', text))).toEqual([message]);
    });
  }

  test('keys in data may start with a dash, they are nobody’s list items', () => {
    expect(values(parseDocuments('a', 'data:\n  -x: 1\n'))).toEqual([{ data: { '-x': 1 } }]);
  });

  test('an unknown tag is a warning and its value is kept', () => {
    const parsed = parseDocuments('a', 'a: !secret x\n');
    expect(values(parsed)).toEqual([{ a: 'x' }]);
    expect(messages(parsed)).toEqual(['a:1:4: warning: Unresolved tag: !secret']);
  });

  test('a document with an error does not spoil those around it', () => {
    const parsed = parseDocuments('a', 'a: 1\n---\nb: {\n---\nc: 3\n');
    expect(values(parsed)).toEqual([{ a: 1 }, { c: 3 }]);
    expect(parsed.diagnostics).toHaveLength(1);
  });

  test('an alias bomb is refused', () => {
    const rows = ['a: &a [1,1,1,1,1,1,1,1,1,1]'];
    for (const [name, inner] of ['ba', 'cb', 'dc', 'ed', 'fe']) {
      rows.push(`${name}: &${name} [${Array(10).fill(`*${inner}`).join(',')}]`);
    }
    const parsed = parseDocuments('a', rows.join('\n'));
    expect(parsed.documents).toEqual([]);
    expect(messages(parsed)[0]).toContain('Excessive alias count');
  });

  const block = (depth: number): string =>
    Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
  const deep: [about: string, text: (depth: number) => string][] = [
    ['flow lists', (depth) => '['.repeat(depth) + ']'.repeat(depth)],
    ['flow mappings', (depth) => '{a: '.repeat(depth) + '}'.repeat(depth)],
    ['compact lists', (depth) => `${'- '.repeat(depth)}a`],
    ['block mappings', block],
    ['explicit keys', (depth) => '? '.repeat(depth)],
  ];
  for (const [about, text] of deep) {
    test(`${about} nested without reason are one error, and the documents before are kept`, () => {
      const parsed = parseDocuments('a', `x: 1\n---\n${text(3000)}\n`);
      expect(values(parsed)).toEqual([{ x: 1 }]);
      expect(messages(parsed)).toHaveLength(1);
      expect(messages(parsed)[0]).toContain('nested more than 256 levels deep');
    });
  }

  test('nesting far beyond any manifest is read', () => {
    for (const text of [block(100), `${'['.repeat(100)}1${']'.repeat(100)}`, `${'- '.repeat(100)}a`]) {
      const parsed = parseDocuments('a', `# YAML\n${text}\n`);
      expect(parsed.diagnostics).toEqual([]);
      expect(parsed.documents).toHaveLength(1);
    }
  });

  test('chains of merge keys end in an error, not at the end of the call stack', () => {
    const chain = (length: number): string =>
      Array.from({ length }, (_, i) => (i === 0 ? 'a0: &a0 {x: 1}' : `a${i}: &a${i} {<<: *a${i - 1}}`)).join(
        '\n',
      );
    expect(parseDocuments('a', chain(10)).diagnostics).toEqual([]);
    expect(messages(parseDocuments('a', chain(2000)))[0]).toContain('Excessive alias count');
  });
});

describe('JSON', () => {
  test('a syntax error tells line, column and what was expected', () => {
    expect(messages(parseDocuments('a.json', '{\n  "a": [1, 2,]\n}'))).toEqual([
      'a.json:2:14: error: not valid JSON: expected a value, got "]"',
    ]);
    expect(messages(parseDocuments('a.json', '{"a": 1'))).toEqual([
      'a.json:1:8: error: not valid JSON: expected "," or "}", got the end of the text',
    ]);
  });

  test('what is no JSON may be YAML flow style, unless the name says JSON', () => {
    const text = '{a: 1, b: [x, y,],}';
    expect(values(parseDocuments('a.yaml', text))).toEqual([{ a: 1, b: ['x', 'y'] }]);
    expect(values(parseDocuments('-', text))).toEqual([{ a: 1, b: ['x', 'y'] }]);
    expect(parseDocuments('a.json', text).diagnostics).toHaveLength(1);
  });

  test('several values in a row are several documents', () => {
    const parsed = parseDocuments('-', '{"a": 1}\n{"a": 2}[3]');
    expect(values(parsed)).toEqual([{ a: 1 }, { a: 2 }, [3]]);
    expect(parsed.documents[1]?.locate(['a'])).toEqual({ file: '-', line: 2, column: 7 });
  });

  test('a long text that starts as JSON is not read again as YAML when it breaks', () => {
    const text = `[${'"0123456789",'.repeat(20_000)} oops]`;
    expect(messages(parseDocuments('-', text))[0]).toContain('not valid JSON: expected a value');
  });

  test('places far down in megabytes of JSON are found', () => {
    const item = {
      kind: 'Service',
      metadata: { name: 'x', labels: { a: 'b' } },
      spec: { ports: [{ port: 80 }] },
    };
    const text = JSON.stringify(Array(40_000).fill(item), null, 1);
    expect(text.length).toBeGreaterThan(4_000_000);
    const [document] = parseDocuments('-', text).documents;
    expect(document?.locate([39_999, 'spec', 'ports', 0, 'port']).line).toBeGreaterThan(500_000);
  });
});

describe('positions', () => {
  const yaml = 'a:\n  - b: &x\n      c: 1\n  - *x\nd: {<<: *x, e:}\nf: "g"\n';
  const rows: [path: FieldPath, line: number, column: number][] = [
    [[], 1, 1],
    [['a'], 2, 3],
    [['a', 0, 'b', 'c'], 3, 10],
    [['a', 1], 4, 5],
    [['a', 1, 'c'], 3, 10],
    [['d', 'c'], 3, 10],
    [['d', 'e'], 5, 13],
    [['f'], 6, 4],
    [['f', 'x', 0], 6, 4],
    [['a', 7], 2, 3],
    [['nothing'], 1, 1],
  ];
  test('a YAML field is found at its value, through aliases and merge keys, or at the nearest around it', () => {
    const parsed = parseDocuments('a', yaml);
    const [document] = parsed.documents;
    for (const [path, line, column] of rows) {
      expect(document?.locate(path), JSON.stringify(path)).toEqual({ file: 'a', line, column });
      parsed.release();
    }
    expect(document?.locate(['f'], 'key')).toEqual({ file: 'a', line: 6, column: 1 });
  });

  test('positions after a release are those before, in every document', () => {
    const parsed = parseDocuments('a', '# head\n---\na: {b: 1}\n---\n\n# c\nc:\n- d\n...\n---\ne: 1\n');
    const paths: FieldPath[] = [['a', 'b'], ['c', 0], ['e']];
    const before = parsed.documents.map((document, i) => document.locate(paths[i]));
    parsed.release();
    expect(parsed.documents.map((document, i) => document.locate(paths[i]))).toEqual(before);
    expect(before.map(({ line, column }) => [line, column])).toEqual([
      [3, 8],
      [8, 3],
      [11, 4],
    ]);
  });
});

/** Text that breaks parsers more often than plain random text. */
const manifestLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a: ',
        '- ',
        '-',
        '\n',
        '  ',
        '\t',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        ',',
        ': ',
        '---\n',
        '&a ',
        '*a',
      ),
      fc.constantFrom(
        '<<: ',
        '? ',
        '|\n',
        '>-\n',
        '#',
        '!!x ',
        '%YAML 1.1\n',
        '\r\n',
        '\uFEFF',
        '...\n',
        '\\u12',
        '@',
        '1e9',
      ),
      fc.string({ maxLength: 5, unit: 'binary' }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

test('no text throws, and every diagnostic points into its text', () => {
  const anyText = fc.oneof(
    manifestLike,
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.uint8Array().map((bytes) => new TextDecoder().decode(bytes)),
  );
  const anyName = fc.constantFrom('a.yaml', 'a.json', '-');
  const anyPath = fc.array(fc.oneof(fc.constantFrom('a', '<<', ''), fc.nat(2)), { maxLength: 4 });
  fc.assert(
    fc.property(anyName, anyText, anyPath, (name, text, path) => {
      const parsed = parseDocuments(name, text);
      const lines = text.replace(/^\uFEFF/, '').split('\n');
      const found = parsed.diagnostics.map(({ position }) => position);
      found.push(...parsed.documents.map((document) => document.locate(path)));
      parsed.release();
      found.push(...parsed.documents.map((document) => document.locate(path, 'key')));
      for (const position of found) {
        const line = lines[(position?.line ?? 0) - 1];
        expect(line).toBeDefined();
        expect(position?.column).toBeGreaterThanOrEqual(1);
        expect(position?.column).toBeLessThanOrEqual((line ?? '').length + 1);
      }
    }),
    { numRuns: 2000 },
  );
});
