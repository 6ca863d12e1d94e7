/**
 * The ruleset: what one node does with packets, resolved. Plain readonly data with no Kubernetes
 * meaning left to interpret and no target's words in it. Canonical: the same objects in any order
 * give the same ruleset.
 */
import type { Address, Cidr, Family, Mode, Origin, ServiceProtocol, TrafficPolicy } from '@shunt/model';

/** How a pool spreads new flows over its backends. */
export type Strategy = 'even' | 'maglev' | 'random' | 'rendezvous' | 'ring' | 'jump';

/** A strategy, or `auto`: maglev where a frontend from outside reaches the pool or weights differ, else even. */
export type BalanceChoice = Strategy | 'auto';

export interface Backend {
  readonly address: Address;
  readonly port: number;
  /** Runs on this node. */
  readonly local: boolean;
  /** Relative share of new flows, of the endpoint's EndpointSlice; 1 by default. */
  readonly weight: number;
}

/** Indexes of backends: an array, or a typed array if they are many. */
export interface Slots extends Iterable<number> {
  readonly length: number;
  readonly [slot: number]: number;
}

/** The backends that one action may reach. Pools are shared within one service port only. */
export interface Pool {
  /** In byte order of `ip:port`, as kube-proxy sorts endpoints; no two alike. */
  readonly backends: readonly Backend[];
  readonly strategy: Strategy;
  /**
   * Indexes into `backends`; a new flow takes `slots[reciprocalScale(jhash(flow), slots.length)]`.
   * For `even` and `random` slot i is backend i. Empty if there are no backends.
   */
  readonly slots: Slots;
}

export type PoolName = 'cluster' | 'local';

export type Action =
  | { readonly verdict: 'reject' }
  | { readonly verdict: 'drop' }
  | { readonly verdict: 'accept' }
  /** No rule matches packets of this origin. */
  | { readonly verdict: 'none' }
  | {
      readonly verdict: 'forward';
      /** A pool of the frontend's service port, never an empty one. */
      readonly pool: PoolName;
      /** Hairpin flows are masqueraded besides, whatever this says. */
      readonly masquerade: 'never' | 'always';
    };

export type FrontendKind = 'clusterIP' | 'externalIP' | 'loadBalancerIP' | 'nodePort' | 'healthCheckNodePort';

/** What a packet can match: an address and port, or a port on the node's own addresses. */
export interface Frontend {
  readonly kind: FrontendKind;
  /** `null` for nodePort and healthCheckNodePort: `Ruleset.nodePorts` and `localAddresses` say where. */
  readonly address: Address | null;
  readonly port: number;
  /** Sources that are let in, sorted, none inside another; `null`: all. Others are dropped. */
  readonly sourceRanges: readonly Cidr[] | null;
  readonly actions: Readonly<Record<Origin, Action>>;
}

/** One port of one Service in one IP family. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  /** The port's name; empty for an unnamed port. */
  readonly portName: string;
  readonly protocol: ServiceProtocol;
  readonly family: Family;
  readonly internalTrafficPolicy: TrafficPolicy;
  /** Local only if the Service can be reached from outside at all. */
  readonly externalTrafficPolicy: TrafficPolicy;
  /** ClientIP affinity, idle timeout; `null`: none. The group is (client address, service port). */
  readonly affinitySeconds: number | null;
  /** `null`: none. */
  readonly healthCheckNodePort: number | null;
  /** Some endpoint in the cluster is usable, though perhaps not from here. */
  readonly hasEndpoints: boolean;
  /** The endpoints for Cluster policy; `null`: no frontend uses that list. */
  readonly clusterPool: Pool | null;
  /** The endpoints for Local policy; `null`: no frontend uses that list. */
  readonly localPool: Pool | null;
  /** Endpoints with condition serving, for the cleanup of connection tracking: UDP only, else empty. */
  readonly servingEndpoints: readonly EndpointAddress[];
  readonly frontends: readonly Frontend[];
}

export interface EndpointAddress {
  readonly address: Address;
  readonly port: number;
}

/** Which destinations are node-port addresses, in one family. */
export interface NodePortAddresses {
  /** Every local address of the node as it is at the moment, or just these. */
  readonly match: 'local' | readonly Address[];
  /** Whether 127.0.0.0/8 (or ::1) belongs to `local`. */
  readonly loopback: boolean;
  /**
   * Where a node port without usable endpoints rejects or drops: on the same addresses (nftables), or
   * on every local address with loopback (iptables).
   */
  readonly refuse: 'same' | 'local';
}

export interface Ruleset {
  readonly mode: Mode;
  /** The node's name. */
  readonly node: string;
  /** Sources of origin `pod`: at most one range for each family. */
  readonly podCIDRs: readonly Cidr[];
  /** Sources of origin `node`, and the destinations that are the node itself; loopback besides. */
  readonly localAddresses: readonly Address[];
  readonly nodePorts: Readonly<Record<Family, NodePortAddresses>>;
  /** Cluster IPs in use: packets to them that no frontend takes are rejected. Empty in iptables mode. */
  readonly clusterIPs: readonly Address[];
  /** Packets to other addresses in here are dropped. Empty in iptables mode. */
  readonly serviceCIDRs: readonly Cidr[];
  /** In order of family, namespace, name, port name, protocol. */
  readonly servicePorts: readonly ServicePort[];
}

/** A ruleset without its service ports, and the cluster IPs that follow from them. */
export type RulesetSections = Omit<Ruleset, 'servicePorts' | 'clusterIPs'>;

/** kube-proxy's ServicePortName: `namespace/name:port`, or `namespace/name` for an unnamed port. */
export function servicePortName(port: Pick<ServicePort, 'namespace' | 'name' | 'portName'>): string {
  return port.portName === ''
    ? `${port.namespace}/${port.name}`
    : `${port.namespace}/${port.name}:${port.portName}`;
}

/** The identity of a service port: family, ServicePortName and protocol. */
export function servicePortKey(
  port: Pick<ServicePort, 'family' | 'namespace' | 'name' | 'portName' | 'protocol'>,
): string {
  return `${port.family} ${servicePortName(port)} ${port.protocol}`;
}
