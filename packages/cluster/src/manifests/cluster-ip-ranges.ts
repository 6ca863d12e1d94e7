/** Cluster IPs of Services that are taken as they are, against the ranges that the input names. */
import {
  type Cidr,
  type ClusterState,
  cidrContains,
  type Diagnostic,
  formatCidr,
  parseAddress,
  parseCidr,
  referenceTo,
  type Service,
} from '@shunt/model';

/** The ranges of cluster IPs that the input names: by `--service-cidr` and by ServiceCIDR objects. */
export function namedRanges(state: ClusterState, serviceCidr: readonly Cidr[] = []): Cidr[] {
  const written = state.list('ServiceCIDR').flatMap(({ spec }) => spec?.cidrs ?? []);
  return [...serviceCidr, ...written.map(parseCidr).filter((range) => range !== null)];
}

/** A warning for each cluster IP that lies in none of the ranges; none where no range is known. */
export function findForeignClusterIPs(services: readonly Service[], ranges: readonly Cidr[]): Diagnostic[] {
  if (ranges.length === 0) return [];
  const known = [...new Set(ranges.map(formatCidr))].join(', ');
  return services.flatMap((service) =>
    clusterIPsOf(service).flatMap(([path, text]): Diagnostic[] => {
      const address = parseAddress(text);
      if (address === null || ranges.some((range) => cidrContains(range, address))) return [];
      const message = `${text} lies in none of the ranges of cluster IPs: ${known}`;
      return [{ severity: 'warning', code: 'invalid', message, object: referenceTo(service, path) }];
    }),
  );
}

function clusterIPsOf({ spec }: Service): (readonly [path: string, text: string])[] {
  if (spec.type === 'ExternalName') return [];
  const { clusterIP = '', clusterIPs = [] } = spec;
  if (clusterIPs.length === 0) return [['spec.clusterIP', clusterIP]];
  return clusterIPs.map((text, i) => [`spec.clusterIPs[${i}]`, text] as const);
}
