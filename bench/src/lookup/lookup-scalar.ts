import { emitTable } from '@shunt/compiler';
import { Dataplane, type LookupResult, type PacketInput } from '@shunt/dataplane';
import {
  type Address,
  type Family,
  formatAddress,
  PACKET4_WORDS,
  type Packet,
  protocolNumber,
  readVerdict,
} from '@shunt/model';
import type { Packets } from '../workload/packets.js';
import { type Answer, BOTH_FAMILIES, type Implementation } from './implementation.js';

/** `Dataplane.lookup`: one packet object in, one verdict object out, whatever its addresses are. */
function lookupOf(name: string, inputOf: (packet: Packet) => PacketInput): Implementation {
  return {
    name,
    families: BOTH_FAMILIES,
    prepare(ruleset, packets, seed) {
      const { image } = emitTable(ruleset, { seed });
      const dataplane = Dataplane.load(image);
      const inputs = packets.objects.map(inputOf);
      let last: LookupResult | null = null;
      const run = (first: number, count: number): void => {
        for (let index = first; index < first + count; index++) {
          last = dataplane.lookup(inputs[index] as PacketInput);
        }
      };
      return {
        bytes: image.byteLength,
        run,
        answers: () => (index) => {
          run(index, 1);
          const { verdict, backend, masquerade } = last as LookupResult;
          return { verdict, address: backend?.address ?? 0, port: backend?.port ?? 0, masquerade };
        },
      };
    },
  };
}

export const lookupObject = lookupOf('lookup, an object a packet', (packet) => packet);

export const lookupStrings = lookupOf('lookup, addresses as text', (packet) => {
  const { protocol, source, sourcePort = 0, destination, destinationPort } = packet;
  return { protocol, source: textOf(source), sourcePort, destination: textOf(destination), destinationPort };
});

/** As a program reads it from elsewhere: what it has just put together is kept in pieces by the engine. */
function textOf(address: Address): string {
  return Buffer.from(formatAddress(address), 'latin1').toString('latin1');
}

/** `Dataplane.lookup4` or `lookup6`: numbers in, a number out. */
export const lookupNumbers: Implementation = {
  name: 'lookup4 and lookup6, numbers',
  families: BOTH_FAMILIES,
  prepare(ruleset, packets, seed) {
    const { image } = emitTable(ruleset, { seed });
    const dataplane = Dataplane.load(image);
    const run = packets.family === 'IPv4' ? runNumbers4(dataplane, packets) : runNumbers6(dataplane, packets);
    return {
      bytes: image.byteLength,
      run,
      answers: () => (index) => {
        run(index, 1);
        return answerOf(dataplane.verdict, packets.family);
      },
    };
  },
};

type Run = (first: number, count: number) => void;

function runNumbers4(dataplane: Dataplane, { records }: Packets): Run {
  return (first, count) => {
    for (let at = first * PACKET4_WORDS; at < (first + count) * PACKET4_WORDS; at += PACKET4_WORDS) {
      const ports = records[at + 2] as number;
      dataplane.lookup4(
        records[at] as number,
        ports >>> 16,
        records[at + 1] as number,
        ports & 0xffff,
        records[at + 3] as number,
      );
    }
  };
}

function runNumbers6(dataplane: Dataplane, { objects, family }: Packets): Run {
  const protocols = objects.map(({ protocol }) => protocolNumber(protocol, family));
  return (first, count) => {
    for (let index = first; index < first + count; index++) {
      const { source, sourcePort = 0, destination, destinationPort } = objects[index] as Packet;
      const protocol = protocols[index] as number;
      dataplane.lookup6(source as bigint, sourcePort, destination as bigint, destinationPort, protocol);
    }
  };
}

function answerOf(record: Uint32Array, family: Family): Answer {
  const { verdict, backend, masquerade } = readVerdict(record, 0, family);
  return { verdict, address: backend?.address ?? 0, port: backend?.port ?? 0, masquerade };
}
