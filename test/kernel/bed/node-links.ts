/** The ways into and out of a node in a namespace, and the sockets that watch them. All belong to this process. */
import { type Address, ipv6Words } from '@shunt/model';
import {
  bindSocket,
  closeFile,
  control,
  inNetworkNamespace,
  openFile,
  openSocket,
  read,
  SOCK_DGRAM,
  SOCK_RAW,
  sendTo,
  setOption,
  write,
} from './system-calls.js';

/** include/uapi/linux/if_tun.h: TUNSETIFF, IFF_TUN | IFF_NO_PI. */
const TUNSETIFF = 0x400454ca;
const TUN_WITHOUT_HEADER = 0x1001;

/** include/linux/socket.h */
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const AF_PACKET = 17;

/** include/uapi/linux/in.h: the IP header comes with the packet. */
const IPPROTO_RAW = 255;

/** include/uapi/linux/if_ether.h, in network byte order. */
const ETH_P_ALL = 0x0300;

const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;

/** The devices: the uplink, where pods are, and one that only carries the node's addresses. */
export const DEVICES = { outside: 'outside', pods: 'pods', own: 'own' } as const;

const LOOPBACK_INDEX = 1;
const CAPTURE_BYTES = 1 << 26;

export class NodeLinks {
  readonly #outside: number;
  readonly #pods: number;
  readonly #own: number;
  readonly #raw: { readonly IPv4: number; readonly IPv6: number };
  readonly #loopback: number;
  readonly #conntrack: number;
  readonly #buffer = new Uint8Array(1 << 16);

  /** @param namespace - the name of a network namespace; the devices end with this process, or by `close` */
  constructor(namespace: string) {
    [this.#outside, this.#pods, this.#own, this.#raw, this.#loopback, this.#conntrack] = inNetworkNamespace(
      namespace,
      () =>
        [
          openTunnel(DEVICES.outside),
          openTunnel(DEVICES.pods),
          openTunnel(DEVICES.own),
          {
            IPv4: openSocket(AF_INET, SOCK_RAW, IPPROTO_RAW),
            IPv6: openSocket(AF_INET6, SOCK_RAW, IPPROTO_RAW),
          },
          watchLoopback(),
          openSocket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER),
        ] as const,
    );
  }

  /** A packet comes in from outside or from a pod. All hooks have seen it when this returns. */
  receive(from: 'outside' | 'pods', packet: Uint8Array): void {
    write(from === 'outside' ? this.#outside : this.#pods, packet);
  }

  /** The node itself sends a packet, from whatever address it says. */
  send(packet: Uint8Array, destination: Address): void {
    if (typeof destination === 'number') sendTo(this.#raw.IPv4, packet, socketAddress(destination));
    else sendTo(this.#raw.IPv6, packet, socketAddress6(destination));
  }

  /** Packets that left the node or went over its loopback since the last call; each is valid for one step. */
  *departed(): Generator<Uint8Array> {
    for (const descriptor of [this.#outside, this.#pods, this.#own, this.#loopback]) {
      for (;;) {
        const size = read(descriptor, this.#buffer);
        if (size === 0) break;
        yield this.#buffer.subarray(0, size);
      }
    }
  }

  /** Forgets all tracked flows of the namespace. */
  flushFlows(): void {
    const error = sendTo(this.#conntrack, FLUSH_REQUEST, NETLINK_KERNEL);
    if (error !== null) throw new Error(`flush of connection tracking: ${error}`);
    const size = read(this.#conntrack, this.#buffer);
    const answer = new DataView(this.#buffer.buffer, 0, size);
    // struct nlmsgerr after the header; 0 is the acknowledgement.
    if (size < 20 || answer.getInt32(16, true) !== 0)
      throw new Error('flush of connection tracking: refused');
  }

  close(): void {
    const all = [this.#outside, this.#pods, this.#own, this.#raw.IPv4, this.#raw.IPv6];
    for (const descriptor of [...all, this.#loopback, this.#conntrack]) closeFile(descriptor);
  }
}

function openTunnel(name: string): number {
  const descriptor = openFile('/dev/net/tun', 'read and write');
  // struct ifreq: the name in 16 bytes, then the flags.
  const request = new Uint8Array(40);
  new TextEncoder().encodeInto(name, request);
  new DataView(request.buffer).setUint16(16, TUN_WITHOUT_HEADER, true);
  control(descriptor, `tunnel device ${name}`, TUNSETIFF, request);
  return descriptor;
}

function watchLoopback(): number {
  const descriptor = openSocket(AF_PACKET, SOCK_DGRAM, ETH_P_ALL);
  setOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, CAPTURE_BYTES);
  // struct sockaddr_ll
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, AF_PACKET, true);
  address.setUint16(2, ETH_P_ALL, true);
  address.setInt32(4, LOOPBACK_INDEX, true);
  bindSocket(descriptor, new Uint8Array(address.buffer));
  return descriptor;
}

function socketAddress(destination: number): Uint8Array {
  const address = new DataView(new ArrayBuffer(16));
  address.setUint16(0, AF_INET, true);
  address.setUint32(4, destination);
  return new Uint8Array(address.buffer);
}

function socketAddress6(destination: bigint): Uint8Array {
  const address = new DataView(new ArrayBuffer(28));
  address.setUint16(0, AF_INET6, true);
  ipv6Words(destination).forEach((word, index) => void address.setUint32(8 + 4 * index, word));
  return new Uint8Array(address.buffer);
}

/** include/uapi/linux/netlink.h and nfnetlink_conntrack.h. */
const NETLINK_NETFILTER = 12;
const IPCTNL_MSG_CT_DELETE = (1 << 8) | 2;
const NLM_F_REQUEST_ACK = 5;

/** A deletion that names no flow deletes all. */
const FLUSH_REQUEST = ((): Uint8Array => {
  const message = new DataView(new ArrayBuffer(20));
  message.setUint32(0, 20, true);
  message.setUint16(4, IPCTNL_MSG_CT_DELETE, true);
  message.setUint16(6, NLM_F_REQUEST_ACK, true);
  return new Uint8Array(message.buffer);
})();

const NETLINK_KERNEL = ((): Uint8Array => {
  const address = new DataView(new ArrayBuffer(12));
  address.setUint16(0, AF_NETLINK, true);
  return new Uint8Array(address.buffer);
})();
