/**
 * Rulesets that hold every invariant of `verifyRuleset`, made directly and not from Kubernetes objects:
 * every mode, family, frontend kind, policy, strategy, action and verdict comes up, also in
 * combinations that resolving a small cluster rarely gives.
 */
import {
  type Action,
  type Backend,
  canonicalRuleset,
  compareEndpoints,
  compareServicePorts,
  type Frontend,
  type NodePortAddresses,
  type Pool,
  type Ruleset,
  type ServicePort,
  type Strategy,
} from '@shunt/compiler';
import {
  type Address,
  address,
  type Cidr,
  cidr,
  cidrContains,
  compareAddresses,
  compareCidrs,
  type Family,
  familyOf,
  type Mode,
  SERVICE_PROTOCOLS,
  type ServiceProtocol,
  type TrafficPolicy,
} from '@shunt/model';
import fc from 'fast-check';

type Actions = Frontend['actions'];

interface EndpointDraft {
  readonly host: number;
  readonly port: number;
  readonly local: boolean;
  readonly weight: number;
  readonly state: 'ready' | 'terminating' | 'unusable';
  readonly serving: boolean;
}

interface ServiceDraft {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly PortDraft[];
  readonly internal: TrafficPolicy;
  readonly external: TrafficPolicy;
  readonly affinitySeconds: number | null;
  readonly healthCheckNodePort: number | null;
  readonly externalHosts: readonly number[];
  readonly loadBalancerHosts: readonly number[];
  readonly sourceRanges: readonly number[];
}

interface PortDraft {
  readonly portName: string;
  readonly protocol: ServiceProtocol;
  readonly families: readonly Family[];
  readonly port: number;
  readonly nodePort: number | null;
  readonly endpoints: readonly EndpointDraft[];
  /** Topology hints leave every second ready endpoint in the cluster pool. */
  readonly hinted: boolean;
  readonly strategies: readonly [Strategy, Strategy];
  readonly slots: readonly number[];
}

interface NodeDraft {
  readonly mode: Mode;
  readonly podCIDRs: readonly Cidr[];
  readonly masqueradeAll: boolean;
  /** Whether external addresses without endpoints go unseen in the node's output hook. */
  readonly outputUnseen: boolean;
}

const NETWORKS = {
  IPv4: { cluster: '10.96.0.0', external: '203.0.113.0', pod: '10.244.0.0', node: '192.168.0.0' },
  IPv6: { cluster: 'fd00:96::', external: '2001:db8:1::', pod: 'fd00:244::', node: '2001:db8::' },
} as const;

const RANGES: Readonly<Record<Family, readonly Cidr[]>> = {
  IPv4: ['10.0.0.0/8', '10.244.0.0/16', '192.168.0.0/24', '203.0.113.7/32', '0.0.0.0/0'].map(cidr),
  IPv6: ['fd00::/8', 'fd00:244::/32', '2001:db8::/64', '2001:db8:1::7/128', '::/0'].map(cidr),
};

const STRATEGIES: readonly Strategy[] = ['even', 'maglev', 'random', 'rendezvous', 'ring', 'jump'];

/**
 * Canonical rulesets of up to `maxServices` Services that verify cleanly.
 * @param constraints - `maxServices`: default 5
 */
export function validRulesets(constraints: { readonly maxServices?: number } = {}): fc.Arbitrary<Ruleset> {
  const services = fc.uniqueArray(serviceDrafts(), {
    maxLength: constraints.maxServices ?? 5,
    selector: ({ namespace, name }) => `${namespace}/${name}`,
  });
  return fc
    .record({
      mode: fc.constantFrom<Mode>('iptables', 'nftables'),
      node: fc.constantFrom('node-a', 'ip-10-0-1-5.eu-west-1.compute.internal', 'n"1\n'),
      pods: fc.subarray<Family>(['IPv4', 'IPv6']),
      masqueradeAll: fc.boolean(),
      outputUnseen: fc.boolean(),
      local: fc.uniqueArray(hostsOf('node', 6), { maxLength: 3 }),
      nodePorts: fc.tuple(nodePortDrafts(), nodePortDrafts()),
      services,
      serviceCIDRs: fc.subarray(['10.96.0.0/16', '10.97.0.0/16', 'fd00:96::/112'].map(cidr)),
      unclaimed: fc.uniqueArray(hostsOf('cluster', 9), { maxLength: 2 }),
    })
    .map(({ mode, node, pods, local, nodePorts, services, serviceCIDRs, unclaimed, ...rest }) => {
      const podCIDRs = pods.map((family) => cidr(`${NETWORKS[family].pod}/${family === 'IPv4' ? 16 : 32}`));
      const servicePorts = makeServicePorts({ mode, podCIDRs, ...rest }, services);
      const used = servicePorts.flatMap(({ frontends }) =>
        frontends.filter((each) => each.kind === 'clusterIP'),
      );
      const clusterIPs = new Set([...unclaimed, ...used.flatMap((each) => each.address ?? [])]);
      return canonicalRuleset({
        mode,
        node,
        podCIDRs,
        localAddresses: local,
        nodePorts: {
          IPv4: makeNodePorts(mode, 'IPv4', nodePorts[0]),
          IPv6: makeNodePorts(mode, 'IPv6', nodePorts[1]),
        },
        clusterIPs: mode === 'nftables' ? [...clusterIPs].sort(compareAddresses) : [],
        serviceCIDRs: mode === 'nftables' ? serviceCIDRs : [],
        servicePorts,
      });
    });
}

interface NodePortsDraft {
  readonly listed: readonly number[] | null;
  readonly loopback: boolean;
}

function nodePortDrafts(): fc.Arbitrary<NodePortsDraft> {
  const listed = fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }));
  return fc.record({ listed, loopback: fc.boolean() });
}

function serviceDrafts(): fc.Arbitrary<ServiceDraft> {
  const timeouts = fc.option(fc.constantFrom(1, 10800, 86400));
  return fc.record({
    namespace: fc.constantFrom('shop', 'kube-system', 'a b'),
    name: fc.constantFrom('cart', 'dns', 'web-1', 'x:/"y'),
    ports: fc.uniqueArray(portDrafts(), {
      minLength: 1,
      maxLength: 3,
      selector: ({ portName, protocol }) => `${portName} ${protocol}`,
    }),
    internal: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    external: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    affinitySeconds: timeouts,
    healthCheckNodePort: fc.option(fc.integer({ min: 32000, max: 32003 })),
    externalHosts: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    loadBalancerHosts: fc.uniqueArray(fc.integer({ min: 3, max: 7 }), { maxLength: 2 }),
    sourceRanges: fc.oneof(fc.constant([]), fc.uniqueArray(fc.nat(4), { maxLength: 3 })),
  });
}

function portDrafts(): fc.Arbitrary<PortDraft> {
  const endpoint = fc.record<EndpointDraft>({
    host: fc.integer({ min: 1, max: 30 }),
    port: fc.constantFrom(53, 80, 8080),
    local: fc.boolean(),
    weight: fc.constantFrom(1, 1, 1, 2, 100, 0.5),
    state: fc.constantFrom('ready', 'ready', 'terminating', 'unusable'),
    serving: fc.boolean(),
  });
  return fc.record({
    portName: fc.constantFrom('', 'http', 'dns-tcp', 'p:1'),
    protocol: fc.constantFrom(...SERVICE_PROTOCOLS),
    families: fc.subarray<Family>(['IPv4', 'IPv6'], { minLength: 1 }),
    port: fc.constantFrom(53, 80, 443, 65535),
    nodePort: fc.option(fc.integer({ min: 30000, max: 30005 })),
    endpoints: fc.uniqueArray(endpoint, { maxLength: 6, selector: ({ host, port }) => `${host}:${port}` }),
    hinted: fc.boolean(),
    strategies: fc.tuple(fc.constantFrom(...STRATEGIES), fc.constantFrom(...STRATEGIES)),
    slots: fc.array(fc.nat(5), { minLength: 1, maxLength: 40, size: 'max' }),
  });
}

function makeServicePorts(node: NodeDraft, services: readonly ServiceDraft[]): ServicePort[] {
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

type Settings = Omit<ServicePort, 'frontends'>;

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

function makeNodePorts(mode: Mode, family: Family, { listed, loopback }: NodePortsDraft): NodePortAddresses {
  const match = listed?.map((host) => hostOf(family, 'node', host)).sort(compareAddresses) ?? 'local';
  return {
    match,
    loopback: loopback && match === 'local' && mode === 'iptables' && family === 'IPv4',
    refuse: mode === 'iptables' ? 'local' : 'same',
  };
}

function hasDetector(node: NodeDraft, { family }: Settings): boolean {
  return node.podCIDRs.some(({ base }) => familyOf(base) === family);
}

function hostsOf(network: 'cluster' | 'node', max: number): fc.Arbitrary<Address> {
  return fc
    .tuple(fc.constantFrom<Family>('IPv4', 'IPv6'), fc.integer({ min: 1, max }))
    .map(([family, host]) => hostOf(family, network, host));
}

function hostOf(family: Family, network: keyof (typeof NETWORKS)['IPv4'], host: number): Address {
  const base = address(NETWORKS[family][network]);
  return typeof base === 'number' ? base + host : base + BigInt(host);
}

function forAll(action: Action): Actions {
  return { pod: action, node: action, outside: action };
}
