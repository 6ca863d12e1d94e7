import { type Address, formatEndpoint, type Packet } from '@shunt/model';
import type { Answers } from '../lookup/implementation.js';
import { type Packets, packetRecords } from '../workload/packets.js';
import { type Random, shuffle } from '../workload/random.js';

/** Flows that were sent to a backend, and shall stay with it. IPv4. */
export interface Flows {
  /** A packet of each, in the order in which they are looked up. */
  readonly packets: Packets;
  /** Number 0 is none. */
  readonly backends: readonly { readonly address: number; readonly port: number }[];
  /** By flow: the backend's number << 1, and 1 if the flow is masqueraded. */
  readonly memory: Uint32Array;
  /**
   * Another order than that of the packets. Where flows were stored in the order of the packets, a walk
   * through them would be a walk through memory, which no traffic is.
   */
  readonly insertionOrder: Uint32Array;
}

/** Takes those packets that were sent to a backend as the first of their flows. */
export function rememberFlows(random: Random, packets: Packets, answers: Answers): Flows {
  const numbers = new Map<string, number>();
  const backends = [{ address: 0, port: 0 }];
  const objects: Packet[] = [];
  const memory: number[] = [];
  packets.objects.forEach((packet, index) => {
    const { verdict, address, port, masquerade } = answers(index);
    if (verdict !== 'dnat') return;
    const key = formatEndpoint(address, port);
    const number = numbers.get(key) ?? backends.length;
    if (number === backends.length) {
      numbers.set(key, number);
      backends.push({ address: ipv4(address), port });
    }
    objects.push(packet);
    memory.push((number << 1) | (masquerade ? 1 : 0));
  });
  const order = shuffle(
    random,
    objects.map((_, index) => index),
  );
  return {
    packets: packetRecords(objects),
    backends,
    memory: Uint32Array.from(memory),
    insertionOrder: Uint32Array.from(order),
  };
}

function ipv4(address: Address): number {
  if (typeof address === 'bigint') throw new RangeError('"packets" expected IPv4');
  return address;
}
