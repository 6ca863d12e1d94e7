import type { EndpointSlice } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { describeEndpointSlice } from './describe-endpoint-slice.js';

const slice: EndpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-abc', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
};

describe('describe endpointslice', () => {
  it('shows ports and endpoints', () => {
    const described = describeEndpointSlice({
      ...slice,
      ports: [
        { port: 80, protocol: 'TCP' },
        { name: 'any', protocol: 'UDP' },
      ],
      endpoints: [
        {
          addresses: ['10.244.0.5'],
          conditions: { ready: true, serving: true, terminating: false },
          targetRef: { kind: 'Pod', name: 'web-0' },
          nodeName: 'node-a',
        },
        { addresses: ['a', 'b'], conditions: { ready: null }, hostname: 'web-1', zone: 'z' },
      ],
    });
    expect(described).toBe(`\
Name:         web-abc
Namespace:    shop
Labels:       kubernetes.io/service-name=web
Annotations:  <none>
AddressType:  IPv4
Ports:
  Name     Port     Protocol
  ----     ----     --------
  <unset>  80       TCP
  any      <unset>  UDP
Endpoints:
  - Addresses:  10.244.0.5
    Conditions:
      Ready:    true
    Hostname:   <unset>
    TargetRef:  Pod/web-0
    NodeName:   node-a
    Zone:       <unset>
  - Addresses:  a, b
    Conditions:
      Ready:   <unset>
    Hostname:  web-1
    NodeName:  <unset>
    Zone:      z
Events:        <none>
`);
  });

  it('shows that there are neither', () => {
    expect(
      describeEndpointSlice({ ...slice, ports: null, endpoints: [] })
        .split('\n')
        .slice(5),
    ).toEqual(['Ports: <unset>', 'Endpoints: <none>', 'Events:  <none>', '']);
  });
});
