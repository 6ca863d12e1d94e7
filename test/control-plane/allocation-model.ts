/** A plain model of who holds what, and what a request for more comes to. */
import type { Service, ServiceSpec } from '@shunt/model';
import { expect } from 'vitest';

// So small that they are often full: 2 and 3 addresses, 4 node ports. None has a static band.
export const IPV4 = ['10.0.0.1', '10.0.0.2'];
export const IPV6 = ['fd00::1', 'fd00::2', 'fd00::3'];
export const PORTS = [30000, 30001, 30002, 30003];

type Type = 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';

/** What somebody asks for, in the terms of the model. */
export interface Wish {
  readonly name: string;
  readonly type: Type;
  /** For the first family; not of every family, and not always in the range. */
  readonly clusterIP: string | undefined;
  readonly policy: 'SingleStack' | 'RequireDualStack' | undefined;
  readonly nodePort: number | undefined;
  /** Traffic policy Local, for which a LoadBalancer needs a health-check port. */
  readonly local: boolean;
  readonly healthCheckNodePort: number | undefined;
}

/** What a Service holds. */
interface Holding {
  readonly type: Type;
  readonly ips: readonly string[];
  readonly nodePort: number | null;
  readonly healthPort: number | null;
}

/** The Services that there should be, and what they hold. */
export type Model = Map<string, Holding>;

export function manifestOf(wish: Wish): object {
  const { name, type, clusterIP, policy, nodePort, local, healthCheckNodePort } = wish;
  const outside = type === 'NodePort' || type === 'LoadBalancer';
  const proxied: Partial<ServiceSpec> = {
    ...(clusterIP === undefined ? {} : { clusterIP }),
    ...(policy === undefined ? {} : { ipFamilyPolicy: policy }),
    ...(outside && local ? { externalTrafficPolicy: 'Local' } : {}),
    ...(needsHealthPort(wish) && healthCheckNodePort !== undefined ? { healthCheckNodePort } : {}),
  };
  const ports = [{ port: 80, ...(outside && nodePort !== undefined ? { nodePort } : {}) }];
  const spec = type === 'ExternalName' ? { externalName: 'example.org' } : proxied;
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { type, ports, ...spec } };
}

function needsHealthPort({ type, local }: Wish): boolean {
  return type === 'LoadBalancer' && local;
}

export const NO_HOLDING: Holding = { type: 'ExternalName', ips: [], nodePort: null, healthPort: null };

/** What a wish takes that is not the Service's yet: an item of its own, any, or none (left out). */
interface Demand {
  readonly ips: readonly (string | 'any IPv4' | 'any IPv6')[];
  readonly nodePort: number | 'any' | null;
  readonly healthPort: number | 'any' | null;
}

/** @returns `null` when the wish contradicts what the Service is, whoever holds what */
export function demandOf(wish: Wish, before: Holding): Demand | null {
  const ips = ipDemand(wish, before);
  if (ips === null) return null;
  const isOutside = wish.type === 'NodePort' || wish.type === 'LoadBalancer';
  const own = before.nodePort;
  const nodePort = wish.nodePort ?? (own === null ? 'any' : own);
  const health = wish.healthCheckNodePort ?? before.healthPort ?? 'any';
  if (needsHealthPort(wish) && before.healthPort !== null && health !== before.healthPort) return null;
  return {
    ips,
    nodePort: !isOutside || nodePort === own ? null : nodePort,
    healthPort: !needsHealthPort(wish) || health === before.healthPort ? null : health,
  };
}

function ipDemand({ type, clusterIP, policy }: Wish, before: Holding): Demand['ips'] | null {
  if (type === 'ExternalName') return [];
  if (before.type === 'ExternalName') {
    return [clusterIP ?? 'any IPv4', ...(policy === 'RequireDualStack' ? ['any IPv6'] : [])];
  }
  if (clusterIP !== undefined && clusterIP !== before.ips[0]) return null;
  return policy === 'RequireDualStack' && before.ips.length === 1 ? ['any IPv6'] : [];
}

function heldBy(model: Model): { ips: Set<string>; ports: Set<number> } {
  const holdings = [...model.values()];
  const ports = holdings.flatMap(({ nodePort, healthPort }) => [nodePort ?? 0, healthPort ?? 0]);
  return { ips: new Set(holdings.flatMap(({ ips }) => ips)), ports: new Set(ports.filter((it) => it > 0)) };
}

/**
 * Whether the pools have what is demanded, beside what the Service holds until the change is made.
 * @returns `null` when that depends on which port is picked
 */
export function isThere(demand: Demand, model: Model): boolean | null {
  const { ips, ports } = heldBy(model);
  for (const wanted of demand.ips) {
    const free = (wanted === 'any IPv6' ? IPV6 : IPV4).filter((ip) => !ips.has(ip));
    if (wanted.startsWith('any') ? free.length === 0 : !free.includes(wanted)) return false;
  }
  const free = PORTS.filter((port) => !ports.has(port));
  const wanted = [demand.nodePort, demand.healthPort].filter((it) => it !== null);
  const named = wanted.filter((it) => it !== 'any');
  const isNamedFree = new Set(named).size === named.length && named.every((port) => free.includes(port));
  if (wanted.length > free.length || !isNamedFree) return false;
  // A node port is picked first, and may be the one that is named for health checks.
  return demand.nodePort === 'any' && typeof demand.healthPort === 'number' && free.length > 1 ? null : true;
}

export function holdingOf({ spec }: Service): Holding {
  const { type = 'ClusterIP', clusterIPs = [], ports = [], healthCheckNodePort } = spec;
  return {
    type,
    ips: clusterIPs,
    nodePort: ports[0]?.nodePort ?? null,
    healthPort: healthCheckNodePort ?? null,
  };
}

/** What a Service must hold after a change that was made. */
export function expectHolding(after: Holding, wish: Wish, demand: Demand, before: Holding): void {
  const { type, policy, clusterIP, nodePort, healthCheckNodePort } = wish;
  expect(after.type).toBe(type);
  const isOutside = type === 'NodePort' || type === 'LoadBalancer';
  const kept = type === 'ExternalName' ? [] : before.ips.slice(0, policy === 'SingleStack' ? 1 : 2);
  expect(after.ips.length).toBe(kept.length + demand.ips.length);
  expect(after.ips.slice(0, kept.length)).toEqual(kept);
  expect(after.ips.every((ip, index) => (index === 0 ? IPV4 : IPV6).includes(ip))).toBe(true);
  if (clusterIP !== undefined && type !== 'ExternalName') expect(after.ips[0]).toBe(clusterIP);
  expect(after.nodePort === null).toBe(!isOutside);
  if (isOutside && nodePort !== undefined) expect(after.nodePort).toBe(nodePort);
  else if (isOutside && before.nodePort !== null) expect(after.nodePort).toBe(before.nodePort);
  expect(after.healthPort === null).toBe(!needsHealthPort(wish));
  if (needsHealthPort(wish) && healthCheckNodePort !== undefined) {
    expect(after.healthPort).toBe(healthCheckNodePort);
  }
}
