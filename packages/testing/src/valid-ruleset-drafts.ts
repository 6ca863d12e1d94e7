/** What valid rulesets are made of, before it is settled who keeps which frontend. */
import type { Strategy } from '@shunt/compiler';
import {
  type Address,
  address,
  type Family,
  SERVICE_PROTOCOLS,
  type ServiceProtocol,
  type TrafficPolicy,
} from '@shunt/model';
import * as fc from 'fast-check';

export interface EndpointDraft {
  readonly host: number;
  readonly port: number;
  readonly local: boolean;
  readonly weight: number;
  readonly state: 'ready' | 'terminating' | 'unusable';
  readonly serving: boolean;
}

export interface ServiceDraft {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly PortDraft[];
  readonly internal: TrafficPolicy;
  readonly external: TrafficPolicy;
  readonly affinitySeconds: number | null;
  readonly healthCheckNodePort: number | null;
  readonly externalHosts: readonly number[];
  readonly loadBalancerHosts: readonly number[];
  readonly sourceRanges: readonly number[];
}

export interface PortDraft {
  readonly portName: string;
  readonly protocol: ServiceProtocol;
  readonly families: readonly Family[];
  readonly port: number;
  readonly nodePort: number | null;
  readonly endpoints: readonly EndpointDraft[];
  /** Topology hints leave every second ready endpoint in the cluster pool. */
  readonly hinted: boolean;
  readonly strategies: readonly [Strategy, Strategy];
  readonly slots: readonly number[];
}

export const NETWORKS = {
  IPv4: { cluster: '10.96.0.0', external: '203.0.113.0', pod: '10.244.0.0', node: '192.168.0.0' },
  IPv6: { cluster: 'fd00:96::', external: '2001:db8:1::', pod: 'fd00:244::', node: '2001:db8::' },
} as const;

const STRATEGIES: readonly Strategy[] = ['even', 'maglev', 'random', 'rendezvous', 'ring', 'jump'];

export function serviceDrafts(): fc.Arbitrary<ServiceDraft> {
  const timeouts = fc.option(fc.constantFrom(1, 10800, 86400));
  return fc.record({
    namespace: fc.constantFrom('shop', 'kube-system', 'a b'),
    name: fc.constantFrom('cart', 'dns', 'web-1', 'x:/"y'),
    ports: fc.uniqueArray(portDrafts(), {
      minLength: 1,
      maxLength: 3,
      selector: ({ portName, protocol }) => `${portName} ${protocol}`,
    }),
    internal: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    external: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    affinitySeconds: timeouts,
    healthCheckNodePort: fc.option(fc.integer({ min: 32000, max: 32003 })),
    externalHosts: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    loadBalancerHosts: fc.uniqueArray(fc.integer({ min: 3, max: 7 }), { maxLength: 2 }),
    sourceRanges: fc.oneof(fc.constant([]), fc.uniqueArray(fc.nat(4), { maxLength: 3 })),
  });
}

function portDrafts(): fc.Arbitrary<PortDraft> {
  const endpoint = fc.record<EndpointDraft>({
    host: fc.integer({ min: 1, max: 30 }),
    port: fc.constantFrom(53, 80, 8080),
    local: fc.boolean(),
    weight: fc.constantFrom(1, 1, 1, 2, 100, 0.5),
    state: fc.constantFrom('ready', 'ready', 'terminating', 'unusable'),
    serving: fc.boolean(),
  });
  return fc.record({
    portName: fc.constantFrom('', 'http', 'dns-tcp', 'p:1'),
    protocol: fc.constantFrom(...SERVICE_PROTOCOLS),
    families: fc.subarray<Family>(['IPv4', 'IPv6'], { minLength: 1 }),
    port: fc.constantFrom(53, 80, 443, 65535),
    nodePort: fc.option(fc.integer({ min: 30000, max: 30005 })),
    endpoints: fc.uniqueArray(endpoint, { maxLength: 6, selector: ({ host, port }) => `${host}:${port}` }),
    hinted: fc.boolean(),
    strategies: fc.tuple(fc.constantFrom(...STRATEGIES), fc.constantFrom(...STRATEGIES)),
    slots: fc.array(fc.nat(5), { minLength: 1, maxLength: 40, size: 'max' }),
  });
}

export function hostOf(family: Family, network: keyof (typeof NETWORKS)['IPv4'], host: number): Address {
  const base = address(NETWORKS[family][network]);
  return typeof base === 'number' ? base + host : base + BigInt(host);
}
