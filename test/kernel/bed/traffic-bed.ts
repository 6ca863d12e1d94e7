/** A node with two pods, a pod of another node and a host outside, each in a namespace, with servers that run. */
import { NetworkNamespace } from '../network-namespace.js';
import { HOSTS, type HostName } from './manifests.js';
import { TrafficHost } from './traffic-host.js';

/** Where pods send what is not for themselves; the source of what the node masquerades towards them. */
const GATEWAY = { IPv4: '169.254.1.1', IPv6: 'fd00:169::1' } as const;

const NAMES = Object.keys(HOSTS) as HostName[];
const PODS = NAMES.filter((name) => name.startsWith('pod-'));

export class TrafficBed {
  readonly hosts: ReadonlyMap<HostName, TrafficHost>;
  readonly #namespaces = new Map<HostName, NetworkNamespace>();

  private constructor(purpose: string) {
    const hosts = new Map<HostName, TrafficHost>();
    this.hosts = hosts;
    try {
      for (const name of NAMES) this.#namespaces.set(name, new NetworkNamespace(`${purpose}-${name}`));
      this.namespace('node').run('ip', ['-batch', '-'], this.#nodeLinks());
      for (const name of NAMES) {
        this.namespace(name).run('ip', ['-batch', '-'], hostLinks(name));
        hosts.set(name, new TrafficHost(name, this.namespace(name)));
      }
      this.namespace('node').run('sysctl', ['-qw', ...SETTINGS]);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** @returns when all servers listen */
  static async open(purpose: string): Promise<TrafficBed> {
    const bed = new TrafficBed(purpose);
    try {
      await Promise.all([...bed.hosts.values()].map((host) => host.ready()));
    } catch (error) {
      bed.remove();
      throw error;
    }
    return bed;
  }

  namespace(name: HostName): NetworkNamespace {
    const namespace = this.#namespaces.get(name);
    if (namespace === undefined) throw new RangeError(`the bed has no namespace for ${name}`);
    return namespace;
  }

  host(name: HostName): TrafficHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new RangeError(`the bed has no host ${name}`);
    return host;
  }

  remove(): void {
    for (const host of this.hosts.values()) host.end();
    for (const namespace of this.#namespaces.values()) namespace.remove();
  }

  #nodeLinks(): string {
    const others = NAMES.filter((name) => name !== 'node');
    const links = others.map(
      (name) => `link add ${name} type veth peer name eth0 netns ${this.namespace(name).name}`,
    );
    const pods = PODS.flatMap((pod) => [
      `addr add ${GATEWAY.IPv4}/32 dev ${pod}`,
      `addr add ${GATEWAY.IPv6}/128 dev ${pod} nodad`,
      `link set ${pod} up`,
      `route add ${HOSTS[pod].IPv4}/32 dev ${pod}`,
      `route add ${HOSTS[pod].IPv6}/128 dev ${pod}`,
    ]);
    const uplink = [
      `addr add ${HOSTS.node.IPv4}/24 dev outside`,
      `addr add ${HOSTS.node.IPv6}/64 dev outside nodad`,
      'link set outside up',
      // Service addresses must have a route, or nothing comes as far as the rules.
      `route add 0.0.0.0/0 via ${HOSTS.outside.IPv4}`,
      `route add ::/0 via ${HOSTS.outside.IPv6}`,
    ];
    return lines([...links, ...pods, ...uplink]);
  }
}

function hostLinks(name: HostName): string {
  if (name === 'node') return lines(['link set lo up']);
  const isPod = PODS.includes(name);
  const via = isPod ? GATEWAY : HOSTS.node;
  const [bits, bits6] = isPod ? [32, 128] : [24, 64];
  return lines([
    'link set lo up',
    `addr add ${HOSTS[name].IPv4}/${bits} dev eth0`,
    `addr add ${HOSTS[name].IPv6}/${bits6} dev eth0 nodad`,
    'link set eth0 up',
    ...(isPod ? [`route add ${via.IPv4}/32 dev eth0`, `route add ${via.IPv6}/128 dev eth0`] : []),
    `route add 0.0.0.0/0 via ${via.IPv4}`,
    `route add ::/0 via ${via.IPv6} dev eth0`,
  ]);
}

function lines(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join('');
}

const SETTINGS = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.icmp_ratemask=0',
  'net.ipv6.icmp.ratemask=127',
];
