/**
 * What a service port answers on each of its addresses, by the packet's origin: every traffic policy
 * of kube-proxy reduces to three actions (semantics sections 5, 6, 24 and 25).
 */
import { type Address, type Cidr, cidrFamily, isLoopback, type Origin } from '@shunt/model';
import type { NodeView, ProxyConfig } from '../config.js';
import type { Action, Frontend, FrontendKind, PoolName } from '../ruleset/types.js';
import type { Categories, EndpointList } from './categorize.js';
import type { ServicePortSpecification } from './service-port.js';

/** A frontend that a service port lays claim to, with the field that says so. */
export interface Claim {
  readonly frontend: Frontend;
  readonly path: string;
}

type Actions = Readonly<Record<Origin, Action>>;
type Masquerade = 'never' | 'always';

const REJECT: Action = { verdict: 'reject' };
const DROP: Action = { verdict: 'drop' };
const ACCEPT: Action = { verdict: 'accept' };
const NONE: Action = { verdict: 'none' };
const FORWARD: Readonly<Record<PoolName, Readonly<Record<Masquerade, Action>>>> = {
  cluster: forwards('cluster'),
  local: forwards('local'),
};

// Frontends have the same few combinations again and again, and share them.
const ALL_REJECT = forAll(REJECT);
const ALL_DROP = forAll(DROP);
const ALL_ACCEPT = forAll(ACCEPT);
const ALL_FORWARD = {
  cluster: { never: forAll(FORWARD.cluster.never), always: forAll(FORWARD.cluster.always) },
  local: { never: forAll(FORWARD.local.never), always: forAll(FORWARD.local.always) },
};
const PODS_KEEP_SOURCE = { cluster: podsKeepSource('cluster'), local: podsKeepSource('local') };

export function claimFrontends(
  port: ServicePortSpecification,
  categories: Categories,
  config: ProxyConfig,
  node: NodeView,
): Claim[] {
  const claims: Claim[] = [];
  const claim = (
    kind: FrontendKind,
    address: Address | null,
    number: number,
    path: string,
    actions: Actions,
    sourceRanges: readonly Cidr[] | null = null,
  ): void => void claims.push({ frontend: { kind, address, port: number, sourceRanges, actions }, path });
  const { port: number } = port.portSpec;
  const { clusterIP } = port;
  claim('clusterIP', clusterIP.address, number, clusterIP.path, clusterIPActions(port, categories, config));
  for (const { address, path } of port.externalIPs) {
    claim('externalIP', address, number, path, externalActions(port, categories, config, node, address));
  }
  // Without endpoints iptables mode has no firewall chain, so that everybody is rejected alike (6.4).
  const filtered = config.mode === 'nftables' || categories.hasEndpoints;
  for (const { address, path } of port.loadBalancerIPs) {
    const actions = externalActions(port, categories, config, node, address);
    claim('loadBalancerIP', address, number, path, actions, filtered ? port.sourceRanges : null);
  }
  if (port.nodePort !== 0) {
    const actions = externalActions(port, categories, config, node, null);
    claim('nodePort', null, port.nodePort, `${port.portPath}.nodePort`, actions);
  }
  // nftables mode has no rule for health checks, whatever answers there (26.8).
  if (config.mode === 'iptables' && port.healthCheckNodePort !== null) {
    claim('healthCheckNodePort', null, port.healthCheckNodePort, 'spec.healthCheckNodePort', ALL_ACCEPT);
  }
  return claims;
}

/** Whether {@link claimFrontends} makes the same of both, for one port of one node. */
export function claimAlike(a: Categories, b: Categories): boolean {
  return (
    a.hasEndpoints === b.hasEndpoints &&
    hasAny(a.cluster) === hasAny(b.cluster) &&
    hasAny(a.local) === hasAny(b.local)
  );
}

function hasAny(list: EndpointList | null): boolean {
  return list !== null && list.endpoints.length > 0;
}

/** The pool of a service port's internal traffic. */
export function internalPool(port: ServicePortSpecification): PoolName {
  return port.internalTrafficPolicy === 'Local' ? 'local' : 'cluster';
}

function clusterIPActions(
  port: ServicePortSpecification,
  categories: Categories,
  config: ProxyConfig,
): Actions {
  if (!categories.hasEndpoints) return ALL_REJECT;
  const pool = internalPool(port);
  const list = pool === 'local' ? categories.local : categories.cluster;
  if (!hasAny(list)) return ALL_DROP;
  if (config.masqueradeAll) return ALL_FORWARD[pool].always;
  if (!hasDetector(port, config)) return ALL_FORWARD[pool].never;
  return PODS_KEEP_SOURCE[pool];
}

/** @param vip - `null` for the node port */
function externalActions(
  port: ServicePortSpecification,
  categories: Categories,
  config: ProxyConfig,
  node: NodeView,
  vip: Address | null,
): Actions {
  if (!categories.hasEndpoints) {
    // KUBE-EXTERNAL-SERVICES is not in iptables' OUTPUT: what the node itself sends to an address that
    // is not its own leaves without meeting the rule (26.13).
    const unseen =
      config.mode === 'iptables' && vip !== null && !isLoopback(vip) && !node.addresses.includes(vip);
    return { pod: REJECT, node: unseen ? NONE : REJECT, outside: REJECT };
  }
  if (port.externalTrafficPolicy === 'Cluster') return ALL_FORWARD.cluster.always;
  const outside = hasAny(categories.local) ? FORWARD.local.never : DROP;
  // Pods and the node are short-circuited to the cluster's endpoints, as if the packet had gone to
  // the load balancer and come back; pods are only told apart by a local detector (5.6).
  return {
    pod: hasDetector(port, config) ? FORWARD.cluster.never : outside,
    node: FORWARD.cluster.always,
    outside,
  };
}

function hasDetector(port: ServicePortSpecification, config: ProxyConfig): boolean {
  return config.clusterCIDRs.some((range) => cidrFamily(range) === port.family);
}

function forAll(action: Action): Actions {
  return { pod: action, node: action, outside: action };
}

function podsKeepSource(pool: PoolName): Actions {
  const { never, always } = FORWARD[pool];
  return { pod: never, node: always, outside: always };
}

function forwards(pool: PoolName): Record<Masquerade, Action> {
  const forward = (masquerade: Masquerade): Action => ({ verdict: 'forward', pool, masquerade });
  return { never: forward('never'), always: forward('always') };
}
