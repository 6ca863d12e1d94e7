/** Service ports that hold every invariant, from drafts: kube-proxy's decisions once more, in short. */
import {
  type Action,
  type Backend,
  compareEndpoints,
  compareServicePorts,
  type Frontend,
  type Pool,
  type Ruleset,
  type ServicePort,
  type Strategy,
} from '@shunt/compiler';
import {
  type Address,
  type Cidr,
  cidr,
  cidrContains,
  compareCidrs,
  type Family,
  familyOf,
} from '@shunt/model';
import { type EndpointDraft, hostOf, type PortDraft, type ServiceDraft } from './valid-ruleset-drafts.js';

type Actions = Frontend['actions'];

type Settings = Omit<ServicePort, 'frontends'>;

/** What of the node and its configuration decides actions. */
export interface NodeDraft {
  readonly mode: Ruleset['mode'];
  readonly podCIDRs: readonly Cidr[];
  readonly masqueradeAll: boolean;
  /** Whether external addresses without endpoints go unseen in the node's output hook. */
  readonly outputUnseen: boolean;
}

const RANGES: Readonly<Record<Family, readonly Cidr[]>> = {
  IPv4: ['10.0.0.0/8', '10.244.0.0/16', '192.168.0.0/24', '203.0.113.7/32', '0.0.0.0/0'].map(cidr),
  IPv6: ['fd00::/8', 'fd00:244::/32', '2001:db8::/64', '2001:db8:1::7/128', '::/0'].map(cidr),
};

/** Makes the service ports of one ruleset, in canonical order. */
export function makeServicePorts(node: NodeDraft, services: readonly ServiceDraft[]): ServicePort[] {
  const taken = new Set<string>();
  const ports = services.flatMap((service, index) =>
    service.ports.flatMap((port) =>
      port.families.map((family) => makeServicePort(node, service, index + 1, port, family, taken)),
    ),
  );
  return ports.sort(compareServicePorts);
}

/** @param taken - what is matched already: the first to claim it has it, as in a real conflict */
function makeServicePort(
  node: NodeDraft,
  service: ServiceDraft,
  index: number,
  draft: PortDraft,
  family: Family,
  taken: Set<string>,
): ServicePort {
  const { protocol, port } = draft;
  const identity = {
    namespace: service.namespace,
    name: service.name,
    portName: draft.portName,
    protocol,
    family,
  };
  const free = (key: string): boolean => !taken.has(key) && taken.add(key).size > 0;
  const freeHosts = (network: 'external' | 'cluster', hosts: readonly number[]): Address[] =>
    hosts.map((host) => hostOf(family, network, host)).filter((vip) => free(`${protocol} ${vip} ${port}`));
  const clusterIPs = freeHosts('cluster', [index]);
  const externalIPs = freeHosts('external', service.externalHosts);
  const loadBalancerIPs = freeHosts('external', service.loadBalancerHosts);
  const { nodePort } = draft;
  const hasNodePort = nodePort !== null && free(`${protocol} ${family} node ${nodePort}`);
  const external = externalIPs.length + loadBalancerIPs.length > 0 || hasNodePort;
  const pools = makePools(draft, family, service, external);
  const healthCheckNodePort = service.external === 'Local' ? service.healthCheckNodePort : null;
  const settings = {
    ...identity,
    internalTrafficPolicy: service.internal,
    externalTrafficPolicy: service.external,
    affinitySeconds: service.affinitySeconds,
    healthCheckNodePort,
    ...pools,
    servingEndpoints: makeServing(draft, family),
  };
  const actions = externalActions(node, settings);
  const onNode = { ...actions, node: settings.hasEndpoints ? actions.node : actions.outside };
  const sourceRanges =
    node.mode === 'iptables' && !settings.hasEndpoints ? null : makeRanges(service, family);
  const makeFrontend = (
    kind: Frontend['kind'],
    vip: Address | null,
    its: Actions,
    number = port,
  ): Frontend => ({
    kind,
    address: vip,
    port: number,
    sourceRanges: kind === 'loadBalancerIP' ? sourceRanges : null,
    actions: its,
  });
  const frontends = [
    ...clusterIPs.map((vip) => makeFrontend('clusterIP', vip, clusterIPActions(node, settings))),
    ...externalIPs.map((vip) => makeFrontend('externalIP', vip, actions)),
    ...loadBalancerIPs.map((vip) => makeFrontend('loadBalancerIP', vip, actions)),
  ];
  if (hasNodePort) frontends.push(makeFrontend('nodePort', null, onNode, nodePort));
  if (healthCheckNodePort !== null && node.mode === 'iptables') {
    // The number is the Service's own, so another Service that has it already keeps it.
    const owner = `${service.namespace}/${service.name}`;
    const key = `health ${family} ${healthCheckNodePort}`;
    if (taken.has(`${key} ${owner}`) || free(key)) {
      taken.add(`${key} ${owner}`);
      frontends.push(
        makeFrontend('healthCheckNodePort', null, forAll({ verdict: 'accept' }), healthCheckNodePort),
      );
    }
  }
  return { ...settings, frontends };
}

function makePools(
  draft: PortDraft,
  family: Family,
  service: ServiceDraft,
  external: boolean,
): Pick<ServicePort, 'hasEndpoints' | 'clusterPool' | 'localPool'> {
  const { endpoints, hinted, strategies } = draft;
  const ready = endpoints.filter(({ state }) => state === 'ready');
  const terminating = endpoints.filter(({ state }) => state === 'terminating');
  const allowed = hinted ? ready.filter((_, index) => index % 2 === 0) : ready;
  const localReady = ready.filter(({ local }) => local);
  const local = localReady.length > 0 ? localReady : terminating.filter((each) => each.local);
  const usesCluster = service.internal === 'Cluster' || external;
  const usesLocal = service.internal === 'Local' || (service.external === 'Local' && external);
  const cluster = allowed.length > 0 ? allowed : terminating;
  return {
    hasEndpoints: ready.length + terminating.length > 0,
    clusterPool: usesCluster ? makePool(cluster, family, strategies[0], draft.slots) : null,
    localPool: usesLocal ? makePool(local, family, strategies[1], draft.slots) : null,
  };
}

function makePool(
  endpoints: readonly EndpointDraft[],
  family: Family,
  strategy: Strategy,
  slots: readonly number[],
): Pool {
  const backends = endpoints
    .map(({ host, port, local, weight }): Backend => {
      return { address: hostOf(family, 'pod', host), port, local, weight };
    })
    .sort(compareEndpoints);
  if (strategy === 'even' || strategy === 'random' || backends.length === 0) {
    return { backends, strategy, slots: backends.map((_, index) => index) };
  }
  return { backends, strategy, slots: slots.map((slot) => slot % backends.length) };
}

function makeServing(draft: PortDraft, family: Family): ServicePort['servingEndpoints'] {
  if (draft.protocol !== 'UDP') return [];
  return draft.endpoints
    .filter(({ serving }) => serving)
    .map(({ host, port }) => ({ address: hostOf(family, 'pod', host), port }))
    .sort(compareEndpoints);
}

function makeRanges(service: ServiceDraft, family: Family): readonly Cidr[] | null {
  const ranges = service.sourceRanges.flatMap((index) => RANGES[family][index] ?? []);
  const widest = ranges.filter(
    (range) => !ranges.some((other) => other.prefix < range.prefix && cidrContains(other, range.base)),
  );
  return widest.length === 0 ? null : widest.sort(compareCidrs);
}

function clusterIPActions(node: NodeDraft, port: Settings): Actions {
  if (!port.hasEndpoints) return forAll({ verdict: 'reject' });
  const pool = port.internalTrafficPolicy === 'Local' ? 'local' : 'cluster';
  const backends = (pool === 'local' ? port.localPool : port.clusterPool)?.backends ?? [];
  if (backends.length === 0) return forAll({ verdict: 'drop' });
  const never: Action = { verdict: 'forward', pool, masquerade: 'never' };
  const always: Action = { verdict: 'forward', pool, masquerade: 'always' };
  if (node.masqueradeAll) return forAll(always);
  return hasDetector(node, port) ? { pod: never, node: always, outside: always } : forAll(never);
}

function externalActions(node: NodeDraft, port: Settings): Actions {
  if (!port.hasEndpoints) {
    const unseen = node.mode === 'iptables' && node.outputUnseen;
    return { ...forAll({ verdict: 'reject' }), node: { verdict: unseen ? 'none' : 'reject' } };
  }
  const always: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'always' };
  if (port.externalTrafficPolicy === 'Cluster') return forAll(always);
  const outside: Action =
    (port.localPool?.backends.length ?? 0) > 0
      ? { verdict: 'forward', pool: 'local', masquerade: 'never' }
      : { verdict: 'drop' };
  const shortCircuit: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'never' };
  return { pod: hasDetector(node, port) ? shortCircuit : outside, node: always, outside };
}

function hasDetector(node: NodeDraft, { family }: Settings): boolean {
  return node.podCIDRs.some(({ base }) => familyOf(base) === family);
}

function forAll(action: Action): Actions {
  return { pod: action, node: action, outside: action };
}
