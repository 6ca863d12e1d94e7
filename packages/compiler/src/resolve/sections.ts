/** The parts of a ruleset that do not come from Services: where packets come from, and what is refused. */
import { type Cidr, cidrFamily, compareCidrs, FAMILIES, formatCidr, parseCidr } from '@shunt/model';
import type { ProxyConfig } from '../config.js';
import type { RulesetSections } from '../ruleset/types.js';
import type { CompileInput } from './input.js';
import { nodePortAddresses, sortedAddresses } from './node-ports.js';

export function rulesetSections({ config, node, state }: CompileInput): RulesetSections {
  const written = state.list('ServiceCIDR').flatMap((it) => it.spec.cidrs ?? []);
  return {
    mode: config.mode,
    node: node.name,
    podCIDRs: detectors(config),
    localAddresses: sortedAddresses(node.addresses),
    nodePorts: {
      IPv4: nodePortAddresses(config, node, 'IPv4'),
      IPv6: nodePortAddresses(config, node, 'IPv6'),
    },
    serviceCIDRs: refusesUnusedClusterIPs(config) ? serviceCIDRs(config, written) : [],
  };
}

/** Whether the ruleset has the cluster-IP space: nftables mode refuses what no Service takes of it (9). */
export function refusesUnusedClusterIPs({ mode }: ProxyConfig): boolean {
  return mode === 'nftables';
}

// The first range of each family is the family's local detector (18.3).
function detectors(config: ProxyConfig): Cidr[] {
  return FAMILIES.flatMap(
    (family) => config.clusterCIDRs.find((range) => cidrFamily(range) === family) ?? [],
  );
}

function serviceCIDRs(config: ProxyConfig, written: readonly string[]): Cidr[] {
  const all = [...config.serviceCIDRs, ...written.flatMap((text) => parseCidr(text) ?? [])];
  return [...new Map(all.map((range) => [formatCidr(range), range])).values()].sort(compareCidrs);
}
