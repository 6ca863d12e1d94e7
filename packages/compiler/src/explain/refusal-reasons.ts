/** Why no backend gets a packet: the service has none for it, or no rule takes it. */
import {
  type Address,
  cidrContains,
  formatAddress,
  formatCidr,
  formatEndpoint,
  formatReference,
  namespaceOf,
  type Packet,
  parseAddress,
  parseCidr,
  referenceTo,
  type Service,
} from '@shunt/model';
import type { Claim } from '../resolve/frontends.js';
import { type CompileInput, isWatched } from '../resolve/input.js';
import type { ResolvedPort } from '../resolve/resolve-port.js';
import { hasServicePorts } from '../resolve/service-port.js';
import type { Evaluation } from '../ruleset/evaluate.js';
import { isLocal } from '../ruleset/node-ports.js';
import type { Ruleset } from '../ruleset/types.js';
import { nodeReference } from './frontend-reasons.js';
import type { Reason } from './reason.js';

/** The last reason of a packet that matched a frontend but reaches no backend. */
export function refusalReason(
  port: ResolvedPort,
  claim: Claim,
  evaluation: Evaluation,
  input: CompileInput,
): Reason {
  const { service, portPath } = port.specification;
  const count = port.endpoints.length;
  if (evaluation.decidedBy === 'source-ranges') {
    return verdict(
      'dropped: the source is not let in',
      referenceTo(service, 'spec.loadBalancerSourceRanges'),
    );
  }
  if (evaluation.verdict === 'accept') {
    return verdict(
      'accepted as it is: kube-proxy itself answers health checks there',
      referenceTo(service, claim.path),
    );
  }
  if (evaluation.verdict === 'reject') {
    const text =
      count === 0
        ? 'rejected: the port has no endpoints'
        : `rejected: none of the ${count} endpoints of the port is usable, on any node`;
    return verdict(text, referenceTo(service, portPath));
  }
  const field = claim.frontend.kind === 'clusterIP' ? 'internalTrafficPolicy' : 'externalTrafficPolicy';
  const text = `dropped: no usable endpoint on node ${input.node.name}, and ${field} is Local`;
  return verdict(text, referenceTo(service, `spec.${field}`));
}

/** The reason of a packet that no frontend decided. */
export function unmatchedReason(
  input: CompileInput,
  ruleset: Ruleset,
  packet: Packet,
  evaluation: Evaluation,
): Reason {
  const destination = formatAddress(packet.destination);
  const wanted = packet.protocol === 'ICMP' ? 'ICMP' : `port ${packet.destinationPort}/${packet.protocol}`;
  if (evaluation.decidedBy === 'localnet') {
    return verdict(
      `dropped: ${destination} is loopback, and the packet comes from elsewhere`,
      nodeReference(input),
    );
  }
  const owner = ownerOf(input, packet.destination);
  if (evaluation.decidedBy === 'cluster-ip') {
    const text = `rejected: ${destination} is a cluster IP, but nothing serves ${wanted} there`;
    return verdict(text, owner === null ? nodeReference(input) : referenceTo(owner.service, owner.path));
  }
  if (evaluation.decidedBy === 'service-cidr')
    return serviceCIDRReason(input, ruleset, packet.destination, owner);
  if (owner !== null) {
    const text = `left alone: ${destination} is in ${formatReference(referenceTo(owner.service))}, ${whyUnused(owner, input, wanted)}`;
    return verdict(text, referenceTo(owner.service, owner.path));
  }
  const nodePort = nodePortOwner(input, ruleset, packet);
  if (nodePort !== null) {
    const text = `left alone: ${packet.destinationPort}/${packet.protocol} is a node port, but node ports are not served on ${destination}`;
    return verdict(text, referenceTo(nodePort.service, nodePort.path));
  }
  const place =
    packet.protocol === 'ICMP' ? destination : formatEndpoint(packet.destination, packet.destinationPort);
  return verdict(
    `left alone: no Service rule on ${input.node.name} is for ${place}/${packet.protocol}`,
    nodeReference(input),
  );
}

interface Owner {
  readonly service: Service;
  readonly path: string;
}

function serviceCIDRReason(
  input: CompileInput,
  ruleset: Ruleset,
  destination: Address,
  owner: Owner | null,
): Reason {
  const range = ruleset.serviceCIDRs.find((candidate) => cidrContains(candidate, destination));
  const where = range === undefined ? 'a service CIDR' : `the service CIDR ${formatCidr(range)}`;
  if (owner !== null) {
    const text = `dropped: ${formatAddress(destination)} is in ${where}, and ${formatReference(referenceTo(owner.service))} has no rules here (${whyUnwatched(owner.service, input)})`;
    return verdict(text, referenceTo(owner.service, owner.path));
  }
  const text = `dropped: ${formatAddress(destination)} is in ${where}, and no Service has it`;
  for (const object of input.state.list('ServiceCIDR')) {
    const index = (object.spec.cidrs ?? []).findIndex((written) => {
      const parsed = parseCidr(written);
      return parsed !== null && cidrContains(parsed, destination);
    });
    if (index >= 0) return verdict(text, referenceTo(object, `spec.cidrs[${index}]`));
  }
  return verdict(text, nodeReference(input));
}

/** The Service that names an address, whether it has rules or not. */
function ownerOf({ state }: CompileInput, destination: Address): Owner | null {
  const services = inOrder(state.list('Service'));
  const first = (placesOf: (service: Service) => readonly Place[]): Owner | null => {
    for (const service of services) {
      const found = placesOf(service).find(([, text]) => text != null && parseAddress(text) === destination);
      if (found !== undefined) return { service, path: found[0] };
    }
    return null;
  };
  // Cluster IPs first: an external IP may be written with the address of another Service.
  return first(clusterIPsOf) ?? first(externalAddressesOf);
}

type Place = readonly [path: string, text: string | null | undefined];

function clusterIPsOf({ spec }: Service): Place[] {
  return [
    ['spec.clusterIP', spec.clusterIP],
    ...(spec.clusterIPs ?? []).map((it, i): Place => [`spec.clusterIPs[${i}]`, it]),
  ];
}

function externalAddressesOf({ spec, status }: Service): Place[] {
  return [
    ...(spec.externalIPs ?? []).map((text, i): Place => [`spec.externalIPs[${i}]`, text]),
    ...(status?.loadBalancer?.ingress ?? []).map(
      ({ ip }, i): Place => [`status.loadBalancer.ingress[${i}].ip`, ip],
    ),
  ];
}

function inOrder(services: readonly Service[]): Service[] {
  const key = (service: Service): string => `${namespaceOf(service)}/${service.metadata.name}`;
  return [...services].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function whyUnused({ service, path }: Owner, input: CompileInput, wanted: string): string {
  if (!isWatched(service, input.config) || !hasServicePorts(service)) return whyUnwatched(service, input);
  const ingress = /^status\.loadBalancer\.ingress\[(\d+)\]/.exec(path);
  if (ingress && service.status?.loadBalancer?.ingress?.[Number(ingress[1])]?.ipMode === 'Proxy') {
    return 'an ipMode Proxy address: the load balancer itself must see the traffic';
  }
  return `which has nothing for ${wanted} from here`;
}

function whyUnwatched(service: Service, input: CompileInput): string {
  if (!isWatched(service, input.config)) return 'its labels leave it to another proxy';
  if (service.spec.type === 'ExternalName') return 'which is an ExternalName';
  return hasServicePorts(service) ? 'it has no ports' : 'which is headless';
}

function nodePortOwner(input: CompileInput, ruleset: Ruleset, packet: Packet): Owner | null {
  if (!isLocal(ruleset, packet.destination)) return null;
  for (const service of inOrder(input.state.list('Service'))) {
    if (!isWatched(service, input.config)) continue;
    const index = (service.spec.ports ?? []).findIndex(
      (port) => port.nodePort === packet.destinationPort && (port.protocol ?? 'TCP') === packet.protocol,
    );
    if (index >= 0 && hasServicePorts(service)) return { service, path: `spec.ports[${index}].nodePort` };
  }
  return null;
}

function verdict(text: string, object: Reason['object']): Reason {
  return { step: 'verdict', text, object };
}
