import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldPathPattern, formatFieldPath, parseFieldPath } from './field-path.js';

test('a path is written as Kubernetes writes it', () => {
  expect(formatFieldPath(['spec', 'ports', 0, 'port'])).toBe('spec.ports[0].port');
  expect(formatFieldPath(['metadata', 'labels', 'kubernetes.io/x'])).toBe(
    'metadata.labels["kubernetes.io/x"]',
  );
  expect(formatFieldPath([])).toBe('');
});

test('any path reads back as it was', () => {
  const anyPart = fc.oneof(
    fc.nat(99),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('spec', 'a/b', '0', ']', '"'),
  );
  fc.assert(
    fc.property(fc.array(anyPart), (path) => {
      expect(parseFieldPath(formatFieldPath(path))).toEqual(path);
    }),
  );
});

test('a key in brackets may lack its quotes', () => {
  expect(parseFieldPath('metadata.labels[kubernetes.io/x]')).toEqual([
    'metadata',
    'labels',
    'kubernetes.io/x',
  ]);
});

test('like fields have one pattern', () => {
  expect(fieldPathPattern(['spec', 'ports', 7, 'x'])).toBe('spec.ports[].x');
});
