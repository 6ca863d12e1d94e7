import { readFileSync } from 'node:fs';
import { check, parseDocuments } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type { AllocationCase } from './allocation-case.js';
import { allocationCases } from './allocation-cases.js';

const file = new URL('../../../../test/conformance/control-plane/allocation.yaml', import.meta.url);
const [document] = parseDocuments('allocation.yaml', readFileSync(file, 'utf8')).documents;
const cases = (document?.value ?? []) as readonly AllocationCase[];

function failures(allocationCase: AllocationCase): readonly string[] {
  return allocationCases
    .run(allocationCase)
    .flatMap(({ what, difference }) => (difference === null ? [] : [`${what}\n${difference}`]));
}

describe('allocation cases', () => {
  it('are all there', () => {
    expect(cases.length).toBeGreaterThan(110);
  });

  it.each(cases.map((it) => [it.name, it] as const))('%s holds', (_, allocationCase) => {
    expect(check(allocationCases.shape, allocationCase, { unknownFields: 'error' })).toEqual([]);
    expect(allocationCases.run(allocationCase).length).toBeGreaterThan(0);
    expect(failures(allocationCase)).toEqual([]);
  });
});
