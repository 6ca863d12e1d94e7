import { type Address, formatAddress, formatCidr, parseAddress, parseCidr, type Service } from '@shunt/model';
import { NO_CLUSTER_IP, specOf } from './service-kind.js';
import { TOPOLOGY_HINTS_ANNOTATION, TOPOLOGY_MODE_ANNOTATION } from './validate-service.js';

const SOON_INVALID = 'will be considered invalid in a future Kubernetes release';

/** What the API server remarks about an object that it takes. */
export interface FieldWarning {
  readonly field: string;
  readonly message: string;
}

/**
 * What the API server would warn of in a right Service (semantics 6.39), in its words; a path that is
 * in front of them there is only in `field` here. Source: pkg/api/service/warnings.go.
 */
export function serviceWarnings(service: Service): readonly FieldWarning[] {
  const spec = specOf(service);
  const { clusterIP, externalIPs = [], loadBalancerIP } = spec;
  const warnings: FieldWarning[] = [];
  if (service.metadata.annotations?.[TOPOLOGY_HINTS_ANNOTATION] !== undefined) {
    const field = `metadata.annotations[${TOPOLOGY_HINTS_ANNOTATION}]`;
    const instead = `please use ${TOPOLOGY_MODE_ANNOTATION} instead`;
    warnings.push({ field, message: `annotation ${TOPOLOGY_HINTS_ANNOTATION} is deprecated, ${instead}` });
  }
  if (clusterIP && clusterIP !== NO_CLUSTER_IP) {
    warnings.push(...addressListWarnings(spec.clusterIPs ?? [], 'spec.clusterIPs'));
  }
  const headless = spec.type === 'ClusterIP' && clusterIP === NO_CLUSTER_IP;
  if (headless) warnings.push(...headlessWarnings(service));
  warnings.push(...addressListWarnings(externalIPs, 'spec.externalIPs'));
  if (externalIPs.length > 0 && !headless && spec.type !== 'ExternalName') {
    const message = 'spec.externalIPs is deprecated and may no longer be implemented in some clusters';
    warnings.push({ field: 'spec.externalIPs', message });
  }
  if (loadBalancerIP) warnings.push(...addressWarnings(loadBalancerIP, 'spec.loadBalancerIP'));
  spec.loadBalancerSourceRanges?.forEach((range, i) => {
    warnings.push(...cidrWarnings(range, `spec.loadBalancerSourceRanges[${i}]`));
  });
  if (spec.type === 'ExternalName' && externalIPs.length > 0) {
    const message = 'spec.externalIPs is ignored when spec.type is "ExternalName"';
    warnings.push({ field: 'spec.externalIPs', message });
  }
  if (spec.type !== 'ExternalName' && spec.externalName) {
    const message = 'spec.externalName is ignored when spec.type is not "ExternalName"';
    warnings.push({ field: 'spec.externalName', message });
  }
  if (spec.trafficDistribution === 'PreferClose') {
    const message = '"PreferClose" is deprecated; use "PreferSameZone"';
    warnings.push({ field: 'spec.trafficDistribution', message });
  }
  return warnings;
}

function headlessWarnings(service: Service): FieldWarning[] {
  const { loadBalancerIP, externalIPs = [], sessionAffinity } = specOf(service);
  const ignored: FieldWarning[] = [];
  const add = (field: string, shown: string = field): void => {
    ignored.push({ field, message: `${shown} is ignored for headless services` });
  };
  if (loadBalancerIP) add('spec.loadBalancerIP');
  if (externalIPs.length > 0) add('spec.externalIPs');
  if (sessionAffinity !== 'None') add('spec.sessionAffinity', 'spec.SessionAffinity');
  return ignored;
}

function addressListWarnings(texts: readonly string[], field: string): FieldWarning[] {
  return texts.flatMap((text, i) => addressWarnings(text, `${field}[${i}]`));
}

function addressWarnings(text: string, field: string): FieldWarning[] {
  const address = parseAddress(text);
  if (address === null) return [];
  const usual = formatAddress(address);
  if (usual === text) return [];
  const [quoted, better] = [JSON.stringify(text), JSON.stringify(usual)];
  if (!isStandardAddress(text, address)) {
    return [{ field, message: `non-standard IP address ${quoted} ${SOON_INVALID}: use ${better}` }];
  }
  return [{ field, message: `IPv6 address ${quoted} should be in RFC 5952 canonical format (${better})` }];
}

function cidrWarnings(text: string, field: string): FieldWarning[] {
  const range = parseCidr(text);
  const [written = '', bits = ''] = text.split('/');
  const address = parseAddress(written);
  if (range === null || address === null) return [];
  const usual = formatCidr(range);
  const [quoted, better] = [JSON.stringify(text), JSON.stringify(usual)];
  const warnings: FieldWarning[] = [];
  if (address !== range.base) {
    const single = JSON.stringify(`${formatAddress(address)}/${written.includes(':') ? 128 : 32}`);
    const message = `CIDR value ${quoted} is ambiguous in this context (should be ${better} or ${single}?)`;
    warnings.push({ field, message });
  }
  if (!isStandardAddress(written, address) || /^0\d/.test(bits)) {
    warnings.push({ field, message: `non-standard CIDR value ${quoted} ${SOON_INVALID}: use ${better}` });
  }
  if (warnings.length === 0 && usual !== text) {
    const message = `IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${better})`;
    warnings.push({ field, message });
  }
  return warnings;
}

/** Whether parsers of today take it: no leading zeros in a dotted quad, no IPv4 in the clothes of IPv6. */
function isStandardAddress(text: string, address: Address): boolean {
  if (typeof address === 'number') return formatAddress(address) === text;
  return !/:0\d+\.|\.0\d/.test(text);
}
