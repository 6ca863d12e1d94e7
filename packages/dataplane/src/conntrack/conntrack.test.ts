import {
  address,
  type Family,
  ipv6Words,
  OUTCOME_SOURCE,
  setPacketHint,
  TCP_ACK,
  TCP_SYN,
  writePacket,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { Counters } from '../counters/counters.js';
import { Conntrack, FLOWS_FULL, NO_SOURCE_LEFT } from './conntrack.js';
import type { ConntrackOptions } from './conntrack-region.js';
import { flowLayout } from './flow-layout.js';
import { flowKeyHash4, flowKeyHash6 } from './key-hash.js';

const MASQUERADE = 1 << 3;

/** One family's conntrack in the midst of other memory, and packets of it. */
class Bench {
  readonly words: Uint32Array;
  readonly conntrack: Conntrack;
  readonly counters: Counters;
  readonly #family: Family;
  readonly #regionWords: number;

  constructor(options: ConntrackOptions) {
    this.#family = options.family;
    this.#regionWords = Conntrack.regionWords(options);
    this.words = new Uint32Array(32 + this.#regionWords + 16).fill(0xdddddddd);
    const counting = { servicePorts: 4, backends: 16 };
    this.counters = new Counters(new Uint32Array(Counters.regionWords(counting)), 0, counting);
    this.conntrack = new Conntrack(this.words, 32, options, this.counters);
  }

  at(net: number, host: number): number | bigint {
    return this.#family === 'IPv4' ? address(`10.${net}.0.${host}`) : address(`2001:db8:${net}::${host}`);
  }

  packet(from: number | bigint, fromPort: number, to: number | bigint, port: number, hint = 0): Uint32Array {
    const packet = new Uint32Array(flowLayout(this.#family).packetWords);
    const [source, destination] = [from, to];
    writePacket(packet, 0, {
      protocol: 'TCP',
      source,
      sourcePort: fromPort,
      destination,
      destinationPort: port,
    });
    setPacketHint(packet, 0, this.#family, hint);
    return packet;
  }

  request(client: number, port: number, hint = 0): Uint32Array {
    return this.packet(this.at(2, client), port, this.at(96, 1), 80, hint);
  }

  /** The reply of a backend to a request that was not masqueraded. */
  reply(client: number, port: number, backend: number, hint = 0): Uint32Array {
    return this.packet(this.at(1, backend), 8080, this.at(2, client), port, hint);
  }

  begin(packet: Uint32Array, backend: number, now: number, isMasqueraded = false): number {
    const { verdictWords, verdictAddress } = flowLayout(this.#family);
    const verdict = new Uint32Array(verdictWords);
    verdict[0] = 1 | (isMasqueraded ? MASQUERADE : 0) | (8080 << 16);
    verdict[2] = backend;
    verdict[3] = 1;
    verdict.set(wordsOf(this.at(1, backend)), verdictAddress);
    const node = Uint32Array.from(wordsOf(this.at(9, 1)));
    return this.conntrack.begin(packet, 0, verdict, 0, 1, node, 0, now);
  }

  follow(packet: Uint32Array, now: number): boolean {
    return this.conntrack.follow(packet, 0, now) !== 0;
  }

  /** A flow that has had its handshake. */
  establish(client: number, port: number, backend: number, now: number): void {
    this.begin(this.request(client, port, TCP_SYN), backend, now);
    this.follow(this.reply(client, port, backend, TCP_SYN | TCP_ACK), now);
    this.follow(this.request(client, port, TCP_ACK), now);
  }

  /** Whether memory outside of the region is as it was. */
  isElseUntouched(): boolean {
    const end = 32 + this.#regionWords;
    return [...this.words.slice(0, 32), ...this.words.slice(end)].every((word) => word === 0xdddddddd);
  }
}

function keyHash(key: Uint32Array): number {
  if (key.length > 4) return flowKeyHash6(key, 0, 0);
  const [source = 0, destination = 0, ports = 0, protocol = 0] = key;
  return flowKeyHash4(source, destination, ports, protocol & 0xff, 0);
}

function wordsOf(one: number | bigint): number[] {
  return typeof one === 'number' ? [one] : ipv6Words(one);
}

describe.each(['IPv4', 'IPv6'] as const)('conntrack of %s', (family) => {
  it('lives as long as either direction is heard of', () => {
    const bench = new Bench({ family, flows: 8 });
    bench.establish(1, 1000, 3, 0);
    for (let now = 400_000; now <= 1_600_000; now += 400_000)
      expect(bench.follow(bench.reply(1, 1000, 3), now)).toBe(true);
    expect(bench.follow(bench.request(1, 1000), 1_600_000 + 431_999)).toBe(true);
    expect(bench.follow(bench.reply(1, 1000, 3), 1_600_000 + 431_999 + 432_000)).toBe(false);
    expect(bench.conntrack.statistics).toMatchObject({ flows: 0, expired: 1 });
  });

  it('takes settable timeouts, past the end of its clocks', () => {
    for (const end of [2 ** 27, 2 ** 32]) {
      const bench = new Bench({ family, flows: 8, timeouts: { 'tcp syn': 10 } });
      bench.begin(bench.request(1, 1000), 3, end - 5);
      expect(bench.follow(bench.request(1, 1000), (end + 4) >>> 0)).toBe(true);
      expect(bench.follow(bench.request(1, 1000), (end + 14) >>> 0)).toBe(false);
    }
  });

  it('is patient with a clock that goes back', () => {
    const bench = new Bench({ family, flows: 8 });
    bench.begin(bench.request(1, 1000), 3, 1000);
    expect(bench.conntrack.expire(0, bench.conntrack.bucketCount)).toBe(0);
    expect(bench.follow(bench.request(1, 1000), 0)).toBe(true);
    expect([...bench.conntrack.flows(0)]).toMatchObject([{ idleSeconds: 0 }]);
  });

  it('holds as many flows as it was made for, and leaves other memory alone', () => {
    const bench = new Bench({ family, flows: 2000 });
    for (let client = 0; client < 2000; client++) {
      expect(bench.begin(bench.request(client % 250, 1000 + client), client % 16, 0)).toBeGreaterThan(0);
    }
    expect(bench.conntrack.statistics).toMatchObject({ flows: 2000, evictedUnassured: 0, full: 0 });
    expect([...bench.conntrack.flows(0)]).toHaveLength(2000);
    for (let client = 0; client < 2000; client++) {
      expect(bench.follow(bench.reply(client % 250, 1000 + client, client % 16), 1)).toBe(true);
    }
    // 16 backends of one frontend: so many ways to rewrite.
    expect([...bench.conntrack.translations()]).toHaveLength(16);
    expect(bench.isElseUntouched()).toBe(true);
  });

  it('refuses a new flow before it drops an established one', () => {
    const bench = new Bench({ family, flows: 4 });
    for (let client = 1; client <= 4; client++) bench.establish(client, 1000, 3, 0);
    expect(bench.begin(bench.request(5, 1000), 3, 1)).toBe(FLOWS_FULL);
    expect(bench.conntrack.statistics).toMatchObject({ flows: 4, full: 1 });
    for (let client = 1; client <= 4; client++)
      expect(bench.follow(bench.request(client, 1000), 1)).toBe(true);
  });

  it('refuses a flow that no entry in its reach is left for, though others are, and leaves no trace of it', () => {
    const bench = new Bench({ family, flows: 400 });
    const shift = Math.clz32(bench.conntrack.bucketCount) + 1;
    const neighbours: [client: number, port: number][] = [];
    const { addressWords } = flowLayout(family);
    const key = bench.request(0, 0);
    const firstClient = key[addressWords - 1] as number;
    for (let port = 1024; neighbours.length < 260; port++) {
      key[2 * addressWords] = (port << 16) | 80;
      for (let client = 1; client <= 9; client++) {
        key[addressWords - 1] = firstClient + client;
        if (keyHash(key) >>> shift === 5) neighbours.push([client, port]);
      }
    }
    for (const [client, port] of neighbours) bench.establish(client, port, 3, 0);
    const { flows, full } = bench.conntrack.statistics;
    expect(full).toBeGreaterThan(0);
    expect(flows + full).toBe(neighbours.length);
    expect([...bench.conntrack.translations()].map((one) => one.flows)).toEqual([flows]);
    bench.conntrack.collect();
    expect(bench.counters.servicePort(1).flows).toBe(flows);
  });

  it('keeps the source port of a masqueraded flow, unless another has it', () => {
    const bench = new Bench({ family, flows: 8, sourcePorts: { first: 5000, last: 5001 } });
    const begin = (client: number, port: number): number => {
      return bench.begin(bench.request(client, port), 3, 0, true);
    };
    expect([begin(1, 1000), begin(2, 1000), begin(3, 1000)].every((rewrite) => rewrite > 0)).toBe(true);
    const ports = [...bench.conntrack.flows(0)].map(({ rewritten }) => rewritten.sourcePort);
    expect(ports.toSorted((a, b) => a - b)).toEqual([1000, 5000, 5001]);
    expect(begin(4, 1000)).toBe(NO_SOURCE_LEFT);
    expect(bench.conntrack.statistics.noSource).toBe(1);
    // Another backend is another place for the same port to be in use.
    expect(bench.begin(bench.request(4, 1000), 4, 0, true)).toBeGreaterThan(0);
    // Ports are free again when their flow is over.
    expect(bench.begin(bench.request(5, 1000), 3, 120, true)).toBeGreaterThan(0);
  });

  it('masquerades from a range of ports alone, if there is one', () => {
    const masqueradePorts = { first: 5000, last: 5001 };
    const bench = new Bench({ family, flows: 8, masqueradePorts });
    expect(bench.begin(bench.request(1, 5001), 3, 0, true)).toBeGreaterThan(0);
    expect(bench.begin(bench.request(2, 1000), 3, 0, true)).toBeGreaterThan(0);
    expect(bench.begin(bench.request(3, 1000), 3, 0, true)).toBe(NO_SOURCE_LEFT);
    // Others have an address of their own.
    expect(bench.begin(bench.request(4, 1000), 3, 0)).toBeGreaterThan(0);
    const ports = [...bench.conntrack.flows(0)].map(({ rewritten }) => rewritten.sourcePort);
    expect(ports.toSorted((a, b) => a - b)).toEqual([1000, 5000, 5001]);
  });

  it('gives another source port where two VIPs lead one client to one backend', () => {
    const bench = new Bench({ family, flows: 8 });
    const first = bench.begin(bench.request(1, 1000), 3, 0);
    const second = bench.begin(bench.packet(bench.at(2, 1), 1000, bench.at(96, 2), 80), 3, 0);
    // Who writes packets is told by the outcome that there is something to do.
    const isSourceNew = (rewrite: number): boolean => {
      return ((bench.words[rewrite] as number) & OUTCOME_SOURCE) !== 0;
    };
    expect([first, second].map(isSourceNew)).toEqual([false, true]);
    const sources = [...bench.conntrack.flows(0)].map(({ rewritten }) => rewritten);
    expect(new Set(sources.map(({ source }) => source))).toEqual(new Set([bench.at(2, 1)]));
    expect(new Set(sources.map(({ sourcePort }) => sourcePort)).size).toBe(2);
  });

  it('is not taken in by a packet that looks like its own reply', () => {
    const bench = new Bench({ family, flows: 8 });
    const packet = bench.packet(bench.at(1, 3), 8080, bench.at(1, 3), 8080);
    bench.begin(packet, 3, 0);
    const [flow] = [...bench.conntrack.flows(0)];
    expect(flow?.rewritten.sourcePort).not.toBe(8080);
    expect(bench.follow(packet, 0)).toBe(true);
    expect([...bench.conntrack.flows(0)]).toMatchObject([{ state: 'tcp syn' }]);
  });

  it('drains until a plan says otherwise, or a new flow comes all the same', () => {
    const bench = new Bench({ family, flows: 8 });
    const isDraining = (): boolean[] => [...bench.conntrack.flows(0)].map(({ draining }) => draining);
    bench.begin(bench.request(1, 1000), 3, 0);
    for (const plan of ['drain', 'keep', 'drain'] as const) {
      bench.conntrack.plan(() => plan);
      expect(isDraining()).toEqual([plan === 'drain']);
    }
    bench.begin(bench.request(2, 1000), 3, 0);
    expect(isDraining()).toEqual([false, false]);
  });

  it('ends deleted flows before it evicts others', () => {
    const bench = new Bench({ family, flows: 4 });
    for (let client = 1; client <= 4; client++) bench.begin(bench.request(client, 1000), client, client);
    bench.conntrack.plan(({ backendIndex }) => (backendIndex === 4 ? 'delete' : 'keep'));
    expect(bench.begin(bench.request(5, 1000), 5, 5)).toBeGreaterThan(0);
    expect(bench.conntrack.statistics).toMatchObject({ flows: 4, deleted: 1, evictedUnassured: 0 });
  });

  it('deletes, drains and keeps by plan, at once', () => {
    const bench = new Bench({ family, flows: 16 });
    for (let client = 1; client <= 9; client++) bench.establish(client, 1000, client % 3, 0);
    const planned = bench.conntrack.plan(({ backendIndex, backendAddress, vip, port, flows }) => {
      expect([backendAddress, vip, port, flows]).toEqual([bench.at(1, backendIndex), bench.at(96, 1), 80, 3]);
      return (['keep', 'drain', 'delete'] as const)[backendIndex] ?? 'keep';
    });
    expect(planned).toEqual({ keep: 3, drain: 3, delete: 3 });
    const left = [...bench.conntrack.flows(0)];
    expect(left.map(({ backendIndex }) => backendIndex).toSorted()).toEqual([0, 0, 0, 1, 1, 1]);
    expect(left.every(({ backendIndex, draining }) => draining === (backendIndex === 1))).toBe(true);
    expect(bench.follow(bench.request(2, 1000), 0)).toBe(false);
    expect(bench.follow(bench.reply(5, 1000, 2), 0)).toBe(false);
    expect(bench.conntrack.expire(0, bench.conntrack.bucketCount)).toBe(1);
    // A deleted one does not come back with a new flow that is rewritten alike.
    bench.begin(bench.request(2, 1000), 2, 0);
    expect(bench.follow(bench.reply(2, 1000, 2), 0)).toBe(true);
    expect(bench.follow(bench.request(8, 1000), 0)).toBe(false);
    expect(bench.conntrack.statistics).toMatchObject({ flows: 7, deleted: 3 });
  });

  it('is as it was when all flows are over, however many there were', () => {
    const bench = new Bench({ family, flows: 64 });
    const before = bench.words.slice();
    for (let round = 0; round < 40; round++) {
      const now = round * 200;
      for (let client = 0; client < 64; client++) {
        const packet = bench.request(client, 1000 + round);
        expect(bench.begin(packet, client % 16, now, client % 2 === 0)).toBeGreaterThan(0);
      }
    }
    expect(bench.conntrack.expire(40 * 200, bench.conntrack.bucketCount)).toBe(64);
    expect([...bench.conntrack.translations()]).toEqual([]);
    // Only the list of free translations is left: one word for each.
    const changed = bench.words.filter((word, at) => word !== before[at]);
    expect(changed.length).toBeLessThanOrEqual(64);
    expect(bench.counters.servicePort(1).flows).toBe(40 * 64);
  });

  it('expires in steps, each as large as it is told', () => {
    const bench = new Bench({ family, flows: 64 });
    for (let client = 0; client < 64; client++) bench.begin(bench.request(client, 1000), 3, 0);
    const { bucketCount } = bench.conntrack;
    const ended = Array.from({ length: bucketCount }, () => bench.conntrack.expire(120, 1));
    expect(ended.reduce((sum, count) => sum + count, 0)).toBe(64);
    // A bucket's flows end with it; their other entries lie anywhere.
    expect(Math.max(...ended)).toBeLessThanOrEqual(3);
  });

  it('refuses what makes no sense', () => {
    const options = { family, flows: 8 };
    const counters = new Bench(options).counters;
    const words = new Uint32Array(16 + Conntrack.regionWords(options));
    expect(() => new Conntrack(words, 8, options, counters)).toThrow('"offset" expected a multiple of 16');
    expect(() => new Conntrack(words, 32, options, counters)).toThrow(RangeError);
    expect(() => Conntrack.regionWords({ family, flows: 0 })).toThrow('"flows" expected an integer from 1');
    expect(() => Conntrack.regionWords({ family, flows: 8, translations: 2 ** 23 })).toThrow(
      '"translations"',
    );
    for (const seconds of [0, 1.5, 2 ** 26]) {
      expect(() => new Bench({ ...options, timeouts: { 'udp stream': seconds } })).toThrow('"udp stream"');
    }
    expect(() => new Bench({ ...options, sourcePorts: { first: 9, last: 8 } })).toThrow('"sourcePorts"');
    const none = { first: 0, last: 8 };
    expect(() => new Bench({ ...options, masqueradePorts: none })).toThrow('"masqueradePorts"');
  });

  it('refuses flows that would need one way of rewriting more than there is room for', () => {
    const bench = new Bench({ family, flows: 8, translations: 2 });
    expect(bench.begin(bench.request(1, 1000), 1, 0)).toBeGreaterThan(0);
    expect(bench.begin(bench.request(2, 1000), 2, 0)).toBeGreaterThan(0);
    expect(bench.begin(bench.request(3, 1000), 2, 0)).toBeGreaterThan(0);
    expect(bench.begin(bench.request(4, 1000), 3, 0)).toBe(FLOWS_FULL);
  });
});
