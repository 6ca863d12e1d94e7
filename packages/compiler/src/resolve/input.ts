import {
  type Address,
  type ClusterState,
  type Family,
  familyOf,
  HEADLESS_LABEL,
  type KubernetesObject,
  type Node,
  parseAddress,
  SERVICE_PROXY_NAME_LABEL,
  ZONE_LABEL,
} from '@shunt/model';
import type { NodeView, ProxyConfig } from '../config.js';

/** What the rules of one node are made from. */
export interface CompileInput {
  readonly state: ClusterState;
  readonly node: NodeView;
  readonly config: ProxyConfig;
}

/**
 * Whether an object is this proxy's: the label selector of kube-proxy's watches (semantics 1.2).
 * Services and EndpointSlices of other proxies, and headless ones by label, are not seen at all.
 */
export function isWatched(object: KubernetesObject, config: ProxyConfig): boolean {
  const labels = object.metadata.labels;
  // The API's null is an absent field, here and below.
  if (labels == null) return config.serviceProxyName === null;
  if (labels[HEADLESS_LABEL] !== undefined) return false;
  const proxy = labels[SERVICE_PROXY_NAME_LABEL];
  return config.serviceProxyName === null ? proxy === undefined : proxy === config.serviceProxyName;
}

/**
 * The view of a node from its Node object: InternalIP addresses, where a family has none its
 * ExternalIP addresses (semantics 28.1); the first of each family is primary.
 */
export function nodeViewOf(node: Node): NodeView {
  const listed = node.status?.addresses ?? [];
  const ofType = (type: string): Address[] =>
    listed.filter((entry) => entry.type === type).flatMap((entry) => parseAddress(entry.address) ?? []);
  const addresses = ofType('InternalIP');
  for (const external of ofType('ExternalIP')) {
    if (!addresses.some((internal) => familyOf(internal) === familyOf(external))) addresses.push(external);
  }
  return nodeView(node.metadata.name, addresses, node.metadata.labels?.[ZONE_LABEL] ?? null);
}

/** A view with the first address of each family as the primary one. */
export function nodeView(name: string, addresses: readonly Address[], zone: string | null): NodeView {
  const first = (family: Family): Address[] => addresses.filter((a) => familyOf(a) === family).slice(0, 1);
  return { name, addresses, primaryAddresses: [...first('IPv4'), ...first('IPv6')], zone };
}
