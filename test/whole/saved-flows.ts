/** Stateful dataplanes with flows in them, and what they have saved. */
import type { Ruleset } from '@shunt/compiler';
import { Dataplane, StatefulDataplane } from '@shunt/dataplane';
import {
  address,
  FAMILIES,
  flowVerdictWords,
  matchTableChecksum,
  type Packet,
  packetWords,
  readFlowVerdict,
  setPacketHint,
  TCP_ACK,
  TCP_SYN,
  writePacket,
} from '@shunt/model';
import { MASQUERADE } from './live-system.js';
import type { Kernels } from './live-table.js';

export const FLOW_OPTIONS = { flows: 16, clients: 4 };

/** Begins with flows that were saved, or without any. */
export function begin({
  image,
  kernels,
  saved,
}: {
  readonly image: Uint32Array;
  readonly kernels: Kernels;
  readonly saved?: Uint32Array;
}): StatefulDataplane {
  return new StatefulDataplane({
    table: Dataplane.load(image, { kernels: 'typescript', random: () => 0 }),
    families: {
      IPv4: { ...FLOW_OPTIONS, masquerade: { addresses: MASQUERADE.IPv4.subarray(0, 1) } },
      IPv6: { ...FLOW_OPTIONS, masquerade: { addresses: MASQUERADE.IPv6.subarray(0, 4) } },
    },
    counting: { servicePorts: 8, backends: 32 },
    batchPackets: 64,
    webAssembly: kernels === 'webassembly',
    ...(saved === undefined ? {} : { saved }),
  });
}

const SOURCES = { IPv4: address('10.0.7.7'), IPv6: address('fd00:10::7') };

/** A client's packets to all frontends at an address, the replies of those that go on, and an answer to these. */
export function talk(dataplane: StatefulDataplane, { servicePorts }: Ruleset): void {
  for (const family of FAMILIES) {
    const packets = servicePorts.flatMap(({ family: own, protocol, frontends }) =>
      frontends.flatMap(({ address: destination, port }): Packet[] =>
        destination === null || own !== family
          ? []
          : [1, 2, 3].map((sourcePort) => {
              const source = SOURCES[family];
              return { protocol, source, sourcePort, destination, destinationPort: port };
            }),
      ),
    );
    const send = (list: readonly Packet[], hint: number): (Packet | null)[] => {
      const records = new Uint32Array(list.length * packetWords(family));
      const verdicts = new Uint32Array(list.length * flowVerdictWords(family));
      list.forEach((packet, index) => {
        writePacket(records, index, packet);
        if (packet.protocol === 'TCP') setPacketHint(records, index, family, hint);
      });
      dataplane.process(family, records, verdicts, list.length, 7);
      return list.map(({ protocol }, index) => {
        const { rewritten } = readFlowVerdict(verdicts, index, family);
        return rewritten === null ? null : { protocol, ...rewritten };
      });
    };
    send(send(packets, TCP_SYN).flatMap(turned), TCP_SYN | TCP_ACK);
    send(packets, TCP_ACK);
  }
}

function turned(packet: Packet | null): Packet[] {
  if (packet === null) return [];
  const { source, sourcePort = 0, destination, destinationPort } = packet;
  return [
    {
      ...packet,
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
    },
  ];
}

/** Gives saved words the checksum that they should have. */
export function resealed(words: Uint32Array): Uint32Array {
  return words.with(3, matchTableChecksum(words));
}
