import { expect, test } from 'vitest';
import { formatDiagnostic } from '../diagnostic.js';
import { parseManifests } from './parse-manifests.js';

test('lists of every kind are flattened, also in each other', () => {
  const text = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: a}}
- apiVersion: v1
  kind: ServiceList
  items:
  - {metadata: {name: b}}
  - {apiVersion: v2, kind: Other}
---
{apiVersion: v1, kind: Service}
`;
  const { objects, diagnostics } = parseManifests('a', text);
  expect(diagnostics).toEqual([]);
  expect(objects.map(({ value }) => value)).toEqual([
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'b' } },
    { apiVersion: 'v2', kind: 'Other' },
    { apiVersion: 'v1', kind: 'Service' },
  ]);
  expect(objects.map(({ path }) => path)).toEqual([
    ['items', 0],
    ['items', 1, 'items', 0],
    ['items', 1, 'items', 1],
    [],
  ]);
});

test('a list without items is empty, one whose items are no list is an error', () => {
  expect(parseManifests('a', 'kind: List\nitems:\n')).toMatchObject({ objects: [], diagnostics: [] });
  expect(parseManifests('a', 'kind: List\nitems: {}\n').diagnostics.map(formatDiagnostic)).toEqual([
    'a:2:8: error: "items" of a List must be a list',
  ]);
});

test('lists nested without end are an error', () => {
  const text = `${'{"kind":"List","items":['.repeat(5000)}${']}'.repeat(5000)}`;
  expect(parseManifests('a.json', text).diagnostics.map(({ message }) => message)).toEqual([
    'lists are nested more than 32 deep',
  ]);
});
