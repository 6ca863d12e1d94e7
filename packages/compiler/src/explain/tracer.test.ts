import { address, ClusterState, type KubernetesObject, type Packet, type Service } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../config.js';
import { nodeView } from '../resolve/input.js';
import type { Reason } from './reason.js';
import { Tracer } from './tracer.js';

const OBJECTS = [
  {
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web' },
    spec: {
      clusterIP: '10.96.0.10',
      ports: [
        { name: 'http', port: 80 },
        { name: 'https', port: 443 },
      ],
    },
  },
  {
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: ['10.0.1.5'] }, { addresses: ['10.0.2.7'], conditions: { ready: false } }],
  },
] as unknown as KubernetesObject[];

function tracer(membership?: (service: Service) => readonly Reason[]): Tracer {
  const input = {
    state: new ClusterState(OBJECTS),
    node: nodeView('node-a', [address('192.168.0.2')], null),
    config: defaultConfig('nftables'),
  };
  return new Tracer(input, membership === undefined ? {} : { membership });
}

function packet(destination: string, destinationPort: number): Packet {
  return {
    protocol: 'TCP',
    source: address('10.0.9.9'),
    sourcePort: 40_000,
    destination: address(destination),
    destinationPort,
  };
}

function steps(from: Tracer, to: Packet): string[] {
  return from.trace(to).reasons.map((it) => it.step);
}

describe('the membership of a Service', () => {
  const object = { kind: 'Service', namespace: 'shop', name: 'web' };
  const said: Reason[] = [
    { step: 'selector', text: 'selector app=web matches 1 Pod: web-1', object },
    { step: 'pod', text: 'Pod web-1 is not a ready endpoint', object },
  ];

  it('is told between the endpoints and each of them, asked once of a Service', () => {
    const asked: string[] = [];
    const one = tracer((service) => {
      asked.push(service.metadata.name);
      return said;
    });
    expect(steps(one, packet('10.96.0.10', 80))).toEqual([
      'origin',
      'frontend',
      'policy',
      'endpoints',
      'selector',
      'pod',
      'endpoint',
      'balance',
      'masquerade',
    ]);
    expect(steps(one, packet('10.96.0.10', 443))).toEqual(
      expect.arrayContaining(['endpoints', 'selector', 'pod']),
    );
    expect(asked).toEqual(['web']);
  });

  it('is not told where no endpoints are asked for, or nobody knows it', () => {
    const never = tracer(() => expect.fail('asked'));
    expect(steps(never, packet('10.96.0.11', 80))).not.toContain('selector');
    expect(steps(tracer(), packet('10.96.0.10', 80))).not.toContain('selector');
  });
});
