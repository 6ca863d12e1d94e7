import type { Endpoints } from '@shunt/model';
import { expect, it } from 'vitest';
import { defaultEndpoints } from './default-endpoints.js';

const head = { apiVersion: 'v1', kind: 'Endpoints' as const, metadata: { name: 'a' } };

it('defaulting Endpoints makes TCP of ports without a protocol, and leaves the others', () => {
  const endpoints = {
    ...head,
    subsets: [{ ports: [{ port: 1 }, { port: 2, protocol: 'UDP' as const }] }, {}],
  };
  const whole = defaultEndpoints(endpoints);
  expect(whole.subsets?.[0]?.ports?.map(({ protocol }) => protocol)).toEqual(['TCP', 'UDP']);
  expect(whole.subsets?.[1]).toEqual({});
  expect(defaultEndpoints(whole)).toBe(whole);
});

it('defaulting Endpoints without subsets changes nothing', () => {
  const endpoints: Endpoints = head;
  expect(defaultEndpoints(endpoints)).toBe(endpoints);
});
