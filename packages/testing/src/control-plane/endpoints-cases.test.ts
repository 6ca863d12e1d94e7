import { readFileSync } from 'node:fs';
import { check, parseDocuments } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type { EndpointsCase } from './endpoints-case-shape.js';
import { endpointsCases } from './endpoints-cases.js';

const file = new URL('../../../../test/conformance/control-plane/endpoints.yaml', import.meta.url);
const [document] = parseDocuments('endpoints.yaml', readFileSync(file, 'utf8')).documents;
const cases = (document?.value ?? []) as readonly EndpointsCase[];

function named(name: string): EndpointsCase {
  const found = cases.find((it) => it.name === name);
  if (found === undefined) throw new RangeError(`no case ${name}`);
  return found;
}

describe('endpoint cases', () => {
  it('are all there', () => {
    expect(cases.length).toBeGreaterThan(60);
  });

  it.each(cases.map((it) => [it.name, it] as const))('%s holds', (_, endpointsCase) => {
    expect(check(endpointsCases.shape, endpointsCase, { unknownFields: 'error' })).toEqual([]);
    const checks = endpointsCases.run(endpointsCase);
    expect(checks.filter(({ difference }) => difference !== null)).toEqual([]);
    expect(checks.map(({ what }) => what)).toEqual(Object.keys(endpointsCase.expect));
  });

  const ready = named('ready-pod');
  const [slice] = ready.expect.endpointSlices ?? [];
  const packing = named('pack-250-fresh');

  it.each<[string, EndpointsCase, string]>([
    ['a slice is missing', { ...ready, expect: { endpointSlices: [] } }, 'endpointSlices'],
    [
      'a slice is listed twice',
      { ...ready, expect: { endpointSlices: [slice, slice].flatMap((it) => it ?? []) } },
      'endpointSlices',
    ],
    ['Endpoints are not expected', { ...ready, expect: { endpoints: null } }, 'endpoints'],
    ['an address is missing', { ...ready, expect: { endpoints: { subsets: [] } } }, 'endpoints'],
    [
      'a mirrored slice is expected',
      { ...ready, expect: { mirroredSlices: [slice].flatMap((it) => it ?? []) } },
      'mirroredSlices',
    ],
    [
      'a label is missing',
      { ...ready, expect: { endpoints: { labels: { a: 'b' }, subsets: [] } } },
      'endpoints',
    ],
    ['the lengths are others', { ...packing, expect: { lengths: [250] } }, 'lengths'],
    ['the count is another one', { ...packing, expect: { update: 1 } }, 'update'],
    ['objects are counted', { ...ready, expect: { lengths: [1] } }, 'lengths'],
    ['a packing is listed', { ...packing, expect: { endpoints: null } }, 'endpoints'],
    ['nothing is expected', { ...ready, expect: {} }, 'expect'],
    ['there are neither objects nor a packing', { name: 'x', expect: { create: 0 } }, 'packing'],
    [
      'there are two Services',
      { ...ready, objects: [...(ready.objects ?? []), ...(ready.objects ?? [])] },
      'objects',
    ],
    [
      'an object cannot be read',
      { ...ready, objects: [{ kind: 'Pod', metadata: {}, spec: 'x' }] },
      'objects',
    ],
  ])('fail when %s', (_, wrong, what) => {
    const failed = endpointsCases.run(wrong).filter(({ difference }) => difference !== null);
    expect(failed.map((it) => it.what)).toContain(what);
  });

  it('compare uids and annotations where they are listed', () => {
    const endpoints = slice?.endpoints?.map((it) => ({ ...it, targetRef: { kind: 'Pod', uid: 'another' } }));
    const { run } = endpointsCases;
    const expected = slice === undefined ? [] : [{ ...slice, ...(endpoints && { endpoints }) }];
    const [uid] = run({ ...ready, expect: { endpointSlices: expected } });
    expect(uid?.difference).toContain('targetRef.uid: expected "another", got "uid-1"');
  });

  it('refuse a key that no case has', () => {
    const misspelt = { ...packing, packings: {} };
    expect(check(endpointsCases.shape, misspelt, { unknownFields: 'error' })).toHaveLength(1);
  });
});
