/** A ruleset as plain JSON data, for output as JSON or YAML. Addresses and ranges are strings. */
import { type Family, formatAddress, formatCidr } from '@shunt/model';
import { canonicalRuleset } from './canonical.js';
import type {
  Action,
  Backend,
  EndpointAddress,
  Frontend,
  NodePortAddresses,
  Pool,
  Ruleset,
  ServicePort,
} from './types.js';

export interface EndpointAddressData {
  readonly address: string;
  readonly port: number;
}

export interface BackendData extends EndpointAddressData {
  readonly local: boolean;
  readonly weight: number;
}

export interface PoolData {
  readonly strategy: Pool['strategy'];
  readonly backends: readonly BackendData[];
  readonly slots: readonly number[];
}

export interface FrontendData {
  readonly kind: Frontend['kind'];
  readonly address: string | null;
  readonly port: number;
  readonly sourceRanges: readonly string[] | null;
  readonly actions: Frontend['actions'];
}

export type ServicePortData = Omit<
  ServicePort,
  'clusterPool' | 'localPool' | 'servingEndpoints' | 'frontends'
> & {
  readonly frontends: readonly FrontendData[];
  readonly clusterPool: PoolData | null;
  readonly localPool: PoolData | null;
  readonly servingEndpoints: readonly EndpointAddressData[];
};

export interface NodePortAddressesData {
  readonly match: 'local' | readonly string[];
  readonly loopback: boolean;
  readonly refuse: NodePortAddresses['refuse'];
}

export interface RulesetData {
  readonly mode: Ruleset['mode'];
  readonly node: string;
  readonly podCIDRs: readonly string[];
  readonly localAddresses: readonly string[];
  readonly nodePorts: Readonly<Record<Family, NodePortAddressesData>>;
  readonly clusterIPs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly servicePorts: readonly ServicePortData[];
}

/**
 * Turns a ruleset into data that `JSON.stringify` takes, in canonical order. The order of the fields
 * is fixed, so equal rulesets give byte-identical JSON.
 */
export function rulesetToData(ruleset: Ruleset): RulesetData {
  const canonical = canonicalRuleset(ruleset);
  return {
    mode: canonical.mode,
    node: canonical.node,
    podCIDRs: canonical.podCIDRs.map(formatCidr),
    localAddresses: canonical.localAddresses.map(formatAddress),
    nodePorts: {
      IPv4: nodePortsToData(canonical.nodePorts.IPv4),
      IPv6: nodePortsToData(canonical.nodePorts.IPv6),
    },
    clusterIPs: canonical.clusterIPs.map(formatAddress),
    serviceCIDRs: canonical.serviceCIDRs.map(formatCidr),
    servicePorts: canonical.servicePorts.map(servicePortToData),
  };
}

function servicePortToData(port: ServicePort): ServicePortData {
  return {
    namespace: port.namespace,
    name: port.name,
    portName: port.portName,
    protocol: port.protocol,
    family: port.family,
    internalTrafficPolicy: port.internalTrafficPolicy,
    externalTrafficPolicy: port.externalTrafficPolicy,
    affinitySeconds: port.affinitySeconds,
    healthCheckNodePort: port.healthCheckNodePort,
    hasEndpoints: port.hasEndpoints,
    frontends: port.frontends.map(frontendToData),
    clusterPool: poolToData(port.clusterPool),
    localPool: poolToData(port.localPool),
    servingEndpoints: port.servingEndpoints.map(endpointToData),
  };
}

function frontendToData(frontend: Frontend): FrontendData {
  const { pod, node, outside } = frontend.actions;
  return {
    kind: frontend.kind,
    address: frontend.address === null ? null : formatAddress(frontend.address),
    port: frontend.port,
    sourceRanges: frontend.sourceRanges?.map(formatCidr) ?? null,
    actions: { pod: actionToData(pod), node: actionToData(node), outside: actionToData(outside) },
  };
}

function actionToData(action: Action): Action {
  if (action.verdict !== 'forward') return { verdict: action.verdict };
  return { verdict: action.verdict, pool: action.pool, masquerade: action.masquerade };
}

function poolToData(pool: Pool | null): PoolData | null {
  if (pool === null) return null;
  return { strategy: pool.strategy, backends: pool.backends.map(backendToData), slots: [...pool.slots] };
}

function backendToData(backend: Backend): BackendData {
  return { ...endpointToData(backend), local: backend.local, weight: backend.weight };
}

function endpointToData(endpoint: EndpointAddress): EndpointAddressData {
  return { address: formatAddress(endpoint.address), port: endpoint.port };
}

function nodePortsToData({ match, loopback, refuse }: NodePortAddresses): NodePortAddressesData {
  return { match: match === 'local' ? match : match.map(formatAddress), loopback, refuse };
}
