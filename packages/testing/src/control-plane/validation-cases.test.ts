import { readFileSync } from 'node:fs';
import { check, parseDocuments } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { type ValidationCase, validationCases } from './validation-cases.js';

const file = new URL('../../../../test/conformance/control-plane/validation.yaml', import.meta.url);
const [document] = parseDocuments('validation.yaml', readFileSync(file, 'utf8')).documents;
const cases = (document?.value ?? []) as readonly ValidationCase[];

const baseline = cases.find(({ name }) => name === 'baseline-ok') as ValidationCase;

describe('validation cases', () => {
  it('are all there', () => {
    expect(cases.length).toBeGreaterThan(170);
  });

  it.each(cases.map((it) => [it.name, it] as const))('%s holds', (_, validationCase) => {
    expect(check(validationCases.shape, validationCase, { unknownFields: 'error' })).toEqual([]);
    expect(validationCases.run(validationCase)).toEqual([{ what: 'errors', difference: null }]);
  });

  it.each([
    [
      'an error too many is expected',
      { ...baseline, errors: [{ type: 'Required', field: 'spec.type' }] },
      'errors',
    ],
    ['an update has no object before it', { ...baseline, op: 'update' as const }, 'old'],
    ['a create has an object before it', { ...baseline, old: baseline.object }, 'old'],
    ['the object is no Service', { ...baseline, object: { ...baseline.object, spec: 'none' } }, 'object'],
  ])('fail when %s', (_, wrong, what) => {
    const checks = validationCases.run(wrong as ValidationCase);
    expect(checks).toHaveLength(1);
    expect(checks[0]?.what).toBe(what);
    expect(checks[0]?.difference).not.toBeNull();
  });

  it('count errors that are given twice', () => {
    const twice = cases.find(({ name }) => name === 'to-lb-with-bad-class-reported-twice') as ValidationCase;
    const once = { ...twice, errors: twice.errors.slice(0, 1) };
    expect(validationCases.run(once)[0]?.difference).not.toBeNull();
  });

  it('refuse a key that no case has', () => {
    const misspelt = { ...baseline, error: [] };
    expect(check(validationCases.shape, misspelt, { unknownFields: 'error' })).toHaveLength(1);
  });
});
