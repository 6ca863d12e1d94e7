import { Evaluator, emitTable } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  address,
  type Family,
  type Packet,
  packetWords,
  readVerdict,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poolOf, rulesetWith, servicePortWith, variedRuleset } from './small-ruleset.js';

const toCart: Packet = {
  protocol: 'TCP',
  source: address('10.0.0.9'),
  sourcePort: 40_000,
  destination: address('10.96.0.10'),
  destinationPort: 80,
};

function lookUpAll(dataplane: Dataplane, packets: readonly Packet[], family: Family): Uint32Array {
  const records = new Uint32Array(packets.length * packetWords(family));
  const verdicts = new Uint32Array(packets.length * verdictWords(family)).fill(0xffffffff);
  packets.forEach((packet, index) => void writePacket(records, index, packet));
  if (family === 'IPv4') dataplane.lookupBatch(records, verdicts, packets.length);
  else dataplane.lookupBatch6(records, verdicts, packets.length);
  return verdicts;
}

describe('a batch', () => {
  it.each([0, 1, 63, 64, 65, 200])('of %i packets gets the verdicts of single lookups', (count) => {
    const cases = rulesets().chain((ruleset) =>
      fc.record({
        ruleset: fc.constant(ruleset),
        packets: fc.array(packetsFor(ruleset), { minLength: count, maxLength: count }),
      }),
    );
    const property = fc.property(cases, ({ ruleset, packets }) => {
      const { image } = emitTable(ruleset, { seed: 3 });
      const dataplane = Dataplane.load(image, { random: () => 0 });
      for (const family of ['IPv4', 'IPv6'] as const) {
        const some = packets.filter((packet) => (typeof packet.source === 'number') === (family === 'IPv4'));
        const verdicts = lookUpAll(dataplane, some, family);
        some.forEach((packet, index) => {
          expect({ ...readVerdict(verdicts, index, family), frontend: null }).toEqual(
            dataplane.lookup(packet),
          );
        });
      }
    });
    fc.assert(property, { numRuns: 10 });
  });

  it('leaves verdicts behind its count alone', () => {
    const verdicts = new Uint32Array(8).fill(0xffffffff);
    Dataplane.load(emitTable(variedRuleset()).image).lookupBatch(new Uint32Array(8), verdicts, 1);
    expect([...verdicts.subarray(4)]).toEqual([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
  });

  it('is refused when an array has no room for it', () => {
    const dataplane = Dataplane.load(emitTable(variedRuleset()).image);
    const words = (count: number): Uint32Array => new Uint32Array(count);
    const message = (title: string, want: number, got: number): RangeError =>
      new RangeError(`"${title}" expected at least ${want} words, got ${got}`);
    expect(() => dataplane.lookupBatch(words(7), words(8), 2)).toThrow(message('packets', 8, 7));
    expect(() => dataplane.lookupBatch(words(8), words(7), 2)).toThrow(message('verdicts', 8, 7));
    expect(() => dataplane.lookupBatch6(words(23), words(16), 2)).toThrow(message('packets', 24, 23));
    expect(() => dataplane.lookupBatch6(words(24), words(15), 2)).toThrow(message('verdicts', 16, 15));
    expect(() => dataplane.lookupBatch(words(8), words(8), -1)).toThrow(
      `"count" expected an integer from 0 to ${2 ** 28}, got -1`,
    );
    expect(() => dataplane.lookupBatch(words(8), words(8), 2 ** 28 + 1)).toThrow(/^"count" expected/);
  });

  it.each(['webassembly', 'typescript'] as const)('is not answered over itself: %s', (kernels) => {
    const dataplane = Dataplane.load(emitTable(variedRuleset()).image, { kernels, batchBytes: 1_024 });
    const apart = new RangeError('"verdicts" expected room apart from that of "packets"');
    const { packets } = dataplane.allocateBatch('IPv4', 4);
    for (const words of [new Uint32Array(16), packets]) {
      const refused = (at: number, count: number) => () =>
        dataplane.lookupBatch(words, words.subarray(at), count);
      expect(refused(0, 1)).toThrow(apart);
      expect(refused(4, 3)).toThrow(apart);
      expect(refused(8, 2)).not.toThrow();
      expect(refused(0, 0)).not.toThrow();
    }
  });

  it.each(['webassembly', 'typescript'] as const)('is not answered over the table: %s', (kernels) => {
    const { image } = emitTable(variedRuleset());
    const dataplane = Dataplane.load(image, { kernels });
    expect(() => dataplane.lookupBatch(new Uint32Array(4), dataplane.image, 1)).toThrow(
      new RangeError('"verdicts" expected room outside of the table'),
    );
    expect(dataplane.image).toEqual(image);
  });

  it('looks at the low 8 bits of the protocol only', () => {
    const { image } = emitTable(rulesetWith(servicePortWith({})));
    const dataplane = Dataplane.load(image);
    const records = new Uint32Array(4);
    const verdicts = new Uint32Array(4);
    writePacket(records, 0, toCart);
    // The bit of the node-port space must not be within a packet's reach.
    for (const [protocol, verdict] of [
      [6, 'dnat'],
      [0xff06, 'dnat'],
      [47, 'none'],
      [0, 'none'],
    ] as const) {
      records[3] = protocol;
      dataplane.lookupBatch(records, verdicts, 1);
      expect(readVerdict(verdicts, 0, 'IPv4').verdict).toBe(verdict);
    }
  });
});

describe('a lookup', () => {
  it('names the frontend that decided when there is a directory', () => {
    const ruleset = variedRuleset();
    const { image, directory } = emitTable(ruleset);
    const result = Dataplane.load(image, { directory }).lookup(toCart);
    expect(result.frontend?.servicePort).toBe(ruleset.servicePorts[0]);
    expect(result.frontend?.frontend.kind).toBe('clusterIP');
    expect(Dataplane.load(image).lookup(toCart).frontend).toBeNull();
  });

  it('balances a packet without source port as port 0', () => {
    const dataplane = Dataplane.load(emitTable(variedRuleset()).image);
    const { sourcePort: _, ...portless } = toCart;
    expect(dataplane.lookup(portless)).toEqual(dataplane.lookup({ ...toCart, sourcePort: 0 }));
  });

  it('refuses a packet that is none', () => {
    const dataplane = Dataplane.load(emitTable(variedRuleset()).image);
    expect(() => dataplane.lookup({ ...toCart, source: 1n })).toThrow(RangeError);
    expect(() => dataplane.lookup({ ...toCart, destinationPort: 65_536 })).toThrow(RangeError);
  });

  it('refuses a protocol that there is none of by its name', () => {
    const dataplane = Dataplane.load(emitTable(variedRuleset()).image);
    for (const protocol of ['tcp', 'ICMPv6', '', undefined, 6]) {
      for (const [source, destination] of [
        ['10.0.0.9', '10.96.0.10'],
        ['fd00::9', 'fd00::10'],
      ] as const) {
        expect(() =>
          dataplane.lookup({ ...toCart, source, destination, protocol: protocol as 'TCP' }),
        ).toThrow(
          new RangeError(`"protocol" expected TCP, UDP, SCTP or ICMP, got ${JSON.stringify(protocol)}`),
        );
      }
    }
    expect(dataplane.lookup({ ...toCart, protocol: 'ICMP' }).verdict).toBeDefined();
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 40, -1n, 1n << 128n, 1n << 200n])('refuses the address %s', (one) => {
    const dataplane = Dataplane.load(emitTable(variedRuleset()).image);
    const range = typeof one === 'number' ? 'integer 0..2^32-1' : 'integer 0..2^128-1';
    const other = typeof one === 'number' ? 1 : 1n;
    const both = { source: other, destination: other };
    for (const title of ['source', 'destination']) {
      expect(() => dataplane.lookup({ ...toCart, ...both, [title]: one })).toThrow(
        new RangeError(`"${title}" expected ${range}, got ${one}`),
      );
    }
  });

  it('refuses an address that is neither a number nor a text', () => {
    const dataplane = Dataplane.load(emitTable(variedRuleset()).image);
    const none = undefined as unknown as string;
    expect(() => dataplane.lookup({ ...toCart, source: none })).toThrow(
      new TypeError('"source" expected a number, a bigint or a text, got undefined'),
    );
  });

  it('never changes the image', () => {
    const ruleset = variedRuleset();
    const { image } = emitTable(ruleset);
    const before = image.slice();
    const dataplane = Dataplane.load(image);
    fc.assert(fc.property(packetsFor(ruleset), (packet) => void dataplane.lookup(packet)));
    expect(image).toEqual(before);
  });

  it('counts the later of two frontends with one key, as the specification does', () => {
    const first = servicePortWith({});
    const second = servicePortWith({ name: 'copy', clusterPool: poolOf(1, [0]) });
    const ruleset = rulesetWith(first, second);
    const { image, directory } = emitTable(ruleset);
    const { frontend } = Dataplane.load(image, { directory }).lookup(toCart);
    expect(frontend?.servicePort).toBe(new Evaluator(ruleset).evaluate(toCart).servicePort);
  });
});

describe('strategy random', () => {
  const random = servicePortWith({ clusterPool: poolOf(4, [0, 1, 2, 3], 'random') });
  const { image } = emitTable(rulesetWith(random));

  it('asks the given generator once for each flow, and takes the backend that it says', () => {
    let asked = 0;
    const values = [0, 0x40000000, 0x80000000, 0xffffffff];
    const dataplane = Dataplane.load(image, { random: () => values[asked++] as number });
    const backends = values.map(() => dataplane.lookup(toCart).backend?.address);
    expect(backends).toEqual(random.clusterPool?.backends.map((backend) => backend.address));
    expect(asked).toBe(values.length);
  });

  it.each(['webassembly', 'typescript'] as const)(
    'leaves the verdict as it was if that throws: %s',
    (kernels) => {
      const fail = (): number => {
        throw new Error('no entropy');
      };
      const dataplane = Dataplane.load(image, { kernels, random: fail });
      dataplane.verdict.fill(7);
      expect(() => dataplane.lookup(toCart)).toThrow('no entropy');
      expect(new Set(dataplane.verdict)).toEqual(new Set([7]));
    },
  );

  it('reaches every backend alike with the generator of its own', () => {
    const dataplane = Dataplane.load(image);
    const counts = new Map<number, number>();
    for (let i = 0; i < 4_000; i++) {
      const index = dataplane.lookup(toCart).backend?.index ?? 0;
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    expect(counts.size).toBe(4);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('is told apart from other strategies, which ask no generator', () => {
    const fail = (): number => expect.fail('asked');
    const { image: other } = emitTable(rulesetWith(servicePortWith({})));
    expect(Dataplane.load(other, { random: fail }).lookup(toCart).verdict).toBe('dnat');
  });
});
