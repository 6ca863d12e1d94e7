import { describe, expect, it } from 'vitest';
import {
  dns1035LabelProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  labelValueProblems,
  portNameProblems,
  portNumberProblems,
  qualifiedNameProblems,
  utf8Length,
} from './name-syntax.js';

const DNS_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
  "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for " +
  "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('a DNS-1035 label', () => {
  it.each(['a', 'web-1', 'a'.repeat(63)])('may be %s', (text) => {
    expect(dns1035LabelProblems(text)).toEqual([]);
  });

  it.each(['', '1a', 'a-', '-a', 'A', 'a.b', 'a_b', 'a\n'])('may not be %j', (text) => {
    expect(dns1035LabelProblems(text)).toEqual([DNS_1035]);
  });

  it('has no more than 63 characters, and that is one more problem', () => {
    expect(dns1035LabelProblems('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(dns1035LabelProblems('A'.repeat(64))).toHaveLength(2);
  });

  it('is measured in bytes', () => {
    expect(dns1035LabelProblems('ä'.repeat(32))).toHaveLength(2);
    expect(['a', 'ä', '€', '😀'].map(utf8Length)).toEqual([1, 2, 3, 4]);
  });
});

describe('an RFC 1123 name', () => {
  it.each(['1', '123-abc', 'a', 'a--b'])('may be the label %s', (text) => {
    expect(dns1123LabelProblems(text)).toEqual([]);
  });

  it('is no label when it has dots, and is told so', () => {
    expect(dns1123LabelProblems('a.b')).toEqual(['must not contain dots']);
    expect(dns1123SubdomainProblems('a.b')).toEqual([]);
  });

  it.each(['', 'A', 'a_b', '-a', 'a-', 'a..b', '.a', 'a.'])(
    'is neither label nor subdomain as %j',
    (text) => {
      expect(dns1123LabelProblems(text)).toHaveLength(1);
      expect(dns1123SubdomainProblems(text)).toHaveLength(1);
    },
  );

  it('has at most 253 characters as a subdomain', () => {
    const long = Array.from({ length: 127 }, () => 'a').join('.');
    expect(dns1123SubdomainProblems(long)).toEqual([]);
    expect(dns1123SubdomainProblems(`${long}b`)).toEqual(['must be no more than 253 characters']);
  });
});

describe('a qualified name', () => {
  it.each(['a', 'A_b.c-9', 'example.com/Name', 'a/b', 'x'.repeat(63)])('may be %s', (text) => {
    expect(qualifiedNameProblems(text)).toEqual([]);
  });

  it.each([
    ['', ['name part must be non-empty', NAME_PART]],
    ['a b', [NAME_PART]],
    ['-a', [NAME_PART]],
    ['/a', ['prefix part must be non-empty']],
    ['a/', ['name part must be non-empty', NAME_PART]],
    ['x'.repeat(64), ['name part must be no more than 63 bytes']],
  ])('may not be %j', (text, problems) => {
    expect(qualifiedNameProblems(text)).toEqual(problems);
  });

  it('has a prefix in lower case', () => {
    expect(qualifiedNameProblems('Example.com/a')).toHaveLength(1);
    expect(qualifiedNameProblems('Example.com/a')[0]).toMatch(/^prefix part a lowercase RFC 1123 subdomain/);
  });

  it('has one slash at most', () => {
    const [problem] = qualifiedNameProblems('a/b/c');
    expect(problem).toMatch(/^a valid label key must consist of/);
    expect(problem).toMatch(
      /with an optional DNS subdomain prefix and '\/' \(e\.g\. 'example\.com\/MyName'\)$/,
    );
  });
});

describe('a label value', () => {
  it.each(['', 'a', 'A_b.c-9', 'x'.repeat(63)])('may be %j', (text) => {
    expect(labelValueProblems(text)).toEqual([]);
  });

  it.each(['-a', 'a-', 'a b', 'a/b', 'x'.repeat(64)])('may not be %j', (text) => {
    expect(labelValueProblems(text)).toHaveLength(1);
  });
});

describe('a port', () => {
  it.each(['http', '8a', 'a-b', 'abcdefghijklmno'])('may be named %s', (text) => {
    expect(portNameProblems(text)).toEqual([]);
  });

  it.each([
    ['8080', ['must contain at least one letter (a-z)']],
    ['a--b', ['must not contain consecutive hyphens']],
    ['-a', ['must not begin or end with a hyphen']],
    ['abcdefghijklmnop', ['must be no more than 15 characters']],
    ['aB', ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']],
  ])('may not be named %j', (text, problems) => {
    expect(portNameProblems(text)).toEqual(problems);
  });

  it('is told every rule that its name breaks', () => {
    expect(portNameProblems('')).toHaveLength(2);
    expect(portNameProblems('--_0123456789012')).toHaveLength(5);
  });

  it('has a number from 1 to 65535', () => {
    expect([1, 65535].flatMap(portNumberProblems)).toEqual([]);
    for (const port of [-1, 0, 65536]) {
      expect(portNumberProblems(port)).toEqual(['must be between 1 and 65535, inclusive']);
    }
  });
});
