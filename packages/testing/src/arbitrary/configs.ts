import {
  defaultConfig,
  type NodeView,
  nodeView,
  nodeViewOf,
  type ProxyConfig,
  SLOTS_PER_BACKEND,
  STRATEGIES,
} from '@shunt/compiler';
import {
  type Address,
  address,
  type Cidr,
  cidr,
  type KubernetesObject,
  type Mode,
  type Node,
} from '@shunt/model';
import * as fc from 'fast-check';
import { NODE_ADDRESSES, POD_CIDRS, SERVICE_CIDRS } from '../universe.js';

export interface ConfigOptions {
  /** Default: both. */
  readonly modes?: readonly Mode[];
}

/** Configurations of the proxy: modes, local detectors, node-port addresses, service CIDRs. */
export function configs(options: ConfigOptions = {}): fc.Arbitrary<ProxyConfig> {
  return fc.constantFrom(...(options.modes ?? (['iptables', 'nftables'] as const))).chain((mode) =>
    fc.record({
      mode: fc.constant(mode),
      clusterCIDRs: cidrLists(POD_CIDRS.IPv4, POD_CIDRS.IPv6),
      masqueradeAll: often(false),
      nodePortAddresses: fc.oneof(
        fc.constant(defaultConfig(mode).nodePortAddresses),
        fc.constantFrom('all' as const, 'primary' as const),
        fc.constantFrom(...NODE_PORT_RANGES).map((ranges) => ranges.map(cidr)),
      ),
      localhostNodePorts: often(true),
      serviceCIDRs: cidrLists(SERVICE_CIDRS.IPv4, SERVICE_CIDRS.IPv6),
      serviceProxyName: fc.oneof(
        { weight: 19, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constant('other') },
      ),
      balance: fc.oneof(
        { weight: 3, arbitrary: fc.constant('auto' as const) },
        { weight: 1, arbitrary: fc.constantFrom(...STRATEGIES) },
      ),
      slotsPerBackend: often(SLOTS_PER_BACKEND, 1, 3, 100),
    }),
  );
}

// One interface, the other family only, loopback, everything, both families.
const NODE_PORT_RANGES = [
  ['192.168.0.0/24'],
  ['2001:db8::/64'],
  ['127.0.0.0/8'],
  ['0.0.0.0/0'],
  ['192.168.1.0/24', '2001:db8:1::/64'],
  ['192.0.2.0/24'],
];

function cidrLists(ipv4: string, ipv6: string): fc.Arbitrary<Cidr[]> {
  return fc.constantFrom([ipv4, ipv6], [ipv4], [ipv6], []).map((texts) => texts.map(cidr));
}

function often<T>(usual: T, ...others: (T extends boolean ? never : T)[]): fc.Arbitrary<T> {
  const rest = others.length > 0 ? others : [!usual as T];
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...rest) },
  );
}

/** One of the cluster's Nodes, as its own proxy sees it. A cluster without Nodes is seen from `node-a`. */
export function nodeViews(cluster: Iterable<KubernetesObject>): fc.Arbitrary<NodeView> {
  return fc.constantFrom(...nodeViewsOf(cluster));
}

/** What {@link nodeViews} chooses from. */
export function nodeViewsOf(cluster: Iterable<KubernetesObject>): [NodeView, ...NodeView[]] {
  const nodes = [...cluster].filter((object) => object.kind === 'Node');
  const [first, ...others] = nodes.map((node) => interfacesOf(node as Node));
  return first === undefined ? [nodeView('node-a', addressesOf('node-a'), null)] : [first, ...others];
}

// The Node object names the primary addresses only; the interfaces of a node of the universe have more.
function interfacesOf(node: Node): NodeView {
  const { name } = node.metadata;
  const view = nodeViewOf(node);
  if (name !== 'node-a' && name !== 'node-b') return view;
  return nodeView(name, addressesOf(name), view.zone);
}

function addressesOf(name: keyof typeof NODE_ADDRESSES): Address[] {
  return [...NODE_ADDRESSES[name].IPv4, ...NODE_ADDRESSES[name].IPv6].map(address);
}
