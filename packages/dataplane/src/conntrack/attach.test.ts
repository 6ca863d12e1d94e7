import { type Family, packetWords, TCP_ACK, verdictWords } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counters } from '../counters/counters.js';
import { Conntrack } from './conntrack.js';
import { flowLayout, flowSections } from './flow-layout.js';

const COUNTING = { servicePorts: 4, backends: 4 };
const FLOWS = 6;
const CLIENTS = 5;

function newCounters(): Counters {
  return new Counters(new Uint32Array(Counters.regionWords(COUNTING)), 0, COUNTING);
}

/** Flows of a few clients: one answered, one deleted, one that had to change its port. */
function busy(family: Family) {
  const options = { family, flows: FLOWS } as const;
  const length = Conntrack.regionWords(options);
  const words = new Uint32Array(length);
  const counters = newCounters();
  const conntrack = new Conntrack(words, 0, options, counters);
  const { addressWords, verdictAddress } = flowLayout(family);
  const packets = Array.from({ length: CLIENTS }, (_, client) => {
    const packet = new Uint32Array(packetWords(family));
    packet[0] = 0x0a020000 + Math.max(client, 1);
    packet[addressWords] = 0x0a600000 + client;
    packet[2 * addressWords] = (40_000 << 16) | 80;
    packet[2 * addressWords + 1] = (TCP_ACK << 8) | (client === 4 ? 17 : 6);
    const verdict = new Uint32Array(verdictWords(family));
    verdict[0] = 1 | (8080 << 16);
    verdict[verdictAddress] = 0x0a010001;
    verdict[2] = 1;
    verdict[3] = 2;
    conntrack.begin(packet, 0, verdict, 0, 1 + (client % 2), verdict, 0, 5);
    return packet;
  });
  conntrack.plan(({ protocol }) => (protocol === 'UDP' ? 'delete' : 'drain'));
  return { options, length, words, conntrack, packets };
}

describe.each<Family>(['IPv4', 'IPv6'])('a region of %s that is attached to', (family) => {
  it('goes on with its flows, wherever it begins now', () => {
    const { options, length, words, conntrack, packets } = busy(family);
    const moved = new Uint32Array(length + 48);
    moved.set(words, 48);
    const counters = newCounters();
    const attached = Conntrack.attach(moved, 48, options, counters);
    expect([...attached.flows(9)]).toEqual([...conntrack.flows(9)]);
    expect([...attached.translations()]).toEqual([...conntrack.translations()]);
    expect(attached.statistics.flows).toBe(conntrack.statistics.flows);
    for (const [index, packet] of packets.entries()) {
      const here = attached.follow(packet, 0, 10);
      expect(here === 0 ? 0 : here - 48, `packet ${index}`).toBe(conntrack.follow(packet, 0, 10));
    }
    expect(attached.expire(1e6, attached.bucketCount)).toBe(conntrack.expire(1e6, conntrack.bucketCount));
    expect(attached.statistics.flows).toBe(0);
    expect(counters.servicePort(1).flows).toBeGreaterThan(0);
    expect([...counters.backends()].map(({ port }) => port)).toEqual([8080, 8080]);
    // All room is free again.
    for (const packet of packets.slice(0, 4)) {
      const verdict = new Uint32Array(verdictWords(family));
      verdict[0] = 1 | (8080 << 16);
      expect(attached.begin(packet, 0, verdict, 0, 1, verdict, 0, 1e6)).toBeGreaterThan(0);
    }
  });

  it('is refused if it is of other options, or of nothing', () => {
    const { options, words } = busy(family);
    const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
    const room = (): Uint32Array => {
      const more = new Uint32Array(4 * words.length);
      more.set(words);
      return more;
    };
    const attach = (changes: object): Conntrack =>
      Conntrack.attach(room(), 0, { ...options, ...changes }, newCounters());
    expect(() => attach({ family: other })).toThrow(`it is no table of flows of ${other}`);
    expect(() => attach({ flows: FLOWS - 1 })).toThrow('it is for 6 flows and 6 translations');
    expect(() => attach({ seed: 1 })).toThrow('it has another seed');
    expect(() => Conntrack.attach(room().fill(0), 0, options, newCounters())).toThrow('it is no table');
  });

  it('is refused if a rewrite has an outcome that no packet can have', () => {
    const { options, words } = busy(family);
    const { rewrites } = flowSections(flowLayout(family), FLOWS, FLOWS);
    const { rewriteWords } = flowLayout(family);
    const numbers = [...Array(FLOWS).keys()].flatMap((index) => [index + 1, index + FLOWS + 2]);
    // Without the address that it rewrites to, an entry finds no other.
    const said = (bit: number) =>
      bit === 4096 || bit === 8192 ? 'flows to go on' : 'outcome that no packet';
    // The verdict, masquerade, origin, reply, reason, what is translated, and the bits that are spare.
    const bits = [1, 2, 4, 8, 16, 32, 128, 256, 2048, 4096, 8192, 16_384, 32_768, 1 << 16];
    for (const number of numbers) {
      const at = rewrites + number * rewriteWords;
      const outcome = words[at] as number;
      if (outcome === 0) continue;
      for (const bit of bits) {
        const changed = words.slice();
        changed[at] = outcome ^ bit;
        const attach = () => Conntrack.attach(changed, 0, options, newCounters());
        expect(attach, `rewrite ${number}, bit ${bit}`).toThrow(said(bit));
      }
    }
    for (const bit of [1, 2, 4, 8, 128, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 1 << 16]) {
      const changed = words.slice();
      for (const number of numbers) {
        const at = rewrites + number * rewriteWords;
        if (changed[at] !== 0) changed[at] = (changed[at] as number) ^ bit;
      }
      const attach = () => Conntrack.attach(changed, 0, options, newCounters());
      expect(attach, `both rewrites, bit ${bit}`).toThrow(said(bit));
    }
    expect(() => Conntrack.attach(words.slice(), 0, options, newCounters())).not.toThrow();
  });

  it('is refused, or does no harm, whatever is in it', () => {
    const { options, words, packets, length } = busy(family);
    const flips = fc.array(fc.tuple(fc.nat({ max: length - 1 }), fc.nat({ max: 31 })), {
      minLength: 1,
      maxLength: 4,
    });
    let refused = 0;
    fc.assert(
      fc.property(flips, (bits) => {
        const damaged = words.slice();
        for (const [word, bit] of bits) damaged[word] = ((damaged[word] as number) ^ (1 << bit)) >>> 0;
        let attached: Conntrack;
        try {
          attached = Conntrack.attach(damaged, 0, options, newCounters());
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          refused++;
          return;
        }
        for (const packet of packets) attached.follow(packet, 0, 10);
        expect([...attached.flows(10)].length).toBeLessThanOrEqual(FLOWS);
        // Once round the clock: the second of a last packet may be any.
        for (let now = 0; now < 2 ** 27; now += 2 ** 23) attached.expire(now, attached.bucketCount);
        expect(attached.statistics.flows).toBe(0);
      }),
      { numRuns: 3_000 },
    );
    expect(refused).toBeGreaterThan(0);
  });
});
