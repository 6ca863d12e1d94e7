import { describe, expect, it } from 'vitest';
import { describeEndpoints } from './describe-endpoints.js';

const endpoints = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web', labels: { app: 'web' } },
} as const;

describe('describe endpoints', () => {
  it('shows subset by subset', () => {
    const subsets = [
      {
        addresses: [{ ip: '10.244.0.5' }, { ip: '10.244.0.6' }],
        ports: [
          { port: 80, protocol: 'TCP' },
          { name: 'https', port: 443 },
        ],
      },
      { notReadyAddresses: [{ ip: '10.244.0.7' }] },
    ] as const;
    expect(describeEndpoints({ ...endpoints, subsets })).toBe(`\
Name:         web
Namespace:    default
Labels:       app=web
Annotations:  <none>
Subsets:
  Addresses:          10.244.0.5,10.244.0.6
  NotReadyAddresses:  <none>
  Ports:
    Name     Port  Protocol
    ----     ----  --------
    <unset>  80    TCP
    https    443   TCP

  Addresses:          <none>
  NotReadyAddresses:  10.244.0.7

Events:  <none>
`);
  });

  it('shows that there are no subsets', () => {
    expect(describeEndpoints(endpoints).split('\n').slice(4)).toEqual(['Subsets:', 'Events:  <none>', '']);
  });
});
