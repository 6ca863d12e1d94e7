import { address } from '@shunt/model';
import { expect, test } from 'vitest';
import type { Backend, ServicePort } from '../ruleset/types.js';
import { AffinityMemory } from './affinity-memory.js';

const port = {
  family: 'IPv4',
  namespace: 'ns',
  name: 'web',
  portName: 'http',
  protocol: 'TCP',
} as ServicePort;
const [first, second] = ['10.0.0.1', '10.0.0.2'].map(
  (text): Backend => ({ address: address(text), port: 8080, local: false, weight: 1 }),
) as [Backend, Backend];
const client = address('10.5.5.1');

test('a client that was sent to a backend of each pool gets the first candidate in endpoint order', () => {
  const memory = new AffinityMemory();
  memory.remember(port, client, second);
  expect(memory.recall(port, client, [first, second])).toBe(second);
  memory.remember(port, client, first);
  expect(memory.recall(port, client, [first, second])).toBe(first);
  expect(memory.recall(port, client, [second])).toBe(second);
});

test('a backend that is no candidate any more is not recalled, and clients and ports are kept apart', () => {
  const memory = new AffinityMemory();
  memory.remember(port, client, first);
  expect(memory.recall(port, client, [second])).toBeNull();
  expect(memory.recall(port, address('10.5.5.2'), [first])).toBeNull();
  expect(memory.recall({ ...port, protocol: 'UDP' }, client, [first])).toBeNull();
});
