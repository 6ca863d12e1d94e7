import {
  type Address,
  cidrContains,
  familyOf,
  formatAddress,
  formatCidr,
  formatEndpoint,
  type ObjectReference,
  type Origin,
  type Packet,
  referenceTo,
} from '@shunt/model';
import type { Claim } from '../resolve/frontends.js';
import type { CompileInput } from '../resolve/input.js';
import type { ResolvedPort } from '../resolve/resolve-port.js';
import type { Evaluation } from '../ruleset/evaluate.js';
import type { Ruleset } from '../ruleset/types.js';
import type { Reason } from './reason.js';

/** The node, as the object behind decisions that no other object made. */
export function nodeReference(input: CompileInput, path?: string): ObjectReference {
  return { kind: 'Node', name: input.node.name, ...(path === undefined ? {} : { path }) };
}

export function originReason(input: CompileInput, ruleset: Ruleset, packet: Packet, origin: Origin): Reason {
  const source = formatAddress(packet.source);
  const detector = ruleset.podCIDRs.find((range) => familyOf(range.base) === familyOf(packet.source));
  const text =
    origin === 'pod'
      ? `${source} is a pod: inside the cluster CIDR ${detector === undefined ? '' : formatCidr(detector)}`
      : origin === 'node'
        ? `${source} is an address of node ${input.node.name} itself`
        : detector === undefined
          ? `${source} comes from outside; without a cluster CIDR for ${familyOf(packet.source)}, pods cannot be told from others`
          : `${source} comes from outside: not an address of ${input.node.name}, not in the cluster CIDR ${formatCidr(detector)}`;
  return {
    step: 'origin',
    text,
    object: nodeReference(input, origin === 'node' ? 'status.addresses' : undefined),
  };
}

export function frontendReason(
  input: CompileInput,
  port: ResolvedPort,
  claim: Claim,
  packet: Packet,
): Reason {
  const { frontend, path } = claim;
  const { service, protocol, portName } = port.specification;
  const owner = portName === '' ? `Service ${name(port)}` : `port "${portName}" of Service ${name(port)}`;
  const destination = `${formatEndpoint(packet.destination, packet.destinationPort)}/${protocol}`;
  const text = {
    clusterIP: `${destination} is the cluster IP of ${owner}`,
    externalIP: `${destination} is an external IP of ${owner}`,
    loadBalancerIP: `${destination} is a load-balancer IP of ${owner}`,
    nodePort: `${frontend.port}/${protocol} is the node port of ${owner}, and ${formatAddress(packet.destination)} is an address of ${input.node.name}`,
    healthCheckNodePort: `${frontend.port}/TCP is the health-check node port of Service ${name(port)}`,
  }[frontend.kind];
  return { step: 'frontend', text, object: referenceTo(service, path) };
}

export function sourceRangeReason(port: ResolvedPort, claim: Claim, source: Address): Reason | null {
  const ranges = claim.frontend.sourceRanges;
  if (ranges === null) return null;
  const holding = ranges.find((range) => cidrContains(range, source));
  const text =
    holding === undefined
      ? `${formatAddress(source)} is in none of the source ranges ${ranges.map(formatCidr).join(', ')}`
      : `${formatAddress(source)} is in the source range ${formatCidr(holding)}`;
  return {
    step: 'source-ranges',
    text,
    object: referenceTo(port.specification.service, 'spec.loadBalancerSourceRanges'),
  };
}

/** Which list of endpoints the traffic policy gives this packet, and why. */
export function policyReason(port: ResolvedPort, claim: Claim, evaluation: Evaluation): Reason | null {
  const { kind } = claim.frontend;
  if (kind === 'healthCheckNodePort') return null;
  const { service, internalTrafficPolicy } = port.specification;
  if (kind === 'clusterIP') {
    const which = internalTrafficPolicy === 'Local' ? 'only endpoints on this node' : 'endpoints on any node';
    const text = `internalTrafficPolicy ${internalTrafficPolicy}: ${which}`;
    return { step: 'policy', text, object: referenceTo(service, 'spec.internalTrafficPolicy') };
  }
  const text = externalPolicyText(port, claim, evaluation);
  return { step: 'policy', text, object: referenceTo(service, 'spec.externalTrafficPolicy') };
}

function externalPolicyText(
  { specification, categories }: ResolvedPort,
  claim: Claim,
  evaluation: Evaluation,
): string {
  if (specification.externalTrafficPolicy === 'Cluster')
    return 'externalTrafficPolicy Cluster: endpoints on any node';
  const { origin, verdict } = evaluation;
  // A node port refused although the origin would be forwarded: on an address that serves none (8.10).
  if (verdict !== 'dnat' && claim.frontend.actions[origin].verdict === 'forward') {
    return 'externalTrafficPolicy Local; node ports are not served on this address, but refused there, whoever asks';
  }
  if (origin === 'outside') {
    return 'externalTrafficPolicy Local: only endpoints on this node, the client address is kept';
  }
  if (!categories.hasEndpoints) return 'externalTrafficPolicy Local';
  return `externalTrafficPolicy Local, but the ${origin} is inside the cluster: short-circuited to endpoints on any node`;
}

export function masqueradeReason(
  input: CompileInput,
  port: ResolvedPort,
  claim: Claim,
  evaluation: Evaluation,
  hairpins: readonly string[],
): Reason {
  const { service, externalTrafficPolicy } = port.specification;
  const object = referenceTo(service, claim.path);
  const { kind } = claim.frontend;
  if (evaluation.masquerade === 'always') {
    const text =
      kind !== 'clusterIP'
        ? `masqueraded: the reply must come back through this node (externalTrafficPolicy ${externalTrafficPolicy})`
        : input.config.masqueradeAll
          ? 'masqueraded: masqueradeAll is set'
          : 'masqueraded: cluster IP traffic that comes from no pod';
    return { step: 'masquerade', text, object };
  }
  if (hairpins.length > 0) {
    const text = `masqueraded if it goes to ${hairpins.join(', ')}: a hairpin, source and backend are one`;
    return { step: 'masquerade', text, object };
  }
  return { step: 'masquerade', text: 'not masqueraded: the backend sees the source address', object };
}

function name(port: ResolvedPort): string {
  return `${port.specification.namespace}/${port.specification.service.metadata.name}`;
}
