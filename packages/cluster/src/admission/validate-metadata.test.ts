import type { ObjectMeta } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type { FieldError } from '../field-error.js';
import { dns1035LabelProblems } from './name-syntax.js';
import { validateMetadata, validateMetadataUpdate } from './validate-metadata.js';

const right: ObjectMeta = { name: 'a', namespace: 'b', resourceVersion: '1' };
const shown = (errors: readonly FieldError[]): string[] =>
  errors.map(({ type, field }) => `${type} ${field}`);
const problems = (change: object): string[] =>
  shown(validateMetadata({ ...right, ...change } as ObjectMeta, dns1035LabelProblems));
const changes = (change: object, stored: object = {}): string[] =>
  shown(validateMetadataUpdate({ ...right, ...stored, ...change } as ObjectMeta, { ...right, ...stored }));

const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', uid: 'u' };

describe('metadata', () => {
  it.each([
    [{}, []],
    [{ name: '' }, ['Required metadata.name']],
    [{ name: '1a' }, ['Invalid metadata.name']],
    [{ name: 'A'.repeat(64) }, ['Invalid metadata.name', 'Invalid metadata.name']],
    [{ namespace: '' }, ['Required metadata.namespace']],
    [{ namespace: undefined }, ['Required metadata.namespace']],
    [{ namespace: '1a' }, []],
    [{ namespace: 'a.b' }, ['Invalid metadata.namespace']],
    [{ generateName: 'web-' }, []],
    [{ generateName: 'web--' }, []],
    [{ generateName: `${'a'.repeat(63)}-` }, []],
    [{ generateName: '-' }, ['Invalid metadata.generateName']],
    [{ generateName: '-a' }, ['Invalid metadata.generateName']],
    [{ generateName: 'a.' }, ['Invalid metadata.generateName']],
    [{ labels: { 'a/b': '', c: 'D_e.f' } }, []],
    [{ labels: { 'a=b': 'c' } }, ['Invalid metadata.labels']],
    [{ labels: { a: 'b c' } }, ['Invalid metadata.labels']],
    [{ annotations: { 'Example.COM/A': 'any thing' } }, []],
    [{ annotations: { 'a=b': '' } }, ['Invalid metadata.annotations']],
    [{ finalizers: ['orphan', 'example.com/a'] }, []],
    [{ finalizers: ['a'] }, ['Invalid metadata.finalizers[0]']],
    [{ finalizers: ['a b/c'] }, ['Invalid metadata.finalizers']],
    [{ finalizers: ['orphan', 'foregroundDeletion'] }, ['Invalid metadata.finalizers']],
    [{ ownerReferences: [owner, { ...owner, controller: true }] }, []],
    [
      { ownerReferences: [{ ...owner, apiVersion: 'apps/' }] },
      ['Invalid metadata.ownerReferences.apiVersion'],
    ],
    [
      { ownerReferences: [{ ...owner, apiVersion: 'a/b/c' }] },
      ['Invalid metadata.ownerReferences.apiVersion'],
    ],
    [
      { ownerReferences: [{}] },
      ['apiVersion', 'kind', 'name', 'uid'].map((key) => `Invalid metadata.ownerReferences.${key}`),
    ],
    [
      { ownerReferences: [{ ...owner, apiVersion: 'v1', kind: 'Event' }] },
      ['Invalid metadata.ownerReferences'],
    ],
    [
      { ownerReferences: [1, 2].map(() => ({ ...owner, controller: true })) },
      ['Invalid metadata.ownerReferences'],
    ],
  ])('with %j has the errors %j', (change, errors) => {
    expect(problems(change)).toEqual(errors);
  });
});

it('annotations of metadata have no more than 256 KiB, keys counted in', () => {
  expect(problems({ annotations: { a: 'x'.repeat(256 * 1024 - 1) } })).toEqual([]);
  expect(problems({ annotations: { a: 'x'.repeat(256 * 1024) } })).toEqual(['TooLong metadata.annotations']);
  expect(problems({ annotations: { a: 'ä'.repeat(128 * 1024) } })).toEqual(['TooLong metadata.annotations']);
});

describe('metadata of an update', () => {
  const time = '2024-01-31T12:00:00Z';

  it.each([
    [{}, {}, []],
    [{ name: 'c' }, {}, ['Invalid metadata.name']],
    [{ namespace: 'c' }, {}, ['Invalid metadata.namespace']],
    [{ uid: 'v' }, { uid: 'u' }, ['Invalid metadata.uid']],
    [{ uid: undefined }, { uid: 'u' }, ['Invalid metadata.uid']],
    [{ creationTimestamp: '2024-01-31T13:00:00+01:00' }, { creationTimestamp: time }, []],
    [{ creationTimestamp: null }, {}, []],
    [
      { creationTimestamp: '2024-01-31T12:00:01Z' },
      { creationTimestamp: time },
      ['Invalid metadata.creationTimestamp'],
    ],
    [{ deletionTimestamp: null }, { deletionTimestamp: time }, ['Invalid metadata.deletionTimestamp']],
    [{ resourceVersion: '' }, {}, ['Invalid metadata.resourceVersion']],
    [{ resourceVersion: undefined }, {}, ['Invalid metadata.resourceVersion']],
    [{ resourceVersion: '2' }, {}, []],
    [{ labels: { 'a=b': '' } }, {}, ['Invalid metadata.labels']],
    [{ finalizers: ['a'] }, {}, ['Invalid metadata.finalizers[0]']],
    [{ finalizers: ['x.io/a'] }, {}, []],
    [{ finalizers: ['x.io/a'] }, { deletionTimestamp: time, finalizers: ['x.io/a', 'x.io/b'] }, []],
    [{ finalizers: ['x.io/a'] }, { deletionTimestamp: time }, ['Forbidden metadata.finalizers']],
  ])('with %j after %j has the errors %j', (change, stored, errors) => {
    expect(changes(change, stored)).toEqual(errors);
  });

  it('names the finalizers that came too late', () => {
    const stored = { ...right, deletionTimestamp: time };
    const [error] = validateMetadataUpdate({ ...stored, finalizers: ['x.io/b', 'x.io/a'] }, stored);
    expect(error?.detail).toMatch(/found new finalizers \[\]string\{"x\.io\/a", "x\.io\/b"\}$/);
  });
});
