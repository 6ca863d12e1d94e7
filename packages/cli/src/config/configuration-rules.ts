/** The rules of a KubeProxyConfiguration that hold between fields (kube-proxy's own validation). */
import { parseCidrList } from '@shunt/compiler';
import { type Cidr, cidrFamily, type Diagnostic, type FieldPath, type SourceDocument } from '@shunt/model';
import type { ConfigurationDocument, ModeSection } from './configuration.js';
import { parseDuration } from './duration.js';

/** kube-proxy's defaults, which a zero stands for. */
const DEFAULT_SYNC_SECONDS = 30;
const DEFAULT_MIN_SYNC_SECONDS = 1;

/** @param value - of `document`, with the right shape */
export function configurationProblems(value: ConfigurationDocument, document: SourceDocument): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const error = (path: FieldPath, message: string): void => {
    const position = document.locate(path);
    diagnostics.push({
      severity: 'error',
      code: 'config',
      message: `${path.join('.')}: ${message}`,
      position,
    });
  };
  const clusterCIDRs = clusterCIDRProblem(parseCidrList(value.clusterCIDR ?? ''));
  if (clusterCIDRs !== null) error(['clusterCIDR'], clusterCIDRs);
  const nodePorts = value.nodePortAddresses ?? [];
  if (nodePorts.includes('primary') && nodePorts.length > 1) {
    error(['nodePortAddresses'], 'expected either "primary" alone or CIDRs, got both');
  }
  const { bridgeInterface, interfaceNamePrefix } = value.detectLocal ?? {};
  if (value.detectLocalMode === 'BridgeInterface' && !bridgeInterface) {
    error(['detectLocal', 'bridgeInterface'], 'must be set in detectLocalMode BridgeInterface');
  }
  if (value.detectLocalMode === 'InterfaceNamePrefix' && !interfaceNamePrefix) {
    error(['detectLocal', 'interfaceNamePrefix'], 'must be set in detectLocalMode InterfaceNamePrefix');
  }
  for (const mode of ['iptables', 'nftables'] as const) {
    const section = value[mode];
    if (section && syncPeriodsCross(section)) {
      error([mode, 'minSyncPeriod'], 'expected at most syncPeriod');
    }
  }
  return diagnostics;
}

/** What is wrong with a cluster CIDR, given as one range or two; `null`: nothing. */
export function clusterCIDRProblem(ranges: readonly Cidr[]): string | null {
  if (ranges.length > 2) return `expected at most two CIDRs, got ${ranges.length}`;
  const [first, second] = ranges;
  if (first === undefined || second === undefined || cidrFamily(first) !== cidrFamily(second)) return null;
  return `expected one CIDR for each family, got two for ${cidrFamily(first)}`;
}

function syncPeriodsCross({ syncPeriod, minSyncPeriod }: ModeSection): boolean {
  const period = parseDuration(syncPeriod ?? '0') || DEFAULT_SYNC_SECONDS;
  const least = parseDuration(minSyncPeriod ?? '0') || DEFAULT_MIN_SYNC_SECONDS;
  return least > period;
}
