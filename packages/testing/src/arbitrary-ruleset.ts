/**
 * Rulesets and packets for property tests of targets. The universe is small on purpose: a handful of
 * addresses and ports, so that frontends meet node ports, node ports meet service addresses, sources
 * are backends, and rules shadow each other in nearly every case.
 */
import {
  type Backend,
  type Frontend,
  type NodePortAddresses,
  type Pool,
  type Ruleset,
  type ServicePort,
  servicePortKey,
} from '@shunt/compiler';
import {
  type Address,
  address,
  type Cidr,
  cidr,
  cidrContains,
  compareAddresses,
  compareCidrs,
  FAMILIES,
  type Family,
  formatEndpoint,
  type Mode,
  type Packet,
  SERVICE_PROTOCOLS,
} from '@shunt/model';
import fc from 'fast-check';

/** The addresses of one family by what they usually are; any of them may turn up in any place. */
interface Universe {
  readonly pods: readonly Address[];
  readonly nodes: readonly Address[];
  readonly loopback: readonly Address[];
  readonly services: readonly Address[];
  readonly strangers: readonly Address[];
  readonly ranges: readonly Cidr[];
}

const UNIVERSES: Readonly<Record<Family, Universe>> = {
  IPv4: {
    pods: ['10.0.0.1', '10.0.0.2', '10.0.0.5', '10.0.1.1'].map(address),
    nodes: ['192.168.0.2', '192.168.0.3'].map(address),
    loopback: ['127.0.0.1', '127.1.2.3'].map(address),
    services: ['10.96.0.1', '10.96.0.2', '203.0.113.1'].map(address),
    strangers: ['198.51.100.7', '0.0.0.0', '255.255.255.255', '10.96.0.255'].map(address),
    ranges: ['10.0.0.0/29', '10.0.0.0/16', '192.168.0.0/30', '10.96.0.0/24', '10.96.0.2/31'].map(cidr),
  },
  IPv6: {
    pods: ['fd00:10::1', 'fd00:10::2', 'fd00:10:0:1::1', 'fd00:10::1:0:0:1'].map(address),
    nodes: ['2001:db8::2', '2001:db8::3'].map(address),
    loopback: ['::1'].map(address),
    services: ['fd00:96::1', 'fd00:96::2', '2001:db8:5::1'].map(address),
    strangers: ['2001:db8:ffff::7', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'].map(address),
    ranges: ['fd00:10::/64', 'fd00:10::/32', '2001:db8::/126', 'fd00:96::/112', 'fd00:96::2/127'].map(cidr),
  },
};

const WIDE_RANGES: Readonly<Record<Family, readonly Cidr[]>> = {
  IPv4: [cidr('0.0.0.0/0'), cidr('128.0.0.0/1')],
  IPv6: [cidr('::/0'), cidr('8000::/1')],
};

const SERVICE_PORTS = [53, 80, 443];
const NODE_PORTS = [30080, 30443, 443];
const HEALTH_CHECK_PORTS = [30080, 32000];

/** Rulesets of either mode and both families, as `resolve` could have made them, and somewhat beyond. */
export function rulesets(): fc.Arbitrary<Ruleset> {
  return fc.constantFrom<Mode>('iptables', 'nftables').chain((mode) =>
    fc.record({
      mode: fc.constant(mode),
      node: fc.constant('node-a'),
      podCIDRs: perFamily((family) => fc.subarray([...UNIVERSES[family].ranges], { maxLength: 1 })),
      localAddresses: perFamily(localAddresses).map((list) => list.sort(compareAddresses)),
      nodePorts: fc.record({ IPv4: nodePortAddresses('IPv4'), IPv6: nodePortAddresses('IPv6') }),
      clusterIPs:
        mode === 'iptables'
          ? fc.constant([])
          : perFamily((family) => fc.subarray(everyAddress(family), { maxLength: 4 })),
      serviceCIDRs:
        mode === 'iptables'
          ? fc.constant([])
          : perFamily((family) => fc.subarray([...UNIVERSES[family].ranges], { maxLength: 2 })),
      servicePorts: fc
        .array(fc.constantFrom(...FAMILIES).chain(servicePorts), { maxLength: 8 })
        .map(distinct),
    }),
  );
}

/** Packets that the rules of `ruleset` have something to say about, and some that they have not. */
export function packetsFor(ruleset: Ruleset): fc.Arbitrary<Packet> {
  return fc.constantFrom(...FAMILIES).chain((family) => {
    const ports = ruleset.servicePorts.filter((servicePort) => servicePort.family === family);
    const frontends = ports.flatMap((servicePort) =>
      servicePort.frontends.map((frontend) => ({ protocol: servicePort.protocol, frontend })),
    );
    const addresses = fc.constantFrom(...everyAddress(family));
    const anything = fc.record({
      protocol: fc.constantFrom(...SERVICE_PROTOCOLS, 'ICMP' as const),
      destination: addresses,
      destinationPort: fc.constantFrom(...SERVICE_PORTS, ...NODE_PORTS, ...HEALTH_CHECK_PORTS),
    });
    const aimed =
      frontends.length === 0
        ? anything
        : fc.constantFrom(...frontends).chain(({ protocol, frontend }) =>
            fc.record({
              protocol: fc.constant(protocol),
              destination: frontend.address === null ? addresses : fc.constant(frontend.address),
              destinationPort: fc.constant(frontend.port),
            }),
          );
    return fc
      .record({
        source: addresses,
        sourcePort: fc.integer({ min: 0, max: 65535 }),
        to: fc.oneof({ weight: 3, arbitrary: aimed }, { weight: 1, arbitrary: anything }),
      })
      .map(({ source, sourcePort, to }): Packet => {
        if (to.protocol === 'ICMP') return { ...to, source, destinationPort: 0 };
        return { ...to, source, sourcePort };
      });
  });
}

function everyAddress(family: Family): Address[] {
  const { pods, nodes, loopback, services, strangers } = UNIVERSES[family];
  return [...pods, ...nodes, ...loopback, ...services, ...strangers];
}

function perFamily<T>(arbitrary: (family: Family) => fc.Arbitrary<T[]>): fc.Arbitrary<T[]> {
  return fc.tuple(...FAMILIES.map(arbitrary)).map((lists) => lists.flat());
}

/** Mostly node addresses; now and then a service's or a pod's, as with an external IP of the node itself. */
function localAddresses(family: Family): fc.Arbitrary<Address[]> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.subarray([...UNIVERSES[family].nodes]) },
    { weight: 1, arbitrary: fc.subarray(everyAddress(family), { maxLength: 4 }) },
  );
}

function nodePortAddresses(family: Family): fc.Arbitrary<NodePortAddresses> {
  const { nodes, loopback, services } = UNIVERSES[family];
  return fc.record({
    match: fc.oneof(fc.constant('local' as const), fc.subarray([...nodes, ...loopback, ...services])),
    loopback: fc.boolean(),
    refuse: fc.constantFrom('same' as const, 'local' as const),
  });
}

function servicePorts(family: Family): fc.Arbitrary<ServicePort> {
  return fc
    .record({
      name: fc.constantFrom('cart', 'empty', 'web', 'dns'),
      portName: fc.constantFrom('', 'http', 'metrics'),
      protocol: fc.constantFrom(...SERVICE_PROTOCOLS),
      internalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
      externalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
      affinitySeconds: fc.option(fc.integer({ min: 1, max: 86400 }), { freq: 3 }),
      healthCheckNodePort: fc.option(fc.constantFrom(...HEALTH_CHECK_PORTS), { freq: 3 }),
      clusterPool: fc.option(pools(family), { freq: 5 }),
      localPool: fc.option(pools(family), { freq: 2 }),
    })
    .chain((servicePort) =>
      fc
        .array(frontends(family, servicePort.clusterPool, servicePort.localPool), {
          maxLength: 4,
          size: 'max',
        })
        .map((list) => ({
          namespace: 'shop',
          family,
          hasEndpoints: hasBackends(servicePort.clusterPool) || hasBackends(servicePort.localPool),
          servingEndpoints: [],
          frontends: list,
          ...servicePort,
        })),
    );
}

/** Pools of any strategy; the slots are any indexes, since a target must take them as they are. */
function pools(family: Family): fc.Arbitrary<Pool> {
  const { pods, nodes } = UNIVERSES[family];
  const backends = fc.uniqueArray(
    fc.record<Backend>({
      address: fc.constantFrom(...pods, ...nodes),
      port: fc.constantFrom(8080, 53, 65535),
      local: fc.boolean(),
      weight: fc.constant(1),
    }),
    { maxLength: 20, selector: (backend) => formatEndpoint(backend.address, backend.port) },
  );
  const strategies = fc.constantFrom('even', 'maglev', 'random', 'rendezvous', 'ring', 'jump' as const);
  return fc.tuple(backends, strategies).chain(([list, strategy]): fc.Arbitrary<Pool> => {
    const sorted = list.sort((a, b) => compareText(endpointOf(a), endpointOf(b)));
    const identity = sorted.map((_, index) => index);
    const slots =
      sorted.length === 0 || strategy === 'even' || strategy === 'random'
        ? fc.constant(identity)
        : fc.array(fc.nat(sorted.length - 1), { minLength: 1, maxLength: 67 });
    return slots.map((chosen) => ({ backends: sorted, strategy, slots: chosen }));
  });
}

function frontends(family: Family, clusterPool: Pool | null, localPool: Pool | null): fc.Arbitrary<Frontend> {
  const { services, nodes, ranges } = UNIVERSES[family];
  const action = actions(clusterPool, localPool);
  const byOrigin = fc.oneof(
    fc.record({ pod: action, node: action, outside: action }),
    action.map((same) => ({ pod: same, node: same, outside: same })),
  );
  const sourceRanges = fc.option(
    fc
      .subarray([...ranges, ...WIDE_RANGES[family]], { maxLength: 3 })
      .map((list) => outermost(list.sort(compareCidrs))),
    { freq: 2 },
  );
  const addressed = fc.record({
    kind: fc.constantFrom('clusterIP' as const, 'externalIP' as const, 'loadBalancerIP' as const),
    address: fc.constantFrom(...services, ...nodes),
    port: fc.constantFrom(...SERVICE_PORTS),
    sourceRanges: fc.oneof(fc.constant(null), sourceRanges),
    actions: byOrigin,
  });
  const nodePort = fc.record({
    kind: fc.constant('nodePort' as const),
    address: fc.constant(null),
    port: fc.constantFrom(...NODE_PORTS),
    sourceRanges: fc.constant(null),
    actions: byOrigin,
  });
  const accept = { verdict: 'accept' } as const;
  const healthCheck = fc.record({
    kind: fc.constant('healthCheckNodePort' as const),
    address: fc.constant(null),
    port: fc.constantFrom(...HEALTH_CHECK_PORTS),
    sourceRanges: fc.constant(null),
    actions: fc.constant({ pod: accept, node: accept, outside: accept }),
  });
  return fc.oneof(
    { weight: 4, arbitrary: addressed },
    { weight: 3, arbitrary: nodePort },
    { weight: 1, arbitrary: healthCheck },
  );
}

function actions(clusterPool: Pool | null, localPool: Pool | null): fc.Arbitrary<Frontend['actions']['pod']> {
  const pools = [
    ...(hasBackends(clusterPool) ? ['cluster' as const] : []),
    ...(hasBackends(localPool) ? ['local' as const] : []),
  ];
  const others = fc.constantFrom(
    { verdict: 'reject' } as const,
    { verdict: 'drop' } as const,
    { verdict: 'none' } as const,
  );
  if (pools.length === 0) return others;
  const forward = fc.record({
    verdict: fc.constant('forward' as const),
    pool: fc.constantFrom(...pools),
    masquerade: fc.constantFrom('never' as const, 'always' as const),
  });
  return fc.oneof({ weight: 3, arbitrary: forward }, { weight: 1, arbitrary: others });
}

function hasBackends(pool: Pool | null): boolean {
  return pool !== null && pool.backends.length > 0;
}

/** One service port for each identity, one frontend for each key, in canonical order. */
function distinct(list: readonly ServicePort[]): ServicePort[] {
  const identities = new Map(list.map((servicePort) => [servicePortKey(servicePort), servicePort]));
  const keys = new Set<string>();
  return [...identities.values()].sort(compareServicePorts).map((servicePort) => ({
    ...servicePort,
    frontends: servicePort.frontends.filter((frontend) => {
      const protocol = frontend.kind === 'healthCheckNodePort' ? 'TCP' : servicePort.protocol;
      const place = frontend.address ?? frontend.kind;
      const key = `${servicePort.family} ${place} ${frontend.port} ${protocol}`;
      return !keys.has(key) && keys.add(key);
    }),
  }));
}

function compareServicePorts(a: ServicePort, b: ServicePort): number {
  return (
    FAMILIES.indexOf(a.family) - FAMILIES.indexOf(b.family) ||
    compareText(a.name, b.name) ||
    compareText(a.portName, b.portName) ||
    SERVICE_PROTOCOLS.indexOf(a.protocol) - SERVICE_PROTOCOLS.indexOf(b.protocol)
  );
}

/** Ranges in order, without those inside another. */
function outermost(sorted: readonly Cidr[]): Cidr[] {
  const kept: Cidr[] = [];
  for (const range of sorted) {
    if (!kept.some((outer) => cidrContains(outer, range.base))) kept.push(range);
  }
  return kept;
}

function endpointOf(backend: Backend): string {
  return formatEndpoint(backend.address, backend.port);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
