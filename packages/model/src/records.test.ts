import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { address } from './address.js';
import type { Packet } from './packet.js';
import { setPacketHint, TCP_ACK, TCP_FIN, TCP_SYN } from './packet-hint.js';
import {
  flowVerdictWords,
  PACKET_HINT_SHIFT,
  packetWords,
  readFlowVerdict,
  readPacket,
  readVerdict,
  verdictWords,
  writePacket,
} from './records.js';

const ports = fc.integer({ min: 0, max: 65_535 });
const protocols = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const, 'ICMP' as const);
const addresses4 = fc.integer({ min: 0, max: 0xffffffff });
const addresses6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

function packetsOf(addresses: fc.Arbitrary<number | bigint>): fc.Arbitrary<Packet> {
  return fc.record({
    protocol: protocols,
    source: addresses,
    sourcePort: ports,
    destination: addresses,
    destinationPort: ports,
  });
}

describe('a packet record', () => {
  it.each([
    ['IPv4', packetsOf(addresses4)],
    ['IPv6', packetsOf(addresses6)],
  ] as const)('reads as the %s packet that was written, and touches no other record', (family, packets) => {
    const property = fc.property(packets, fc.nat(3), (packet, index) => {
      const words = packetWords(family);
      const records = new Uint32Array(4 * words).fill(0xa5a5a5a5);
      writePacket(records, index, packet);
      expect(readPacket(records, index, family)).toEqual(packet);
      const others = [...records].filter((_, at) => Math.floor(at / words) !== index);
      expect(others.every((word) => word === 0xa5a5a5a5)).toBe(true);
    });
    fc.assert(property);
  });

  it('holds port 0 for a source port that is not known', () => {
    const records = new Uint32Array(4);
    writePacket(records, 0, { protocol: 'ICMP', source: 1, destination: 2, destinationPort: 0 });
    expect([...records]).toEqual([1, 2, 0, 1]);
    expect(readPacket(records, 0, 'IPv4')?.sourcePort).toBe(0);
  });

  it('lays out IPv6 in twelve words', () => {
    const records = new Uint32Array(12);
    const [source, destination] = [address('2001:db8::1'), address('fd00::2:0')];
    writePacket(records, 0, { protocol: 'TCP', source, sourcePort: 258, destination, destinationPort: 80 });
    expect([...records]).toEqual([0x20010db8, 0, 0, 1, 0xfd000000, 0, 0, 0x20000, 0x01020050, 6, 0, 0]);
  });

  it('of a protocol that a packet cannot name is no packet', () => {
    expect(readPacket(Uint32Array.of(1, 2, 0, 47), 0, 'IPv4')).toBeNull();
  });

  it('is refused outside of the array, and with addresses of two families', () => {
    const packet: Packet = { protocol: 'TCP', source: 1, destination: 2, destinationPort: 80 };
    const message = '"index" expected one of 1 records of 4 words, got ';
    expect(() => writePacket(new Uint32Array(7), 1, packet)).toThrow(new RangeError(`${message}1`));
    expect(() => readPacket(new Uint32Array(7), -1, 'IPv4')).toThrow(new RangeError(`${message}-1`));
    expect(() => writePacket(new Uint32Array(12), 0, { ...packet, source: 1n })).toThrow(RangeError);
  });
});

describe('a verdict record', () => {
  it('reads as verdict, origin, reason, masquerade and backend', () => {
    // dnat (1), masquerade (8), node (1 << 4), by the frontend (1 << 8), port 8080.
    const outcome = 1 | 8 | (1 << 4) | (1 << 8) | (8080 << 16);
    const want = {
      verdict: 'dnat',
      origin: 'node',
      decidedBy: 'frontend',
      masquerade: true,
      frontendIndex: 7,
    };
    expect(readVerdict(Uint32Array.of(outcome, 0x0a000001, 3, 7), 0, 'IPv4')).toEqual({
      ...want,
      backend: { address: 0x0a000001, port: 8080, index: 3 },
    });
    expect(readVerdict(Uint32Array.of(outcome, 0, 3, 7, 0x20010db8, 0, 0, 9), 0, 'IPv6')).toEqual({
      ...want,
      backend: { address: address('2001:db8::9'), port: 8080, index: 3 },
    });
  });

  it('without a translation has no backend', () => {
    const record = Uint32Array.of(3 | (2 << 4) | (4 << 8), 0, 0, 0);
    expect(readVerdict(record, 0, 'IPv4')).toEqual({
      verdict: 'drop',
      origin: 'outside',
      decidedBy: 'service-cidr',
      masquerade: false,
      backend: null,
      frontendIndex: 0,
    });
  });

  it('that was never written by a lookup is refused', () => {
    expect(() => readVerdict(Uint32Array.of(7, 0, 0, 0), 0, 'IPv4')).toThrow('"records" expected a verdict');
    expect(() => readVerdict(new Uint32Array(verdictWords('IPv6') - 1), 0, 'IPv6')).toThrow(RangeError);
  });
});

describe('a flow verdict record', () => {
  // dnat, origin outside (2 << 4), established (1 << 6), by the frontend, source and destination rewritten.
  const outcome = 1 | (2 << 4) | (1 << 6) | (1 << 8) | (1 << 12) | (1 << 13) | (8080 << 16);
  const ports = (40_000 << 16) | 8080;

  it('reads as what the packet is to be', () => {
    const want = {
      verdict: 'dnat',
      origin: 'outside',
      decidedBy: 'frontend',
      masquerade: false,
      established: true,
      reply: false,
      backendIndex: 3,
      frontendIndex: 7,
    };
    const record4 = Uint32Array.of(outcome, 0x0a000001, 3, 7, 0x0a090001, ports, 99, 99);
    expect(readFlowVerdict(record4, 0, 'IPv4')).toEqual({
      ...want,
      rewritten: {
        source: 0x0a090001,
        sourcePort: 40_000,
        destination: 0x0a000001,
        destinationPort: 8080,
      },
    });
    const record6 = Uint32Array.of(
      outcome,
      0,
      3,
      7,
      0x20010db8,
      0,
      0,
      9,
      0x20010db8,
      0,
      0,
      1,
      ports,
      0,
      0,
      0,
    );
    expect(readFlowVerdict(record6, 0, 'IPv6')).toEqual({
      ...want,
      rewritten: {
        source: address('2001:db8::1'),
        sourcePort: 40_000,
        destination: address('2001:db8::9'),
        destinationPort: 8080,
      },
    });
  });

  it('without a translation is to be nothing', () => {
    const record = new Uint32Array(8);
    record[0] = 3 | (8 << 8);
    expect(readFlowVerdict(record, 0, 'IPv4')).toMatchObject({
      verdict: 'drop',
      decidedBy: 'masquerade',
      established: false,
      reply: false,
      rewritten: null,
    });
  });

  it('that was never written is refused', () => {
    expect(() => readFlowVerdict(Uint32Array.of(3 | (15 << 8), 0, 0, 0, 0, 0, 0, 0), 0, 'IPv4')).toThrow(
      '"records" expected a verdict',
    );
    expect(() => readFlowVerdict(new Uint32Array(flowVerdictWords('IPv6') - 1), 0, 'IPv6')).toThrow(
      RangeError,
    );
  });
});

describe('the hint of a packet', () => {
  it.each(['IPv4', 'IPv6'] as const)('of %s is beside its protocol, which is read as before', (family) => {
    const [source, destination] = family === 'IPv4' ? [1, 2] : [1n, 2n];
    const packet = { protocol: 'TCP', source, destination, sourcePort: 1, destinationPort: 2 } as const;
    const records = new Uint32Array(2 * packetWords(family));
    writePacket(records, 1, packet);
    setPacketHint(records, 1, family, TCP_SYN);
    setPacketHint(records, 1, family, TCP_FIN | TCP_ACK);
    const at = packetWords(family) + (family === 'IPv4' ? 3 : 9);
    expect(records[at]).toBe(((TCP_FIN | TCP_ACK) << PACKET_HINT_SHIFT) | 6);
    expect(readPacket(records, 1, family)).toEqual(packet);
  });
});
