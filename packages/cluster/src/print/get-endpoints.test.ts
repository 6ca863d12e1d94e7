import type { EndpointSubset } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { getEndpoints } from './get-endpoints.js';

const cell = (...subsets: EndpointSubset[]): string | undefined =>
  getEndpoints([{ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web' }, subsets }]).rows[0]?.[1];
const addresses = (...ips: string[]): { ip: string }[] => ips.map((ip) => ({ ip }));

describe('get endpoints', () => {
  it('has three columns, also when wide', () => {
    const endpoints = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'web', namespace: 'shop' },
    } as const;
    expect(getEndpoints([endpoints], { wide: true, allNamespaces: true })).toEqual({
      columns: ['NAMESPACE', 'NAME', 'ENDPOINTS', 'AGE'],
      rows: [['shop', 'web', '<none>', '<unknown>']],
    });
  });

  it('shows three and counts the others, port by port', () => {
    const ports = [{ port: 80 }, { port: 81 }];
    expect(cell({ addresses: addresses('10.0.0.1', '10.0.0.2'), ports })).toBe(
      '10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...',
    );
    expect(cell({ addresses: addresses('a', 'b', 'c') }, { addresses: addresses('d', 'e') })).toBe(
      'a,b,c + 2 more...',
    );
  });

  it('shows addresses alone without ports, and those of IPv6 in brackets with them', () => {
    expect(cell({ addresses: addresses('10.0.0.1', 'fd00::1') })).toBe('10.0.0.1,fd00::1');
    expect(cell({ addresses: addresses('fd00::1'), ports: [{ port: 80 }] })).toBe('[fd00::1]:80');
  });

  it('shows nothing of addresses that are not ready', () => {
    expect(cell({ notReadyAddresses: addresses('10.0.0.1'), ports: [{ port: 80 }] })).toBe('');
    expect(cell()).toBe('<none>');
  });
});
