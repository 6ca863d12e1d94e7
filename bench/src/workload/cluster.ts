/**
 * A cluster as benchmarks need it: any size, always the same for the same generator, and with the mix
 * of a real one. Of the Services, which have a TCP port each (one in ten UDP):
 * one in ten is reached from outside, as NodePort and LoadBalancer in turn; of those one in four has
 * `externalTrafficPolicy: Local`, and one load balancer in two lets in only half of the sources;
 * one in twenty is dual stack.
 */
import {
  type BalanceChoice,
  defaultConfig,
  type NodeView,
  nodeViewOf,
  type ProxyConfig,
} from '@shunt/compiler';
import {
  type Address,
  address,
  type Cidr,
  cidr,
  type EndpointSlice,
  type Family,
  formatAddress,
  formatCidr,
  type KubernetesObject,
  type Node,
  SERVICE_NAME_LABEL,
  type Service,
  type ServiceCIDR,
  type ServiceProtocol,
} from '@shunt/model';
import { below, distinctBelow, oneIn, type Random } from './random.js';

/** An address and port that a Service answers on, and the pods behind it. */
export interface Destination {
  readonly kind: 'clusterIP' | 'nodePort' | 'loadBalancerIP';
  readonly address: Address;
  readonly port: number;
  readonly protocol: ServiceProtocol;
  readonly endpoints: readonly Address[];
}

export interface Cluster {
  readonly objects: readonly KubernetesObject[];
  /** Seen from the first node. */
  readonly node: NodeView;
  readonly config: ProxyConfig;
  /** What packets can be sent to: cluster IPs, node ports on this node, load-balancer IPs. */
  readonly destinations: readonly Destination[];
  /** Of all pods. */
  readonly podAddresses: readonly Address[];
}

export interface ClusterSize {
  readonly services: number;
  readonly endpointsPerService: number;
  /** IPv6: everything has an IPv6 address, and nothing another. Default: IPv4, with some dual stack. */
  readonly family?: Family;
  /** Of all Services; default `auto`. */
  readonly balance?: BalanceChoice;
}

const SERVICE_BASE = 0x0a600000; // 10.96.0.0/12
const SERVICE_SPACE = 2 ** 20;
const POD_BASE = 0x0a800000; // 10.128.0.0/9, a /24 for each node
const NODE_BASE = 0xac100000; // 172.16.0.0/12
const LOAD_BALANCER_BASE = 0xcb007100; // 203.0.113.0 and on
/** Where packets from outside come from. */
export const OUTSIDE_BASE = 0xc6120000; // 198.18.0.0/15
export const OUTSIDE_SPACE = 2 ** 17;
const PODS_PER_NODE = 100;
const LEAST_NODES = 10;
const FIRST_NODE_PORT = 30_000;
/** A cluster with more than 27,000 Services needs a wider range of node ports than the default. */
const NODE_PORTS = 65_536 - FIRST_NODE_PORT;
const NAMESPACES = 20;

/**
 * Generates a cluster.
 * @throws {RangeError} if there are more Services from outside than node ports, about 319,000 in all
 */
export function generateCluster(random: Random, size: ClusterSize): Cluster {
  const { services, endpointsPerService, family = 'IPv4', balance = 'auto' } = size;
  if (services > NODE_PORTS * 9) {
    throw new RangeError(`"services" expected at most ${NODE_PORTS * 9}, got ${services}`);
  }
  const nodeCount = Math.max(LEAST_NODES, Math.ceil((services * endpointsPerService) / PODS_PER_NODE));
  const nodes = Array.from({ length: nodeCount }, (_, index) => makeNode(index, family));
  const builder = new ClusterBuilder(random, nodeCount, family);
  for (let index = 0; index < services; index++) builder.addService(index, endpointsPerService);
  return {
    objects: [...nodes, serviceCidr(family), ...builder.objects],
    node: nodeViewOf(nodes[0] as Node),
    config: { ...defaultConfig('nftables'), balance, clusterCIDRs: [rangeOf(POD_BASE, 9, family)] },
    destinations: builder.destinations,
    podAddresses: builder.podAddresses,
  };
}

/** Addresses of the service range that no Service has: the end of it. */
export const UNUSED_SPACE = 1_024;
export const UNUSED_BASE = SERVICE_BASE + SERVICE_SPACE - UNUSED_SPACE;

class ClusterBuilder {
  readonly objects: KubernetesObject[] = [];
  readonly destinations: Destination[] = [];
  readonly podAddresses: Address[] = [];
  readonly #random: Random;
  readonly #family: Family;
  readonly #podsOfNode: number[];
  readonly #clusterIP: () => number;
  #exposed = 0;

  constructor(random: Random, nodeCount: number, family: Family) {
    this.#random = random;
    this.#family = family;
    this.#podsOfNode = new Array<number>(nodeCount).fill(0);
    // Neither the base nor what is to stay unused.
    this.#clusterIP = distinctBelow(random, SERVICE_SPACE - 1 - UNUSED_SPACE);
  }

  addService(index: number, endpointCount: number): void {
    const protocol = oneIn(this.#random, 10) ? 'UDP' : 'TCP';
    const port = [80, 443, 8080, 9090][below(this.#random, 4)] as number;
    const clusterIP = SERVICE_BASE + 1 + this.#clusterIP();
    const isDualStack = oneIn(this.#random, 20) && this.#family === 'IPv4';
    const families: Family[] = isDualStack ? ['IPv4', 'IPv6'] : [this.#family];
    const clusterIPs = families.map((family) => formatAddress(inFamily(clusterIP, family)));
    const metadata = {
      name: `service-${index}`,
      namespace: `team-${index % NAMESPACES}`,
      creationTimestamp: '2025-01-01T00:00:00Z',
    };
    const pods = Array.from({ length: endpointCount }, () => this.#addPod());
    const endpoints = pods.map((pod) => this.#own(pod.address));
    this.#addDestination('clusterIP', clusterIP, { port, protocol, endpoints });
    const exposure = oneIn(this.#random, 10) ? this.#expose(protocol, port, endpoints) : null;
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: 'ClusterIP',
        clusterIP: clusterIPs[0] as string,
        clusterIPs,
        ipFamilies: families,
        selector: { app: metadata.name },
        ...exposure?.spec,
        ports: [{ name: 'main', protocol, port, targetPort: 8080, ...exposure?.port }],
      },
      status: { loadBalancer: exposure?.loadBalancer ?? {} },
    };
    this.objects.push(service, ...families.map((family) => sliceOf(service, family, pods, protocol)));
  }

  #own(ipv4: number): Address {
    return inFamily(ipv4, this.#family);
  }

  #addDestination(
    kind: Destination['kind'],
    ipv4: number,
    rest: Pick<Destination, 'port' | 'protocol' | 'endpoints'>,
  ): void {
    this.destinations.push({ kind, address: this.#own(ipv4), ...rest });
  }

  #addPod(): Pod {
    const node = below(this.#random, this.#podsOfNode.length);
    // 254 pods fit; with 100 expected, a node that is full is 15 standard deviations away.
    const number = ((this.#podsOfNode[node] as number) % 254) + 1;
    this.#podsOfNode[node] = number;
    const podAddress = POD_BASE + node * 256 + number;
    this.podAddresses.push(this.#own(podAddress));
    return { address: podAddress, node };
  }

  /** Makes a Service reachable from outside, as NodePort and LoadBalancer in turn. */
  #expose(protocol: ServiceProtocol, port: number, endpoints: readonly Address[]) {
    const number = this.#exposed++;
    const nodePort = FIRST_NODE_PORT + number;
    const isLocal = oneIn(this.#random, 4);
    this.#addDestination('nodePort', NODE_BASE + 1, { port: nodePort, protocol, endpoints });
    const policy = { externalTrafficPolicy: isLocal ? ('Local' as const) : ('Cluster' as const) };
    if (number % 2 === 0) {
      return { spec: { type: 'NodePort' as const, ...policy }, port: { nodePort }, loadBalancer: {} };
    }
    const ip = LOAD_BALANCER_BASE + number;
    this.#addDestination('loadBalancerIP', ip, { port, protocol, endpoints });
    const halfOfSources = formatCidr(rangeOf(OUTSIDE_BASE, 16, this.#family));
    const ranges = oneIn(this.#random, 2) ? { loadBalancerSourceRanges: [halfOfSources] } : {};
    return {
      spec: { type: 'LoadBalancer' as const, ...policy, ...ranges },
      port: { nodePort },
      loadBalancer: { ingress: [{ ip: formatAddress(this.#own(ip)), ipMode: 'VIP' as const }] },
    };
  }
}

interface Pod {
  readonly address: number;
  readonly node: number;
}

function serviceCidr(family: Family): ServiceCIDR {
  const both = [formatCidr(rangeOf(SERVICE_BASE, 12, 'IPv4')), 'fd00:10:96::/64'];
  const cidrs = family === 'IPv4' ? both : [formatCidr(rangeOf(SERVICE_BASE, 12, 'IPv6'))];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs },
  };
}

function makeNode(index: number, family: Family): Node {
  const internalIP = formatAddress(inFamily(NODE_BASE + 1 + index, family));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${index}`, labels: { 'topology.kubernetes.io/zone': zoneOf(index) } },
    spec: { podCIDR: formatCidr(rangeOf(POD_BASE + index * 256, 24, family)) },
    status: { addresses: [{ type: 'InternalIP', address: internalIP }] },
  };
}

function sliceOf(
  service: Service,
  family: Family,
  pods: readonly Pod[],
  protocol: ServiceProtocol,
): EndpointSlice {
  const { name, namespace = 'default' } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${family.toLowerCase()}`,
      namespace,
      labels: { [SERVICE_NAME_LABEL]: name },
    },
    addressType: family,
    ports: [{ name: 'main', protocol, port: 8080 }],
    endpoints: pods.map((pod, index) => ({
      addresses: [formatAddress(inFamily(pod.address, family))],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${pod.node}`,
      zone: zoneOf(pod.node),
      targetRef: { kind: 'Pod', namespace, name: `${name}-${index}` },
    })),
  };
}

function zoneOf(node: number): string {
  return `zone-${node % 3}`;
}

const IPV6_BASE = address('fd00:10:96::') as bigint;

/** The address itself, or the IPv6 address that ends with it. */
export function inFamily(ipv4: number, family: Family): Address {
  return family === 'IPv4' ? ipv4 : IPV6_BASE | BigInt(ipv4);
}

function rangeOf(ipv4: number, prefix: number, family: Family): Cidr {
  return cidr(`${formatAddress(inFamily(ipv4, family))}/${family === 'IPv4' ? prefix : 96 + prefix}`);
}
