import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AFFINITY_BACKEND, AFFINITY_PORT, Affinity } from './affinity.js';

const SECONDS = 100;

/** Packets of one client each, and a verdict for every backend. */
function affinityOf(family: 'IPv4' | 'IPv6', entries: number) {
  const isIPv4 = family === 'IPv4';
  const options = { family, entries };
  const words = new Uint32Array(32 + Affinity.regionWords(options) + 16).fill(0xffffffff);
  const affinity = new Affinity(words, 32, options);
  const packet = new Uint32Array(isIPv4 ? 4 : 12);
  const verdict = new Uint32Array(isIPv4 ? 4 : 8);
  const setClient = (client: number): Uint32Array => {
    packet[isIPv4 ? 0 : 3] = client;
    return packet;
  };
  return {
    words,
    affinity,
    remember(servicePort: number, client: number, backend: number, now: number, seconds = SECONDS): void {
      verdict[0] = (8080 << 16) | 1;
      verdict[2] = backend;
      verdict[isIPv4 ? 1 : 7] = 0x0a000000 + backend;
      affinity.remember(servicePort, setClient(client), 0, verdict, 0, seconds, now);
    },
    /** The backend, or 0. */
    find(servicePort: number, client: number, now: number, seconds = SECONDS): number {
      const entry = affinity.find(servicePort, setClient(client), 0, seconds, now);
      if (entry === 0) return 0;
      const address = words[entry + affinity.addressField + (isIPv4 ? 0 : 3)] as number;
      expect(words[entry + AFFINITY_PORT]).toBe(8080);
      expect(words[entry + AFFINITY_BACKEND]).toBe(address - 0x0a000000);
      return address - 0x0a000000;
    },
    forget(servicePort: number, client: number, now: number): void {
      affinity.forget(affinity.find(servicePort, setClient(client), 0, SECONDS, now));
    },
  };
}

describe.each(['IPv4', 'IPv6'] as const)('affinity of %s', (family) => {
  it('is of a client and a service port', () => {
    const { remember, find } = affinityOf(family, 8);
    remember(1, 7, 3, 0);
    expect([find(1, 7, 0), find(2, 7, 0), find(1, 8, 0)]).toEqual([3, 0, 0]);
    remember(2, 7, 4, 0);
    remember(1, 7, 5, 0);
    expect([find(1, 7, 0), find(2, 7, 0)]).toEqual([5, 4]);
  });

  it('ends its idle timeout after the last flow, not after a look', () => {
    const { remember, find } = affinityOf(family, 8);
    remember(1, 7, 3, 1000);
    expect([find(1, 7, 1099), find(1, 7, 1100)]).toEqual([3, 0]);
    remember(1, 7, 3, 1050);
    expect([find(1, 7, 1149), find(1, 7, 1150)]).toEqual([3, 0]);
    // The timeout is the service port's as it is now.
    expect([find(1, 7, 1149, 99), find(1, 7, 1150, 101)]).toEqual([0, 3]);
  });

  it('counts its time past the end of the clock', () => {
    const { remember, find } = affinityOf(family, 8);
    remember(1, 7, 3, 0xffffffff);
    expect([find(1, 7, 98), find(1, 7, 99)]).toEqual([3, 0]);
  });

  it('forgets at once what it is told to', () => {
    const { affinity, remember, find, forget } = affinityOf(family, 8);
    for (const client of [7, 8]) for (const servicePort of [1, 2]) remember(servicePort, client, 3, 0);
    forget(1, 7, 0);
    expect([find(1, 7, 0), find(1, 8, 0), find(2, 7, 0)]).toEqual([0, 3, 3]);
    affinity.forgetServicePorts(new Set([2]));
    expect([find(1, 8, 0), find(2, 7, 0), find(2, 8, 0)]).toEqual([3, 0, 0]);
  });

  it('lets those go whose time is over, then the one that has been idle longest', () => {
    // Sixteen places: all of them are in the reach of every client.
    const { affinity, remember, find } = affinityOf(family, 8);
    for (let client = 1; client <= 16; client++)
      remember(1, client, client, client, client === 9 ? 10 : SECONDS);
    remember(1, 17, 17, 30);
    expect([find(1, 9, 30), find(1, 17, 30), affinity.evicted]).toEqual([0, 17, 0]);
    remember(1, 1, 1, 31);
    remember(1, 18, 18, 32);
    expect([find(1, 1, 32), find(1, 2, 32), find(1, 18, 32), affinity.evicted]).toEqual([1, 0, 18, 1]);
  });

  it('remembers as a Map does, as long as there is room, and keeps to its region', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 7 }), fc.nat({ max: 60 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const { words, remember, find } = affinityOf(family, 8);
        const plain = new Map<string, { backend: number; seen: number }>();
        let now = 0xffffff00;
        all.forEach(([servicePort, client, tick], backend) => {
          now += tick;
          const known = plain.get(`${servicePort} ${client}`);
          const want = known !== undefined && now - known.seen < SECONDS ? known.backend : 0;
          expect(find(servicePort, client, now >>> 0)).toBe(want);
          remember(servicePort, client, backend + 1, now >>> 0);
          plain.set(`${servicePort} ${client}`, { backend: backend + 1, seen: now });
        });
        expect([...words.slice(0, 32), ...words.slice(-16)].every((word) => word === 0xffffffff)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a region that does not fit, and counts that make no sense', () => {
    const words = new Uint32Array(1024);
    expect(() => new Affinity(words, 8, { family, entries: 8 })).toThrow(
      '"offset" expected a multiple of 16',
    );
    expect(() => new Affinity(words, 1024, { family, entries: 8 })).toThrow(RangeError);
    expect(() => Affinity.regionWords({ family, entries: 0 })).toThrow('"entries" expected');
  });
});
