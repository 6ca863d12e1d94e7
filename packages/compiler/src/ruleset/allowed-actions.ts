import { cidrFamily } from '@shunt/model';
import { actionsText } from './lines.js';
import type { Action, Frontend, FrontendKind, Ruleset, ServicePort } from './types.js';

const REJECT: Action = { verdict: 'reject' };
const DROP: Action = { verdict: 'drop' };
const TO_CLUSTER: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'never' };
const TO_CLUSTER_MASQUERADED: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'always' };
const TO_LOCAL: Action = { verdict: 'forward', pool: 'local', masquerade: 'never' };
const TO_LOCAL_MASQUERADED: Action = { verdict: 'forward', pool: 'local', masquerade: 'always' };

/**
 * The actions that a frontend may have, as printed, told from the rest of its service port alone: a
 * second way to what resolve decides. Source: kube-proxy semantics, sections 5, 25 and 26.13. More than
 * one where the ruleset does not hold what decides (masqueradeAll; whether an external address is
 * also the node's own); none if there can be no such frontend.
 */
export function allowedActions(ruleset: Ruleset, port: ServicePort, kind: FrontendKind): string[] {
  const detector = ruleset.podCIDRs.some((range) => cidrFamily(range) === port.family);
  return actionsOf(ruleset, port, kind, detector).map(actionsText);
}

function actionsOf(
  ruleset: Ruleset,
  port: ServicePort,
  kind: FrontendKind,
  detector: boolean,
): Frontend['actions'][] {
  switch (kind) {
    case 'clusterIP':
      return clusterIPActions(port, detector);
    case 'healthCheckNodePort':
      return ruleset.mode === 'iptables' ? [forAll({ verdict: 'accept' })] : [];
    case 'nodePort':
      return port.hasEndpoints ? [externalActions(port, detector)] : [forAll(REJECT)];
    default:
      if (port.hasEndpoints) return [externalActions(port, detector)];
      return ruleset.mode === 'iptables'
        ? [forAll(REJECT), { ...forAll(REJECT), node: { verdict: 'none' } }]
        : [forAll(REJECT)];
  }
}

function clusterIPActions(port: ServicePort, detector: boolean): Frontend['actions'][] {
  if (!port.hasEndpoints) return [forAll(REJECT)];
  const local = port.internalTrafficPolicy === 'Local';
  const pool = local ? port.localPool : port.clusterPool;
  if (pool === null || pool.backends.length === 0) return [forAll(DROP)];
  const plain = local ? TO_LOCAL : TO_CLUSTER;
  const masqueraded = local ? TO_LOCAL_MASQUERADED : TO_CLUSTER_MASQUERADED;
  return [
    detector ? { pod: plain, node: masqueraded, outside: masqueraded } : forAll(plain),
    forAll(masqueraded),
  ];
}

function externalActions(port: ServicePort, detector: boolean): Frontend['actions'] {
  if (port.externalTrafficPolicy === 'Cluster') return forAll(TO_CLUSTER_MASQUERADED);
  const outside = port.localPool !== null && port.localPool.backends.length > 0 ? TO_LOCAL : DROP;
  // Without a detector no packet has origin pod: whatever is not the node is outside.
  return { pod: detector ? TO_CLUSTER : outside, node: TO_CLUSTER_MASQUERADED, outside };
}

function forAll(action: Action): Frontend['actions'] {
  return { pod: action, node: action, outside: action };
}
