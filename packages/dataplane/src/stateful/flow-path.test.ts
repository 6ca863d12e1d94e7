import { type Family, setPacketHint, TCP_ACK, TCP_FIN } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conntrack } from '../conntrack/conntrack.js';
import { FLOW_BLOCK_PACKETS, FLOW_SCRATCH_WORDS, SCRATCH_ENTRY } from '../conntrack/flow-scratch.js';
import { Counters } from '../counters/counters.js';
import { KernelMemory } from '../wasm/kernel-memory.js';
import { type FlowPath, KernelFlowPath, LoopFlowPath } from './flow-path.js';

const FLOWS = 1024;
const COUNTING = { servicePorts: 1, backends: 1 };
const BATCH = 3 * FLOW_BLOCK_PACKETS + 5;
const BACKENDS = 7;

interface Records {
  readonly packets: Uint32Array;
  readonly replies: Uint32Array;
}

/**
 * As many established flows as there is room for, so that many entries are far from their home, one in three
 * masqueraded. Clients are few, and talk from one port to many VIPs.
 */
function fill(conntrack: Conntrack): Records {
  const { addressWords, packetWords, verdictWords, verdictAddress } = conntrack.layout;
  const packets = new Uint32Array(FLOWS * packetWords);
  const replies = new Uint32Array(FLOWS * packetWords);
  const verdict = new Uint32Array(verdictWords);
  const node = new Uint32Array(addressWords).fill(0x0a090001);
  for (let flow = 0; flow < FLOWS; flow++) {
    const at = flow * packetWords;
    const isMasqueraded = flow % 3 === 0;
    packets[at] = 0x0a020000 + (flow % 32);
    packets[at + addressWords] = 0x0a600000 + (flow >>> 5);
    packets[at + 2 * addressWords] = (40_000 << 16) | 80;
    packets[at + 2 * addressWords + 1] = (TCP_ACK << 8) | 6;
    verdict[0] = 1 | (isMasqueraded ? 8 : 0) | (8080 << 16);
    verdict[2] = 1 + (flow % BACKENDS);
    verdict[3] = 1 + (flow >>> 5);
    verdict[verdictAddress] = 0x0a010000 + (flow % BACKENDS);
    const rewrite = conntrack.begin(packets, at, verdict, 0, 0, node, 0, 0);
    const { words, layout } = conntrack;
    for (let word = 0; word < addressWords; word++) {
      replies[at + word] = words[rewrite + layout.rewriteDestination + word] as number;
      replies[at + addressWords + word] = (isMasqueraded ? node[word] : packets[at + word]) as number;
    }
    const ports =
      (words[rewrite + layout.rewritePorts] as number) | (packets[at + 2 * addressWords] as number);
    const source =
      (words[rewrite + layout.rewriteKept] as number) === 0 ? words[rewrite + layout.rewritePorts] : ports;
    replies[at + 2 * addressWords] = (8080 << 16) | ((source as number) >>> 16);
    replies[at + 2 * addressWords + 1] = (TCP_ACK << 8) | 6;
    conntrack.follow(replies, at, 0);
    conntrack.follow(packets, at, 0);
  }
  return { packets, replies };
}

describe.each<Family>(['IPv4', 'IPv6'])('the packet path of %s in WebAssembly', (family) => {
  const options = { family, flows: FLOWS } as const;
  const words = Conntrack.regionWords(options);
  const memory = new KernelMemory(words + FLOW_SCRATCH_WORDS + 128 * BATCH);
  const newCounters = () => new Counters(new Uint32Array(Counters.regionWords(COUNTING)), 0, COUNTING);
  // The same words at the same offset, so that all offsets are alike.
  const offset = memory.allocate(words);
  const plain = new Uint32Array(offset + words);
  const conntrack = new Conntrack(plain, offset, options, newCounters());
  const { packets: requests, replies } = fill(conntrack);
  const full = plain.slice();
  memory.words.set(full.subarray(offset), offset);
  const other = Conntrack.attach(memory.words, offset, options, newCounters());
  const { packetWords, flowVerdictWords, rewritePorts } = conntrack.layout;
  const loops = new LoopFlowPath(conntrack);
  const kernels = new KernelFlowPath(other, memory);
  const packets = memory.array(BATCH * packetWords);
  const verdicts = memory.array(BATCH * flowVerdictWords);

  /** Packets of flows, one way or the other, some with flags, and at some places any words. */
  const batches = fc.record({
    count: fc.integer({ min: 0, max: BATCH }),
    now: fc.constantFrom(0, 1, 100, 432_000, 2 ** 27 + 5),
    start: fc.nat({ max: FLOWS - 1 }),
    ways: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
    flags: fc.array(fc.nat({ max: BATCH - 1 }), { maxLength: 2 }),
    strays: fc.array(fc.tuple(fc.nat({ max: BATCH - 1 }), fc.nat({ max: 2 * packetWords * 32 })), {
      maxLength: 2,
    }),
  });

  it('finds what the loops in TypeScript find, and writes what they write', () => {
    let answered = 0;
    fc.assert(
      fc.property(batches, ({ count, now, start, ways, flags, strays }) => {
        for (let index = 0; index < count; index++) {
          const from = ways[index % ways.length] === true ? requests : replies;
          const at = ((start + 7 * index) % FLOWS) * packetWords;
          packets.set(from.subarray(at, at + packetWords), index * packetWords);
        }
        for (const index of flags) setPacketHint(packets, index, family, TCP_FIN);
        for (const [index, bit] of strays) {
          const at = index * packetWords + (bit >>> 5);
          packets[at] = (packets[at] as number) ^ (1 << (bit & 31));
        }
        plain.set(full);
        memory.words.set(full.subarray(offset), offset);
        const wanted = new Uint32Array(BATCH * flowVerdictWords);
        verdicts.fill(0);
        const done = processAll(loops, packets, wanted, count, now);
        expect(processAll(kernels, packets, verdicts, count, now)).toEqual(done);
        expect(firstDifference(verdicts, wanted)).toBe(-1);
        expect(firstDifference(memory.words.subarray(0, offset + words), plain, offset)).toBe(-1);
        answered += count - done.length;
      }),
      { numRuns: 1_000 },
    );
    expect(answered).toBeGreaterThan(0);
    expect(rewritePorts).toBeLessThan(flowVerdictWords);
  });
});

/** As `toEqual`, which takes a hundred times as long. */
function firstDifference(words: Uint32Array, others: Uint32Array, from = 0): number {
  for (let at = from; at < others.length; at++) if (words[at] !== others[at]) return at;
  return -1;
}

/** Goes on behind every packet that a path leaves to others. @returns these, and whether they have an entry */
function processAll(
  path: FlowPath,
  packets: Uint32Array,
  verdicts: Uint32Array,
  count: number,
  now: number,
): (readonly [packet: number, hasEntry: boolean])[] {
  const left: (readonly [number, boolean])[] = [];
  for (let first = 0; first < count; ) {
    const done = path.process(packets, verdicts, first, count - first, now);
    const block = first + done - (done % FLOW_BLOCK_PACKETS);
    const length = Math.min(FLOW_BLOCK_PACKETS, count - block);
    for (let k = done % FLOW_BLOCK_PACKETS; k < length; k++) {
      left.push([block + k, path.scratch[SCRATCH_ENTRY + k] !== 0]);
      k = path.answer(packets, verdicts, block, k + 1, length, now) - 1;
    }
    first = block + length;
  }
  return left;
}
