/**
 * How the frontends of one service port are dispatched: their actions, told as the chains that kube-proxy
 * has for them. The actions say everything; what has no chains is refused.
 */
import { type Cidr, cidrFamily } from '@shunt/model';
import { actionsText } from '../../ruleset/lines.js';
import { isSameValue } from '../../ruleset/same-value.js';
import {
  type Action,
  type Frontend,
  type PoolName,
  type RulesetSections,
  type ServicePort,
  servicePortKey,
} from '../../ruleset/types.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';

/** What the filter table does with what is not translated. */
export type Refusal = 'REJECT' | 'DROP';

/** How the cluster IP is answered. */
export interface InternalDispatch {
  readonly frontend: Frontend;
  /** `null`: nothing is translated. */
  readonly pool: PoolName | null;
  readonly masquerade: 'none' | 'not-pods' | 'all';
  readonly refusal: Refusal | null;
}

/** How external IPs, load-balancer IPs and the node port are answered. */
export interface ExternalDispatch {
  readonly externalIPs: readonly Frontend[];
  readonly loadBalancerIPs: readonly Frontend[];
  readonly nodePort: Frontend | null;
  /** Of the load-balancer IPs. */
  readonly sourceRanges: readonly Cidr[] | null;
  /** `null`: nothing is translated. Pods and the node itself go to the cluster pool in any case. */
  readonly outside: PoolName | 'nowhere' | null;
  /** Packets of pods go to the cluster pool with their own source. */
  readonly shortCircuitsPods: boolean;
  readonly refusal: Refusal | null;
}

export interface Dispatch {
  readonly internal: InternalDispatch | null;
  readonly external: ExternalDispatch | null;
  readonly healthCheck: Frontend | null;
}

/** @throws {UnsupportedFeatureError} if kube-proxy has no chains for what the frontends do */
export function dispatchOf(port: ServicePort): Dispatch {
  const of = (kind: Frontend['kind']): Frontend[] => port.frontends.filter((each) => each.kind === kind);
  const [clusterIP] = of('clusterIP');
  const [nodePort] = of('nodePort');
  const [healthCheck] = of('healthCheckNodePort');
  const externalIPs = of('externalIP');
  const loadBalancerIPs = of('loadBalancerIP');
  const external = [...externalIPs, ...loadBalancerIPs, ...(nodePort === undefined ? [] : [nodePort])];
  return {
    internal: clusterIP === undefined ? null : internalDispatch(port, clusterIP),
    external:
      external.length === 0
        ? null
        : {
            externalIPs,
            loadBalancerIPs,
            nodePort: nodePort ?? null,
            sourceRanges: loadBalancerIPs[0]?.sourceRanges ?? null,
            ...externalActions(port, external),
          },
    healthCheck: healthCheck ?? null,
  };
}

/** The range whose packets have origin pod in one family: kube-proxy's local detector. */
export function detectorOf({ podCIDRs }: Pick<RulesetSections, 'podCIDRs'>, port: ServicePort): Cidr | null {
  return podCIDRs.find((range) => cidrFamily(range) === port.family) ?? null;
}

function internalDispatch(port: ServicePort, frontend: Frontend): InternalDispatch {
  const { pod, outside } = frontend.actions;
  if (outside.verdict !== 'forward') {
    const action: Action = outside.verdict === 'reject' ? outside : { verdict: 'drop' };
    expectActions(port, frontend, { pod: action, node: action, outside: action });
    const refusal = action.verdict === 'reject' ? 'REJECT' : 'DROP';
    return { frontend, pool: null, masquerade: 'none', refusal };
  }
  const podMasquerade = pod.verdict === 'forward' ? pod.masquerade : 'never';
  expectActions(port, frontend, { pod: { ...outside, masquerade: podMasquerade }, node: outside, outside });
  const masquerade =
    podMasquerade === 'always' ? 'all' : outside.masquerade === 'always' ? 'not-pods' : 'none';
  return { frontend, pool: outside.pool, masquerade, refusal: null };
}

type ExternalActions = Pick<ExternalDispatch, 'outside' | 'shortCircuitsPods' | 'refusal'>;

const TO_CLUSTER: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'never' };
const TO_CLUSTER_MASQUERADED: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'always' };
const TO_LOCAL: Action = { verdict: 'forward', pool: 'local', masquerade: 'never' };

function externalActions(port: ServicePort, frontends: readonly Frontend[]): ExternalActions {
  const { pod, outside } = (frontends[0] as Frontend).actions;
  const expectAll = (actions: Frontend['actions']): void => {
    for (const frontend of frontends) expectActions(port, frontend, actions);
  };
  if (outside.verdict === 'reject') {
    // What the node sends to an address that is not its own meets no rule, so both are said alike: see
    // own-addresses.ts.
    for (const frontend of frontends) {
      const { node } = frontend.actions;
      const isUnseen = node.verdict === 'none' && frontend.address !== null;
      expectActions(port, frontend, { pod: outside, node: isUnseen ? node : outside, outside });
    }
    return { outside: null, shortCircuitsPods: false, refusal: 'REJECT' };
  }
  if (outside.verdict === 'forward' && outside.pool === 'cluster') {
    expectAll({ pod: TO_CLUSTER_MASQUERADED, node: TO_CLUSTER_MASQUERADED, outside: TO_CLUSTER_MASQUERADED });
    return { outside: 'cluster', shortCircuitsPods: false, refusal: null };
  }
  const drops = outside.verdict === 'drop';
  const shortCircuitsPods = !isSameValue(pod, outside);
  expectAll({
    pod: shortCircuitsPods ? TO_CLUSTER : outside,
    node: TO_CLUSTER_MASQUERADED,
    outside: drops ? outside : TO_LOCAL,
  });
  return { outside: drops ? 'nowhere' : 'local', shortCircuitsPods, refusal: drops ? 'DROP' : null };
}

function expectActions(port: ServicePort, frontend: Frontend, expected: Frontend['actions']): void {
  if (isSameValue(frontend.actions, expected)) return;
  const detail = `${frontend.kind} ${frontend.port} of ${servicePortKey(port)} has actions for which kube-proxy has no chains: ${actionsText(frontend.actions)}`;
  throw new UnsupportedFeatureError('iptables', 'free actions for each origin', detail);
}
