import type { EndpointSlice } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { getEndpointSlices } from './get-endpoint-slices.js';

const slice = (more: Partial<EndpointSlice>): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-abc' },
  addressType: 'IPv6',
  ...more,
});

describe('get endpointslices', () => {
  it('shows endpoints whether they are ready or not', () => {
    const endpoints = [{ addresses: ['fd00::1'] }, { addresses: ['fd00::2'], conditions: { ready: false } }];
    expect(getEndpointSlices([slice({ ports: [{ port: 80 }], endpoints })])).toEqual({
      columns: ['NAME', 'ADDRESSTYPE', 'PORTS', 'ENDPOINTS', 'AGE'],
      rows: [['web-abc', 'IPv6', '80', 'fd00::1,fd00::2', '<unknown>']],
    });
  });

  it.each([
    [{ ports: [{ name: 'http' }, {}, { name: 'dns', port: 53 }] }, 'http,*,53', '<unset>'],
    [{ ports: [1, 2, 3, 4, 5].map((port) => ({ port })) }, '1,2,3 + 2 more...', '<unset>'],
    [{ ports: null, endpoints: null }, '<unset>', '<unset>'],
    [
      { endpoints: [{ addresses: ['a', 'b'] }, {}, { addresses: ['c', 'd'] }] },
      '<unset>',
      'a,b,c + 1 more...',
    ],
  ])('shows three of each: %j', (more, ports, endpoints) => {
    expect(getEndpointSlices([slice(more)]).rows[0]?.slice(2, 4)).toEqual([ports, endpoints]);
  });
});
