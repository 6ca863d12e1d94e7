import { type Family, PROTOCOL_NUMBER } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { Counters } from '../counters/counters.js';
import { Conntrack, FLOWS_FULL } from './conntrack.js';

const COUNTING = { servicePorts: 4, backends: 4 };
const FLOWS = 64;

/** A conntrack with one way of rewriting, and what begins a UDP flow to one of its services. */
function narrow(family: Family) {
  const options = { family, flows: FLOWS, translations: 1 } as const;
  const counters = new Counters(new Uint32Array(Counters.regionWords(COUNTING)), 0, COUNTING);
  const conntrack = new Conntrack(new Uint32Array(Conntrack.regionWords(options)), 0, options, counters);
  const { addressWords, packetWords, verdictWords, verdictAddress, reachBuckets } = conntrack.layout;
  const begin = (service: number, now: number): number => {
    const packet = new Uint32Array(packetWords);
    packet[0] = 0x0a020001;
    packet[addressWords] = 0x0a600000 + service;
    packet[2 * addressWords] = (40_000 << 16) | 53;
    packet[2 * addressWords + 1] = PROTOCOL_NUMBER.UDP;
    const verdict = new Uint32Array(verdictWords);
    verdict[0] = 1 | (8053 << 16);
    verdict[verdictAddress] = 0x0a010000 + service;
    return conntrack.begin(packet, 0, verdict, 0, service, verdict, 0, now);
  };
  return { conntrack, begin, rounds: Math.ceil(conntrack.bucketCount / reachBuckets) };
}

describe.each<Family>(['IPv4', 'IPv6'])('ways of rewriting of %s that are all in use', (family) => {
  it('give way when their flows are over, once the search has come round', () => {
    const { conntrack, begin, rounds } = narrow(family);
    expect(begin(1, 0)).toBeGreaterThan(0);
    expect(begin(2, 29)).toBe(FLOWS_FULL);
    const later = Array.from({ length: rounds }, () => begin(2, 100_000));
    expect(later.some((rewrite) => rewrite > 0)).toBe(true);
    expect(conntrack.statistics).toMatchObject({ flows: 1, expired: 1 });
  });

  it('give way when a plan has deleted their flows', () => {
    const { conntrack, begin, rounds } = narrow(family);
    begin(1, 0);
    conntrack.plan(() => 'delete');
    const later = Array.from({ length: rounds }, () => begin(2, 1));
    expect(later.some((rewrite) => rewrite > 0)).toBe(true);
    expect(conntrack.statistics).toMatchObject({ flows: 1, deleted: 1 });
  });

  it('are as many as can be numbered, where there may be more flows', () => {
    const most = { family, flows: 2 ** 23, translations: 2 ** 23 - 1 };
    expect(Conntrack.regionWords({ family, flows: 2 ** 23 })).toBe(Conntrack.regionWords(most));
  });
});
