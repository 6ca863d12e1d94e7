import { address, familyOf, ipv6Words } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counters } from './counters.js';

const OPTIONS = { servicePorts: 3, backends: 3 };

const ONE = Number(address('10.1.0.1'));
const TWO = Number(address('10.2.0.2'));

/** Uses the backend at port 8080 of an address. */
function use(counters: Counters, servicePort: number, at: number | bigint, port = 8080): number {
  const words = Uint32Array.from(typeof at === 'number' ? [7, at] : [7, ...ipv6Words(at)]);
  return counters.useBackend(servicePort, familyOf(at), words, 1, port);
}

function countersAt(words: Uint32Array, offset: number): Counters {
  return new Counters(words, offset, OPTIONS);
}

describe('counters', () => {
  const words = Counters.regionWords(OPTIONS);

  it('add up flows and packets of service ports and backends', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    const two = use(counters, 1, TWO);
    counters.addFlows(1, two, 1, 10, 7);
    counters.addFlows(1, use(counters, 1, ONE), 0, 5, 0);
    counters.addRefusal(1);
    expect(counters.servicePort(1)).toEqual({ flows: 1, packets: 15, replies: 7, refused: 1 });
    expect(counters.backend(1, TWO, 8080)).toEqual({ flows: 1, packets: 10, replies: 7, refused: 0 });
    expect(counters.backend(1, ONE, 8080)).toEqual({ flows: 0, packets: 5, replies: 0, refused: 0 });
    expect([counters.backend(2, TWO, 8080), counters.backend(1, TWO, 80)]).toEqual([null, null]);
    counters.clearBackend(1, TWO, 8080);
    expect(counters.backend(1, TWO, 8080)?.packets).toBe(0);
    counters.releaseBackend(two);
    expect(counters.backend(1, TWO, 8080)).toBe(null);
    expect(counters.clearServicePorts(new Set([1, 5])).get(1)?.packets).toBe(15);
    expect(counters.servicePort(1).packets).toBe(0);
    expect(counters.backend(1, ONE, 8080)?.packets).toBe(0);
  });

  it('tell one address and port of two service ports and families apart', () => {
    const counters = new Counters(new Uint32Array(4096), 0, { servicePorts: 1, backends: 16 });
    const keys = [1, 2].flatMap((servicePort) =>
      [ONE, TWO, BigInt(ONE) << 96n, BigInt(ONE)].map((at) => [servicePort, at] as const),
    );
    for (const [index, [servicePort, at]] of keys.entries()) {
      counters.addFlows(servicePort, use(counters, servicePort, at), 1, index, 0);
    }
    expect(keys.map(([servicePort, at]) => counters.backend(servicePort, at, 8080)?.packets)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
    expect([...counters.backends(new Set([2]), 'IPv6')].map(({ address: at }) => at)).toEqual([
      BigInt(ONE) << 96n,
      BigInt(ONE),
    ]);
  });

  it('count what there is no room for together, until backends that are gone give way', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    const [one, two] = [1, 2, 3].map((host) => use(counters, 1, ONE + host)) as [number, number];
    counters.addFlows(1, one, 1, 1, 1);
    counters.addFlows(1, two, 2, 2, 2);
    expect(use(counters, 1, ONE)).toBe(0);
    counters.setGone(1, ONE + 1, 8080, true);
    counters.setGone(1, ONE + 2, 8080, true);
    expect(use(counters, 1, ONE)).toBe(0);
    // The one that has been idle for longer goes first; of the two, only one is idle again.
    counters.releaseBackend(two);
    counters.releaseBackend(one);
    expect(use(counters, 1, ONE + 2)).toBe(two);
    expect(use(counters, 1, ONE)).toBe(one);
    expect(counters.backend(1, ONE + 1, 8080)).toBe(null);
    expect(counters.otherBackends).toEqual({ flows: 1, packets: 1, replies: 1, refused: 0 });
    counters.clearOtherBackends();
    expect(counters.otherBackends.packets).toBe(0);
  });

  it('count outcomes by verdict and reason, whatever else is in the word', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    // drop (3) by service-cidr (4), from the node and from outside.
    for (const origin of [1, 2]) counters.addOutcome(3 | (origin << 4) | (4 << 8));
    expect([counters.outcomes(3, 4), counters.outcomes(3, 0), counters.outcomes(2, 4)]).toEqual([2, 0, 0]);
  });

  it('go on past what 32 bits hold', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    for (let k = 0; k < 4; k++) counters.addFlows(1, 0, 0, 0xffffffff, 0);
    expect(counters.servicePort(1).packets).toBe(4 * 0xffffffff);
  });

  it('count a service port without room as number 0, and no backend of number 0', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    counters.addFlows(3, use(counters, 3, ONE), 1, 1, 1);
    counters.addFlows(0, use(counters, 0, ONE), 1, 1, 1);
    expect(counters.servicePort(0).flows).toBe(2);
    expect([counters.backend(3, ONE, 8080)?.flows, counters.otherBackends.flows]).toEqual([1, 1]);
    // It has none of what is counted for number 0.
    expect(counters.clearServicePorts(new Set([3])).get(3)?.flows).toBe(0);
    expect(counters.servicePort(0).flows).toBe(2);
  });

  it('of all workers are one sum, read from their memory', () => {
    const memory = new Uint32Array(new SharedArrayBuffer(4 * (4 + 3 * words)));
    const workers = [4, 4 + words, 4 + 2 * words].map((offset) => countersAt(memory, offset));
    workers.forEach((worker, k) => {
      worker.addFlows(1, use(worker, 1, TWO), 1, 10 ** k, 0);
      worker.addFlows(1, use(worker, 1, ONE + 2 * k), 0, 0, k);
      worker.addOutcome(3);
      worker.setGone(1, TWO, 8080, k !== 1);
      worker.setGone(1, ONE, 8080, true);
    });
    const sum = countersAt(new Uint32Array(words), 0);
    for (let k = 0; k < 3; k++) sum.merge(countersAt(memory, 4 + k * words));
    expect(sum.servicePort(1)).toEqual({ flows: 3, packets: 111, replies: 3, refused: 0 });
    expect([sum.backend(1, TWO, 8080)?.packets, sum.outcomes(3, 0)]).toEqual([111, 3]);
    // There is room for three: the one that is gone has given way.
    const backends = new Map([...sum.backends()].map((it) => [it.address, it.counts.replies]));
    expect(backends).toEqual(
      new Map([
        [TWO, 0],
        [ONE + 2, 1],
        [ONE + 4, 2],
      ]),
    );
    expect([...memory.slice(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('of another size are refused', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    const other = new Counters(new Uint32Array(2 * words), 0, { servicePorts: 4, backends: 3 });
    expect(() => Counters.regionWords({ servicePorts: 4, backends: -1 })).toThrow('"backends" expected');
    expect(() => counters.merge(other)).toThrow('"other" expected 3 service ports');
    expect(() => countersAt(new Uint32Array(words + 1), 1)).toThrow('"offset" expected an even word');
    expect(() => countersAt(new Uint32Array(words), 2)).toThrow(RangeError);
  });
});

interface Known {
  flows: number;
  users: number[];
}

const KEYS = Array.from({ length: 12 }, (_, key) => {
  const host = 1 + (key % 3);
  return { servicePort: 1 + (key % 2), at: key < 6 ? ONE + host : (BigInt(ONE) << 96n) + BigInt(host) };
});

/** What happens to counters: users come and go, service ports and families begin anew. */
const STEPS = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'use',
      'use',
      'use',
      'count',
      'count',
      'release',
      'release',
      'gone',
      'back',
      'clear',
      'anew',
      'move',
    ),
    key: fc.nat({ max: KEYS.length - 1 }),
    count: fc.nat({ max: 5 }),
  }),
  { maxLength: 120, size: 'max' },
);

describe('counters of backends', () => {
  it.each([0, 1, 3, 7, 12])('are those of a Map, with room for %i', (backends) => {
    const options = { servicePorts: 3, backends };
    fc.assert(
      fc.property(STEPS, (steps) => {
        let region = new Uint32Array(Counters.regionWords(options));
        let counters = new Counters(region, 0, options);
        // By key what is counted since it was cleared, and by user which number it has.
        const known = new Map<number, Known>();
        let total = 0;
        for (const { kind, key, count } of steps) {
          const { servicePort, at } = KEYS[key] as (typeof KEYS)[number];
          const one = known.get(key) ?? { flows: 0, users: [] };
          known.set(key, one);
          if (kind === 'use') one.users.push(use(counters, servicePort, at));
          if (kind === 'count' && one.users.length > 0) {
            const number = one.users[count % one.users.length] as number;
            counters.addFlows(servicePort, number, count, 0, 0);
            if (number !== 0) one.flows += count;
            total += count;
          }
          if (kind === 'release') {
            const number = one.users.pop();
            if (number !== undefined) counters.releaseBackend(number);
          }
          if (kind === 'gone' || kind === 'back') counters.setGone(servicePort, at, 8080, kind === 'gone');
          if (kind === 'clear') {
            const family = familyOf(at);
            counters.clearServicePorts(new Set([servicePort]), family);
            for (const [other, counted] of known) {
              const own = KEYS[other] as (typeof KEYS)[number];
              if (own.servicePort !== servicePort || familyOf(own.at) !== family) continue;
              total -= counted.flows;
              counted.flows = 0;
            }
          }
          if (kind === 'anew') {
            counters.releaseFamily(familyOf(at));
            for (const [other, counted] of known) {
              if (familyOf((KEYS[other] as (typeof KEYS)[number]).at) === familyOf(at)) counted.users = [];
            }
          }
          if (kind === 'move') {
            region = region.slice();
            counters = Counters.attach(region, 0, options);
            for (const counted of known.values()) counted.users = [];
          }
          checkSame(counters, known, total, backends);
        }
      }),
      { numRuns: 100 },
    );
  });
});

function checkSame(counters: Counters, known: Map<number, Known>, total: number, room: number): void {
  let own = 0;
  for (const [key, one] of known) {
    const { servicePort, at } = KEYS[key] as (typeof KEYS)[number];
    const counts = counters.backend(servicePort, at, 8080);
    // One that has users with a number keeps it; one that has none may have given way.
    if (one.users.some((number) => number !== 0)) expect(counts).not.toBe(null);
    if (counts === null) one.flows = 0;
    else expect(counts.flows).toBe(one.flows);
    own += one.flows;
  }
  const listed = [...counters.backends()];
  expect(listed.length).toBeLessThanOrEqual(room);
  expect(listed.reduce((sum, { counts }) => sum + counts.flows, 0)).toBe(own);
  // Nothing is lost.
  expect(own + counters.otherBackends.flows).toBe(total);
  if (room === KEYS.length) expect([...known.values()].some(({ users }) => users.includes(0))).toBe(false);
}

describe('a region of counters', () => {
  const options = { servicePorts: 2, backends: 4 };
  const words = Counters.regionWords(options);

  function counted(): Uint32Array {
    const region = new Uint32Array(words);
    const counters = new Counters(region, 0, options);
    for (const host of [1, 2, 3]) counters.addFlows(1, use(counters, 1, ONE + host), host, 0, 0);
    counters.setGone(1, ONE + 3, 8080, true);
    counters.clearBackend(1, ONE + 2, 8080);
    return region;
  }

  it('is gone on with, whoever has used its backends', () => {
    const region = new Uint32Array(words + 2);
    region.set(counted(), 2);
    const counters = Counters.attach(region, 2, options);
    const flows = (host: number) => counters.backend(1, ONE + host, 8080)?.flows;
    expect([1, 2, 3].map(flows)).toEqual([1, 0, 3]);
    expect([4, 5].map((host) => use(counters, 1, ONE + host)).includes(0)).toBe(false);
    // Who was gone is the one that gave way.
    expect([1, 2, 3].map(flows)).toEqual([1, 0, undefined]);
  });

  it('is refused if it is damaged, or does no harm', () => {
    fc.assert(
      fc.property(fc.nat({ max: words - 1 }), fc.nat({ max: 31 }), (at, bit) => {
        const damaged = counted();
        damaged[at] = (damaged[at] as number) ^ (1 << bit);
        let counters: Counters;
        try {
          counters = Counters.attach(damaged, 0, options);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        for (let host = 0; host < 6; host++) counters.releaseBackend(use(counters, 1, ONE + host));
        counters.clearServicePorts(new Set([1]));
        expect([...counters.backends()].every(({ servicePort }) => servicePort !== 1)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    const region = counted();
    const entry = region.indexOf(ONE + 1) - 2;
    const twice = region.slice();
    twice.copyWithin(entry + 16, entry, entry + 16);
    expect(() => Counters.attach(twice, 0, options)).toThrow('backends 1 and 2 are one');
    const foreign = region.slice().fill(0xffff_ffff);
    expect(() => Counters.attach(foreign, 0, options)).toThrow('it has sums that are none');
  });
});
