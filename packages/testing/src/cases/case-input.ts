import { defaultConfig, type NodeView, nodeView, type ProxyConfig, parseCidrList } from '@shunt/compiler';
import { type Address, address, type ClusterState, cidr, type Mode, ZONE_LABEL } from '@shunt/model';
import type { CaseConfig, CaseNode, PacketFlowCase } from './packet-flow-case.js';

/** The configuration of a case for one mode; what the case leaves out is the mode's default. */
export function caseProxyConfig({ config }: PacketFlowCase, mode: Mode): ProxyConfig {
  const defaults = defaultConfig(mode);
  const { nodePortAddresses, localhostNodePorts, serviceCIDRs } = { ...config, ...config.byMode?.[mode] };
  return {
    ...defaults,
    clusterCIDRs: parseCidrList(config.clusterCIDR ?? ''),
    masqueradeAll: config.masqueradeAll ?? defaults.masqueradeAll,
    nodePortAddresses:
      nodePortAddresses === undefined ? defaults.nodePortAddresses : readNodePortAddresses(nodePortAddresses),
    localhostNodePorts: localhostNodePorts ?? defaults.localhostNodePorts,
    serviceCIDRs: serviceCIDRs?.map(cidr) ?? [],
  };
}

function readNodePortAddresses(texts: readonly string[]): ProxyConfig['nodePortAddresses'] {
  if (texts.length === 0) return 'all';
  return texts[0] === 'primary' ? 'primary' : texts.map(cidr);
}

/** The node of a case. Its zone may change with its Node object, if there is one with labels. */
export function caseNodeView({ node, config }: PacketFlowCase, state: ClusterState): NodeView {
  const view = nodeView(node.name, node.ips.map(address), zoneOf(node, state));
  return { ...view, primaryAddresses: primaryAddresses(config) ?? view.primaryAddresses };
}

function zoneOf(node: CaseNode, state: ClusterState): string | null {
  const labels = state.node(node.name)?.metadata.labels;
  return labels === undefined ? (node.zone ?? null) : (labels[ZONE_LABEL] ?? null);
}

function primaryAddresses({ primaryNodeIPs }: CaseConfig): Address[] | null {
  return primaryNodeIPs === undefined ? null : primaryNodeIPs.map(address);
}
