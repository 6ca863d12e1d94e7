import { defaultConfig, type ProxyConfig } from '@shunt/compiler';
import { type Cidr, type Diagnostic, type Mode, type Node, parseCidr, referenceTo } from '@shunt/model';
import type { Configuration } from '../config/configuration.js';
import type { ClusterOptions } from '../options/cluster-options.js';

/** Options, else the configuration file, else kube-proxy's defaults for the mode. */
export function proxyConfig(
  options: ClusterOptions,
  configuration: Configuration | null,
  mode: Mode,
  clusterCIDRs: readonly Cidr[],
): ProxyConfig {
  const defaults = defaultConfig(mode);
  return {
    mode,
    clusterCIDRs,
    masqueradeAll: options.masqueradeAll ?? configuration?.masqueradeAll[mode] ?? defaults.masqueradeAll,
    nodePortAddresses:
      options.nodeportAddresses ?? configuration?.nodePortAddresses ?? defaults.nodePortAddresses,
    localhostNodePorts:
      options.localhostNodeports ?? configuration?.localhostNodePorts ?? defaults.localhostNodePorts,
    serviceCIDRs: options.serviceCidr ?? [],
    serviceProxyName: configuration?.serviceProxyName ?? null,
    balance: options.balance ?? defaults.balance,
    slotsPerBackend: options.slotsPerBackend ?? defaults.slotsPerBackend,
  };
}

/**
 * The mode: `--proxy-mode`, else the file's (empty is iptables, as kube-proxy reads it), else nftables.
 * @returns a diagnostic for a mode of the file that Shunt does not follow
 */
export function chooseMode(
  { proxyMode }: ClusterOptions,
  configuration: Configuration | null,
): Mode | Diagnostic {
  if (proxyMode !== undefined) return proxyMode;
  if (configuration === null) return 'nftables';
  const mode = configuration.mode || 'iptables';
  if (mode === 'iptables' || mode === 'nftables') return mode;
  return {
    severity: 'error',
    code: 'unsupported',
    message: `mode: Shunt follows iptables and nftables, not ${mode}; pass --proxy-mode to ask what one of them would do`,
    position: configuration.locate(['mode']),
  };
}

/**
 * Which sources are pods: `--cluster-cidr`, else what the file's `detectLocalMode` says.
 * @returns a diagnostic when that is something that an address does not show
 */
export function chooseClusterCIDRs(
  { clusterCidr }: ClusterOptions,
  configuration: Configuration | null,
  node: Node | null,
): readonly Cidr[] | Diagnostic {
  if (clusterCidr !== undefined) return clusterCidr;
  if (configuration === null) return [];
  const { detectLocalMode } = configuration;
  if (detectLocalMode === 'ClusterCIDR') return configuration.clusterCIDRs;
  const position = configuration.locate(['detectLocalMode']);
  if (detectLocalMode !== 'NodeCIDR') {
    const message = `detectLocalMode: ${detectLocalMode} needs the packet's interface, which packets here do not carry; pass --cluster-cidr`;
    return { severity: 'error', code: 'unsupported', message, position };
  }
  const written = node?.spec?.podCIDRs ?? (node?.spec?.podCIDR ? [node.spec.podCIDR] : []);
  const ranges = written.flatMap((text) => parseCidr(text) ?? []);
  if (ranges.length > 0) return ranges;
  const message = 'detectLocalMode: NodeCIDR needs spec.podCIDRs of the Node; pass --cluster-cidr';
  return {
    severity: 'error',
    code: 'config',
    message,
    position,
    ...(node === null ? {} : { object: referenceTo(node, 'spec.podCIDRs') }),
  };
}
