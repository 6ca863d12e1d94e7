/**
 * A node in a network namespace that answers packets in bulk: raw packets go in where they belong, and connection
 * tracking, ICMP errors and resets tell what the rules in force did with each. No other namespace takes part: what
 * leaves the node goes to this process.
 */
import { readFileSync } from 'node:fs';
import { type Address, address, formatCidr, hostCidr, isLoopback } from '@shunt/model';
import { NetworkNamespace } from '../network-namespace.js';
import { DEVICES, NodeLinks } from './node-links.js';
import { flowKey, type Probe, packetBytes } from './probe-packet.js';
import { refusalIn } from './refusal.js';
import { inNetworkNamespace, onOneProcessor } from './system-calls.js';
import { readTrackedFlows, type TrackedFlow } from './tracked-flow.js';

/** What the kernel did with a probe. */
export type Outcome =
  /** It passed every hook, translated or not. */
  | { readonly kind: 'passed'; readonly flow: TrackedFlow }
  /** Its sender was told. */
  | { readonly kind: 'refused'; readonly how: string }
  /** Nothing was heard of it. */
  | { readonly kind: 'lost' };

/** Sources for masquerade that no probe has (RFC 2544's range, and documentation's). */
const UPLINK_ADDRESSES = ['198.18.0.1/32', '2001:db8:5000::1/128'];

/** Probes between two looks at what came back, fewer than a device's queue holds. */
const PROBES_PER_LOOK = 200;

/** A millisecond each, until something must be wrong. */
const ATTEMPTS = 5000;

export class ProbedNode {
  readonly namespace: NetworkNamespace;
  readonly #links: NodeLinks;
  #addresses: readonly Address[] = [];
  #rounds = 0;

  constructor(purpose: string) {
    this.namespace = new NetworkNamespace(purpose);
    let links: NodeLinks | undefined;
    try {
      // First: a socket that watches a device which is down only says so.
      this.namespace.run('ip', ['link', 'set', 'lo', 'up']);
      this.#links = links = new NodeLinks(this.namespace.name);
      this.namespace.run('ip', ['-batch', '-'], LINKS);
      this.namespace.run('sysctl', ['-qw', ...SETTINGS]);
      this.namespace.run('nft', ['-f', '-'], OBSERVERS);
    } catch (error) {
      links?.close();
      this.namespace.remove();
      throw error;
    }
  }

  /** Gives the node these addresses besides loopback. */
  setAddresses(addresses: readonly Address[]): void {
    const gone = this.#addresses.filter((address) => !addresses.includes(address));
    const come = addresses.filter((address) => !this.#addresses.includes(address));
    const lines = [
      ...gone.map((address) => `addr del ${formatCidr(hostCidr(address))} dev ${DEVICES.own}\n`),
      ...come.map((address) => `addr add ${formatCidr(hostCidr(address))} dev ${DEVICES.own} nodad\n`),
    ];
    if (lines.length > 0) this.namespace.run('ip', ['-batch', '-'], lines.join(''));
    this.#addresses = addresses;
    this.#awaitLocalRoutes(come.filter((address) => typeof address === 'bigint'));
  }

  // An IPv6 address is in use when a worker of the kernel has made its route.
  #awaitLocalRoutes(addresses: readonly bigint[]): void {
    const wanted = addresses.map((address) => `${address.toString(16).padStart(32, '0')} 80 `);
    const routes = (): string =>
      inNetworkNamespace(this.namespace.name, () => readFileSync('/proc/thread-self/net/ipv6_route', 'utf8'));
    for (let attempt = 0; wanted.length > 0; attempt++) {
      const local = routes()
        .split('\n')
        .filter((line) => /\b8[0-9a-f]{7} +\S+$/.test(line));
      if (wanted.every((start) => local.some((line) => line.startsWith(start)))) return;
      if (attempt === ATTEMPTS) throw new Error('an IPv6 address of the bed has not come into use');
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }

  /**
   * Sends each probe as the first packet of its flow, in this order, and says what became of it.
   * @param isPod - which sources that are not the node's own are pods
   */
  probe(probes: readonly Probe[], isPod: (source: Address) => boolean): Outcome[] {
    this.#links.flushFlows();
    for (const _ of this.#links.departed());
    const refusals = new Map<string, string>();
    onOneProcessor(() => {
      probes.forEach((probe, index) => {
        const bytes = packetBytes(probe);
        if (this.#isOwn(probe.source)) this.#links.send(bytes, probe.destination);
        else this.#links.receive(isPod(probe.source) ? 'pods' : 'outside', bytes);
        if (index % PROBES_PER_LOOK === PROBES_PER_LOOK - 1) this.#collect(refusals);
      });
      this.#awaitLoopback(refusals);
    });
    const flows = this.trackedFlows();
    return probes.map((probe) => this.#outcomeOf(flowKey(probe), flows, refusals));
  }

  /**
   * What goes over loopback may be left to a kernel thread, which takes the packets of one processor in their order:
   * when a last one has come in, all that were sent before have been where they go.
   */
  #awaitLoopback(refusals: Map<string, string>): void {
    const last = lastPacket(++this.#rounds);
    this.#links.send(last, LOOPBACK_ADDRESS);
    // One copy shows when it leaves, one when it comes in.
    let copies = this.#collect(refusals, last);
    for (let attempt = 0; copies < 2; attempt++) {
      if (attempt === ATTEMPTS) throw new Error('what goes over the loopback of the bed does not come in');
      Atomics.wait(PAUSE, 0, 0, 1);
      copies += this.#collect(refusals, last);
    }
  }

  trackedFlows(): Map<string, TrackedFlow> {
    // Not /proc/net, which is that of the process's first thread.
    return inNetworkNamespace(this.namespace.name, () =>
      readTrackedFlows(readFileSync('/proc/thread-self/net/nf_conntrack', 'utf8')),
    );
  }

  remove(): void {
    this.#links.close();
    this.namespace.remove();
  }

  /** @returns how many of the packets are a certain one */
  #collect(refusals: Map<string, string>, looked: Uint8Array = NO_PACKET): number {
    let found = 0;
    for (const packet of this.#links.departed()) {
      if (isSame(packet, looked)) found++;
      const refusal = refusalIn(packet);
      if (refusal !== null) refusals.set(refusal.flow, refusal.how);
    }
    return found;
  }

  #outcomeOf(
    key: string,
    flows: ReadonlyMap<string, TrackedFlow>,
    refusals: ReadonlyMap<string, string>,
  ): Outcome {
    // First the table: what reaches a port of the node that nobody listens on is answered like a refusal.
    const flow = flows.get(key);
    if (flow !== undefined && (!this.#isOwn(flow.destination) || (flow.mark & DELIVERED_MARK) !== 0)) {
      return { kind: 'passed', flow };
    }
    const how = refusals.get(key);
    return how === undefined ? { kind: 'lost' } : { kind: 'refused', how };
  }

  #isOwn(address: Address): boolean {
    return isLoopback(address) || this.#addresses.includes(address);
  }
}

const NO_PACKET = new Uint8Array();
const LOOPBACK_ADDRESS = address('127.0.0.1');

/** RFC 3692: for experiments. No rule of any target looks at it. */
const EXPERIMENTAL_PROTOCOL = 253;

/** A packet over loopback that is like no probe, and like no other of its kind. */
function lastPacket(round: number): Uint8Array {
  const bytes = packetBytes({
    protocol: 'UDP',
    source: LOOPBACK_ADDRESS,
    sourcePort: round & 0xffff,
    destination: LOOPBACK_ADDRESS,
    destinationPort: (round >>> 16) & 0xffff,
  });
  bytes[9] = EXPERIMENTAL_PROTOCOL;
  return bytes;
}

/** The kernel writes the header's identification and checksum anew. */
function isSame(packet: Uint8Array, other: Uint8Array): boolean {
  return (
    packet.length === other.length &&
    packet[9] === EXPERIMENTAL_PROTOCOL &&
    packet.subarray(20).every((byte, at) => byte === other[20 + at])
  );
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

const LINKS = `${[
  ...Object.values(DEVICES).map((device) => `link set ${device} up`),
  ...UPLINK_ADDRESSES.map((range) => `addr add ${range} dev ${DEVICES.outside}`),
  `route add 0.0.0.0/0 dev ${DEVICES.outside}`,
  `route add ::/0 dev ${DEVICES.outside}`,
].join('\n')}\n`;

const SETTINGS = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.rp_filter=0',
  ...Object.values(DEVICES).map((device) => `net.ipv4.conf.${device}.rp_filter=0`),
  'net.ipv4.conf.all.send_redirects=0',
  // What the node agent sets where node ports are served on localhost.
  'net.ipv4.conf.all.route_localnet=1',
  // No limit on the errors that say a probe was refused: on no type of ICMP, and on one of ICMPv6 that nobody sends.
  'net.ipv4.icmp_ratemask=0',
  'net.ipv6.icmp.ratemask=127',
  // Every flow must be there to be read.
  'net.netfilter.nf_conntrack_sctp_timeout_cookie_wait=120',
];

/** In the mark of flows whose first packet was delivered to the node itself, behind all rules. */
const DELIVERED_MARK = 0x100;

/**
 * A reset would end a flow's entry before it is read: the kernel resets what nobody listens for. What the node sends
 * to itself has an entry before the rules of the input hook see it, so what passes them is marked. This also makes
 * the kernel track flows of both families, whatever the rules that are probed need.
 */
const OBSERVERS = `table inet bed {
  chain output {
    type filter hook output priority raw; policy accept;
    tcp flags & rst == rst notrack
  }
  chain input {
    type filter hook input priority 300; policy accept;
    ct state new ct mark set ct mark | ${DELIVERED_MARK}
  }
}
`;
