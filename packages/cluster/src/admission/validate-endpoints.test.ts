import type { EndpointSubset, Endpoints } from '@shunt/model';
import { expect, it } from 'vitest';
import { validateEndpoints } from './validate-endpoints.js';

function problems(subset: object, metadata: object = {}): string[] {
  const endpoints: Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'a', namespace: 'b', ...metadata },
    subsets: [subset as EndpointSubset],
  };
  return validateEndpoints(endpoints).map(({ type, field }) => `${type} ${field}`);
}

const addresses = [{ ip: '1.2.3.4' }];
const port = { name: 'a', port: 80, protocol: 'TCP' };
const ip = 'Invalid subsets[0].addresses[0].ip';

it.each([
  [{ addresses }, []],
  [{ notReadyAddresses: addresses }, []],
  [{}, ['Required subsets[0]']],
  [{ ports: [port] }, ['Required subsets[0]']],
  [{ addresses: [{ ip: '1.2.3.4', hostname: 'a-1', nodeName: 'n.example' }] }, []],
  [{ addresses: [{ ip: 'host' }] }, [ip, ip]],
  [{ addresses: [{}] }, [ip, ip]],
  [{ addresses: [{ ip: '127.0.0.1' }] }, [ip]],
  [{ notReadyAddresses: [{ ip: '::1' }] }, ['Invalid subsets[0].notReadyAddresses[0].ip']],
  [{ addresses: [{ ip: '1.2.3.4', hostname: 'a.b' }] }, ['Invalid subsets[0].addresses[0].hostname']],
  [{ addresses: [{ ip: '1.2.3.4', hostname: '' }] }, []],
  [{ addresses: [{ ip: '1.2.3.4', nodeName: 'A' }] }, ['Invalid subsets[0].addresses[0].nodeName']],
  [{ addresses: [{ ip: '1.2.3.4', nodeName: '' }] }, ['Invalid subsets[0].addresses[0].nodeName']],
  [{ addresses, ports: [{ port: 80, protocol: 'TCP' }] }, []],
  [{ addresses, ports: [port, { port: 81, protocol: 'TCP' }] }, ['Required subsets[0].ports[1].name']],
  [{ addresses, ports: [port, port] }, []],
  [{ addresses, ports: [{ ...port, name: 'a.b' }] }, ['Invalid subsets[0].ports[0].name']],
  [{ addresses, ports: [{ ...port, port: 0 }] }, ['Invalid subsets[0].ports[0].port']],
  [{ addresses, ports: [{ name: 'a', port: 80 }] }, ['Required subsets[0].ports[0].protocol']],
  [{ addresses, ports: [{ ...port, protocol: 'ICMP' }] }, ['NotSupported subsets[0].ports[0].protocol']],
  [{ addresses, ports: [{ ...port, appProtocol: 'a b' }] }, ['Invalid subsets[0].ports[0].appProtocol']],
])('Endpoints with the subset %j have the errors %j', (subset, errors) => {
  expect(problems(subset)).toEqual(errors);
});

it('Endpoints may have a subdomain as their name, and must have a namespace', () => {
  expect(problems({ addresses }, { name: '1.a' })).toEqual([]);
  expect(problems({ addresses }, { name: 'A' })).toEqual(['Invalid metadata.name']);
  expect(problems({ addresses }, { namespace: '' })).toEqual(['Required metadata.namespace']);
});

it('Endpoints may have no subsets', () => {
  const endpoints = { apiVersion: 'v1', kind: 'Endpoints' as const, metadata: { name: 'a', namespace: 'b' } };
  expect(validateEndpoints(endpoints)).toEqual([]);
});
