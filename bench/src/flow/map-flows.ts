/**
 * What one writes first in JavaScript: a `Map` from what tells a flow to where its state is. From and to the
 * same records, and with the same to do for a packet: the time of the last one, a count, the verdict.
 */
import { FLOW_VERDICT4_WORDS, PACKET4_WORDS } from '@shunt/model';
import type { FlowImplementation, PreparedFlows } from './flow-implementation.js';
import type { FlowWorkload } from './flow-workload.js';

/** Finds the number of a packet's flow, which all flows got when they began. */
interface FlowIndex {
  set(packets: Uint32Array, packet: number, flow: number): void;
  get(packets: Uint32Array, packet: number): number | undefined;
}

export const stringMapFlows: FlowImplementation = {
  name: 'Map with string keys',
  prepare: (workload, answers) =>
    prepareMap(workload, answers, keyedIndex(new Map<string, number>(), textOf)),
};

export const bigintMapFlows: FlowImplementation = {
  name: 'Map with bigint keys',
  prepare: (workload, answers) =>
    prepareMap(workload, answers, keyedIndex(new Map<bigint, number>(), bigintOf)),
};

/** A `Map` of frontends, by number, with a `Map` of clients each: numbers are exact to 53 bits only. */
export const numberMapFlows: FlowImplementation = {
  name: 'Map of Maps with number keys',
  prepare: (workload, answers) => prepareMap(workload, answers, nestedIndex()),
};

function prepareMap(
  { count, packets, order }: FlowWorkload,
  answers: Uint32Array,
  index: FlowIndex,
): PreparedFlows {
  const remembered = new Uint32Array(count * FLOW_VERDICT4_WORDS);
  const lastSeen = new Uint32Array(count);
  const packetCounts = new Float64Array(count);
  const verdicts = new Uint32Array(count * FLOW_VERDICT4_WORDS);
  order.forEach((packet, flow) => {
    index.set(packets, packet * PACKET4_WORDS, flow);
    const answer = packet * FLOW_VERDICT4_WORDS;
    remembered.set(answers.subarray(answer, answer + FLOW_VERDICT4_WORDS), flow * FLOW_VERDICT4_WORDS);
  });
  return {
    verdicts,
    bytesPerFlow: null,
    run(first, packetCount, now) {
      for (let packet = first; packet < first + packetCount; packet++) {
        const flow = index.get(packets, packet * PACKET4_WORDS);
        if (flow === undefined) continue;
        lastSeen[flow] = now;
        packetCounts[flow] = (packetCounts[flow] as number) + 1;
        const from = flow * FLOW_VERDICT4_WORDS;
        const to = packet * FLOW_VERDICT4_WORDS;
        for (let word = 0; word < 6; word++) verdicts[to + word] = remembered[from + word] as number;
      }
    },
  };
}

type KeyOf<Key> = (source: number, destination: number, ports: number, protocol: number) => Key;

function keyedIndex<Key>(flows: Map<Key, number>, keyOf: KeyOf<Key>): FlowIndex {
  const key = (packets: Uint32Array, packet: number): Key =>
    keyOf(
      packets[packet] as number,
      packets[packet + 1] as number,
      packets[packet + 2] as number,
      (packets[packet + 3] as number) & 0xff,
    );
  return {
    set: (packets, packet, flow) => void flows.set(key(packets, packet), flow),
    get: (packets, packet) => flows.get(key(packets, packet)),
  };
}

const textOf: KeyOf<string> = (source, destination, ports, protocol) =>
  `${source} ${destination} ${ports} ${protocol}`;

const bigintOf: KeyOf<bigint> = (source, destination, ports, protocol) =>
  (BigInt(source) << 72n) | (BigInt(destination) << 40n) | (BigInt(ports) << 8n) | BigInt(protocol);

function nestedIndex(): FlowIndex {
  const frontends = new Map<number, Map<number, number>>();
  const frontendOf = (packets: Uint32Array, packet: number): number => {
    // 32 bits of address, 16 of port, and the protocol, of which three bits tell TCP, UDP and SCTP apart.
    const port = (packets[packet + 2] as number) & 0xffff;
    return ((packets[packet + 1] as number) * 65_536 + port) * 8 + ((packets[packet + 3] as number) & 7);
  };
  const clientOf = (packets: Uint32Array, packet: number): number =>
    (packets[packet] as number) * 65_536 + ((packets[packet + 2] as number) >>> 16);
  return {
    set(packets, packet, flow) {
      const frontend = frontendOf(packets, packet);
      const clients = frontends.get(frontend) ?? new Map<number, number>();
      clients.set(clientOf(packets, packet), flow);
      frontends.set(frontend, clients);
    },
    get: (packets, packet) => frontends.get(frontendOf(packets, packet))?.get(clientOf(packets, packet)),
  };
}
