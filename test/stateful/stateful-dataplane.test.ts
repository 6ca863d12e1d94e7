import { emitTable } from '@shunt/compiler';
import { Dataplane, StatefulDataplane, type StatefulDataplaneOptions } from '@shunt/dataplane';
import {
  address,
  FAMILIES,
  type Family,
  flowVerdictWords,
  ipv6Words,
  type Packet,
  packetWords,
  readFlowVerdict,
  setPacketHint,
  TCP_ACK,
  TCP_SYN,
  VERDICTS,
  writePacket,
} from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { variedRuleset } from '../table/small-ruleset.js';

const NODE: Readonly<Record<Family, string>> = { IPv4: '192.168.0.2', IPv6: '2001:db8::1' };
const ruleset = variedRuleset();
const { image } = emitTable(ruleset);
const dataplane = Dataplane.load(image);
const table = {
  image,
  lookupBatch: dataplane.lookupBatch.bind(dataplane),
  lookupBatch6: dataplane.lookupBatch6.bind(dataplane),
};

function wordsOf(text: string): Uint32Array {
  const one = address(text);
  return Uint32Array.from(typeof one === 'number' ? [one] : ipv6Words(one));
}

function stateful(changes: Partial<StatefulDataplaneOptions> = {}): StatefulDataplane {
  const family = (name: Family) => ({
    flows: 64,
    clients: 8,
    masquerade: { addresses: wordsOf(NODE[name]) },
  });
  return new StatefulDataplane({
    table,
    families: { IPv4: family('IPv4'), IPv6: family('IPv6') },
    counting: { servicePorts: 32, backends: 256 },
    batchPackets: 128,
    ...changes,
  });
}

/** A client's packet to each frontend that sends it on. */
function clientPackets(family: Family): Packet[] {
  const source = address(family === 'IPv4' ? '10.0.7.7' : 'fd00:10::7');
  const packets = ruleset.servicePorts.flatMap(({ frontends, protocol }) =>
    frontends.flatMap(({ address: destination, port: destinationPort, kind }): Packet[] =>
      destination === null || typeof destination !== typeof source || kind === 'healthCheckNodePort'
        ? []
        : [{ protocol, source, sourcePort: 40_000, destination, destinationPort }],
    ),
  );
  return packets.filter((packet) => dataplane.lookup(packet).verdict === 'dnat');
}

function send(to: StatefulDataplane, family: Family, packets: readonly Packet[], hint: number, now: number) {
  const { packets: records, verdicts } = to.records(family);
  packets.forEach((packet, index) => {
    writePacket(records, index, packet);
    if (packet.protocol === 'TCP') setPacketHint(records, index, family, hint);
  });
  to.process(family, records, verdicts, packets.length, now);
  return packets.map((_, index) => readFlowVerdict(verdicts, index, family));
}

/** Sends packets and their replies, until all flows are as established as they get. @returns how many packets */
function talk(to: StatefulDataplane, family: Family, now: number): number {
  const packets = clientPackets(family);
  const first = send(to, family, packets, TCP_SYN, now);
  const replies = first.map(({ rewritten }, index): Packet => {
    if (rewritten === null) throw new Error('expected a flow');
    const { source, sourcePort, destination, destinationPort } = rewritten;
    const { protocol } = packets[index] as Packet;
    return {
      protocol,
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
    };
  });
  const back = send(to, family, replies, TCP_SYN | TCP_ACK, now);
  back.forEach(({ rewritten }, index) => {
    const { source, sourcePort, destination, destinationPort } = packets[index] as Packet;
    const want = {
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
    };
    expect(rewritten).toEqual(want);
  });
  send(to, family, packets, TCP_ACK, now);
  return packets.length;
}

describe.each([
  ['WebAssembly', true],
  ['TypeScript', false],
] as const)('a stateful dataplane with loops in %s', (_, webAssembly) => {
  it('answers both families by one table, and counts', () => {
    const one = stateful({ webAssembly });
    expect(one.hasKernels).toBe(webAssembly);
    const talks = FAMILIES.map((family) => talk(one, family, 7));
    expect(talks.every((count) => count > 0)).toBe(true);
    const flows = talks.reduce((sum, count) => sum + count);
    expect([...one.flows(8)].length).toBe(flows);
    expect(FAMILIES.map((family) => one.statistics(family).flows).reduce((a, b) => a + b)).toBe(flows);
    one.collect();
    const ports = Array.from({ length: 32 }, (_, number) => one.counters.servicePort(number));
    const backends = [...one.counters.backends()].map(({ counts }) => counts);
    for (const counts of [ports, backends]) {
      const sum = (what: 'flows' | 'packets' | 'replies') => counts.reduce((all, it) => all + it[what], 0);
      expect([sum('flows'), sum('packets'), sum('replies')]).toEqual([flows, 2 * flows, flows]);
    }
    expect(one.expire(1_000_000, 1_024)).toBe(flows);
  });

  it('goes on from what was saved', () => {
    const before = stateful({ webAssembly });
    for (const family of FAMILIES) talk(before, family, 7);
    before.collect();
    const saved = before.save();
    const after = stateful({ webAssembly: !webAssembly, saved });
    expect([...after.flows(9)]).toEqual([...before.flows(9)]);
    expect(after.counters.servicePort(1)).toEqual(before.counters.servicePort(1));
    expect([...after.counters.backends()]).toEqual([...before.counters.backends()]);
    expect([...after.counters.backends()].length).toBeGreaterThan(1);
    for (const family of FAMILIES) {
      const packets = clientPackets(family);
      const verdicts = send(after, family, packets, TCP_ACK, 9);
      expect(verdicts).toEqual(send(before, family, packets, TCP_ACK, 9));
      expect(verdicts.every(({ established }) => established)).toBe(true);
    }
  });

  it('begins no flow for nobody, and masquerades with no address of nobody', () => {
    const one = stateful({ webAssembly });
    for (const family of FAMILIES) {
      const [packet] = clientPackets(family) as [Packet];
      const source = family === 'IPv4' ? 0 : 0n;
      const [verdict] = send(one, family, [{ ...packet, source }], TCP_SYN, 0);
      expect(verdict).toMatchObject({ verdict: 'drop', decidedBy: 'no-flow' });
      const addresses = wordsOf(NODE[family]).fill(0);
      const options = { flows: 1, clients: 1, masquerade: { addresses } };
      expect(() => stateful({ webAssembly, families: { [family]: options } })).toThrow('"masquerade"');
    }
  });

  it('takes any words for packets', () => {
    const one = stateful({ webAssembly });
    for (const family of FAMILIES) talk(one, family, 0);
    const { length } = one.save();
    for (const family of FAMILIES) {
      const count = 80;
      const words = count * packetWords(family);
      const verdicts = new Uint32Array(count * flowVerdictWords(family));
      const known = clientPackets(family);
      fc.assert(
        fc.property(
          fc.uint32Array({ minLength: words, maxLength: words }),
          fc.nat({ max: 2 ** 32 - 1 }),
          fc.array(fc.nat({ max: count - 1 }), { maxLength: 8 }),
          (packets, now, places) => {
            // Some of flows, so that not all end at the first look.
            for (const place of places) writePacket(packets, place, known[place % known.length] as Packet);
            one.process(family, packets, verdicts, count, now);
            for (let index = 0; index < count; index++) {
              expect(VERDICTS).toContain(readFlowVerdict(verdicts, index, family).verdict);
            }
          },
        ),
        { numRuns: 200 },
      );
    }
    expect(one.save().length).toBe(length);
  });

  it('refuses what was saved of others, or is damaged', () => {
    const saved = stateful({ webAssembly }).save();
    const refused = (words: Uint32Array, text: string): void =>
      expect(() => stateful({ webAssembly, saved: words })).toThrow(text);
    refused(saved.slice(1), 'it does not begin as such');
    refused(saved.slice(0, -1), `it has ${saved.length - 1} words of ${saved.length}`);
    refused(
      saved.map((word, index) => (index === 1 ? 1 : word)),
      'it has version 1',
    );
    refused(
      saved.map((word, index) => (index === 4 ? word + 1 : word)),
      'its regions have other sizes',
    );
    refused(
      saved.map((word, index) => (index === saved.length - 9 ? word ^ 8 : word)),
      'its checksum is wrong',
    );
  });
});

it('has families with options only', () => {
  const one = stateful({ families: {} });
  expect(() => one.records('IPv4')).toThrow('"family" expected one with options, got IPv4');
  expect([...one.flows(0)]).toEqual([]);
});
