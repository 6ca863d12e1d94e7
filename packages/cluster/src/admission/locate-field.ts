// Paths of the API server that are not those of the manifest.
const CAPITAL_RANGES = 'spec.LoadBalancerSourceRanges';
const BARE_FLAG = 'allocateLoadBalancerNodePorts';

/**
 * Where a manifest has the field that an error's path means, to be read with `parseFieldPath`. All but
 * a few of the API server's paths are the manifest's own; the field may be one that was never written.
 */
export function sourcePathOf(field: string): string {
  if (field === BARE_FLAG) return `spec.${BARE_FLAG}`;
  if (field === CAPITAL_RANGES || field.startsWith(`${CAPITAL_RANGES}[`)) {
    return `spec.loadBalancerSourceRanges${field.slice(CAPITAL_RANGES.length)}`;
  }
  return field;
}
