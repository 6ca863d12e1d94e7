/**
 * The packet path of flows that are there, IPv4: packet records in, flow verdicts out. Free functions with
 * numbers and word arrays for arguments; nothing here allocates, throws, or keeps state between calls.
 *
 * Packets go through in blocks. First all are hashed, and the first line of each one's bucket is read; then
 * all are matched, and their rewrites are read: cache misses overlap instead of adding up. The last pass
 * goes in order, and stops at a packet that needs more than a copy.
 */
import {
  FLOW_VERDICT4_PORTS,
  FLOW_VERDICT4_SOURCE,
  FLOW_VERDICT4_WORDS,
  OUTCOME_DESTINATION,
  OUTCOME_ESTABLISHED,
  OUTCOME_SOURCE,
  PACKET_HINT_SHIFT,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  PACKET4_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT4_ADDRESS,
} from '@shunt/model';
import {
  CLOCK_CODE_MASK,
  CLOCK_TIME_SHIFT,
  FLOW_BUCKET_PASSED,
  FLOW_BUCKET_WORDS,
  FLOW_LAYOUT4,
  FLOWS_BUCKETS,
  FLOWS_CODES,
  FLOWS_LAST_BUCKET,
  FLOWS_REACH,
  FLOWS_REWRITES,
  FLOWS_SEED,
  FLOWS_SHIFT,
} from './flow-layout.js';
import { SCRATCH_BUCKET, SCRATCH_ENTRY, SCRATCH_OUTCOME, SCRATCH_REWRITE } from './flow-scratch.js';
import { ANY_HINT } from './flow-state.js';
import { flowKeyHash4 } from './key-hash.js';

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const SOURCE = PACKET4_SOURCE;
const DESTINATION = PACKET4_DESTINATION;
const PORTS = PACKET4_PORTS;
const PROTOCOL = PACKET4_PROTOCOL;
// Records are found by shifts: products are checked for overflow, and for minus zero.
const PACKET_SHIFT = Math.log2(PACKET4_WORDS);
const VERDICT_SHIFT = Math.log2(FLOW_VERDICT4_WORDS);
const BUCKET_SHIFT = Math.log2(FLOW_BUCKET_WORDS);
const REWRITE_SHIFT = Math.log2(FLOW_LAYOUT4.rewriteWords);
const HINT_SHIFT = PACKET_HINT_SHIFT;
const PASSED = FLOW_BUCKET_PASSED;
const WAYS = FLOW_LAYOUT4.ways;
const ENTRY_DESTINATION = WAYS;
const ENTRY_PORTS = 2 * WAYS;
const ENTRY_MARK = 3 * WAYS;
const ENTRY_CLOCK = 4 * WAYS;
const NEW_DESTINATION = VERDICT4_ADDRESS;
const BACKEND = VERDICT_BACKEND;
const FRONTEND = VERDICT_FRONTEND;
const NEW_SOURCE = FLOW_VERDICT4_SOURCE;
const NEW_PORTS = FLOW_VERDICT4_PORTS;
const KEPT_PORTS = FLOW_LAYOUT4.rewriteKept;
const PACKETS = FLOW_LAYOUT4.rewritePackets;
const ESTABLISHED = OUTCOME_ESTABLISHED;
const CODE_MASK = CLOCK_CODE_MASK;
const TIME_SHIFT = CLOCK_TIME_SHIFT;
const ANY = ANY_HINT;
// By so much, a flag of the outcome comes to the sign, to become a mask.
const SOURCE_TO_SIGN = Math.clz32(OUTCOME_SOURCE);
const DESTINATION_TO_SIGN = Math.clz32(OUTCOME_DESTINATION);

const BUCKET = SCRATCH_BUCKET;
const ENTRY = SCRATCH_ENTRY;
const REWRITE = SCRATCH_REWRITE;
const OUTCOME = SCRATCH_OUTCOME;

/**
 * Finds the entries of packets `first` to `first + count` - 1, and reads their rewrites into the cache.
 * @param region - word offset of the table of flows, see flow-layout.ts
 * @param scratch - FLOW_SCRATCH_WORDS words, overwritten; its rows count from `first`
 * @returns how many of them have no entry
 */
export function matchFlows4(
  words: Uint32Array,
  region: number,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): number {
  hashBlock(words, region, packets, first, count, scratch);
  return matchBlock(words, region, packets, first, count, scratch);
}

/**
 * Answers packets `first + from` to `first + count` - 1, which were matched before, up to the first that is
 * no more than the next packet of a flow in force.
 * @param from, count - counted from `first`
 * @param now - seconds
 * @returns where it has stopped, counted from `first`; `count` if all are answered
 */
export function answerFlows4(
  words: Uint32Array,
  region: number,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  from: number,
  count: number,
  now: number,
  scratch: Uint32Array,
): number {
  const codes = region + FLOWS_CODES;
  const time = now << TIME_SHIFT;
  for (let k = from; k < count; k++) {
    const packet = (first + k) << PACKET_SHIFT;
    const verdict = (first + k) << VERDICT_SHIFT;
    const entry = (scratch[ENTRY + k] as number) | 0;
    const rewrite = (scratch[REWRITE + k] as number) | 0;
    const outcome = (scratch[OUTCOME + k] as number) | 0;
    if ((outcome & ESTABLISHED) === 0) return k;
    const clock = (words[entry + ENTRY_CLOCK] as number) | 0;
    const code = codes + ((clock & CODE_MASK) << 1);
    const hint = ((packets[packet + PROTOCOL] as number) >>> HINT_SHIFT) | ANY;
    if ((hint & (words[code + 1] as number)) !== 0) return k;
    const age = (time - (clock & ~CODE_MASK)) | 0;
    if (age !== 0) {
      if (age >= ((words[code] as number) | 0)) return k;
      words[entry + ENTRY_CLOCK] = time | (clock & CODE_MASK);
    }
    const keptSource = ~((outcome << SOURCE_TO_SIGN) >> 31);
    const keptDestination = ~((outcome << DESTINATION_TO_SIGN) >> 31);
    verdicts[verdict] = outcome;
    verdicts[verdict + NEW_DESTINATION] =
      ((packets[packet + DESTINATION] as number) & keptDestination) |
      (words[rewrite + NEW_DESTINATION] as number);
    verdicts[verdict + BACKEND] = words[rewrite + BACKEND] as number;
    verdicts[verdict + FRONTEND] = words[rewrite + FRONTEND] as number;
    verdicts[verdict + NEW_SOURCE] =
      ((packets[packet + SOURCE] as number) & keptSource) | (words[rewrite + NEW_SOURCE] as number);
    verdicts[verdict + NEW_PORTS] =
      ((packets[packet + PORTS] as number) & (words[rewrite + KEPT_PORTS] as number)) |
      (words[rewrite + NEW_PORTS] as number);
    words[rewrite + PACKETS] = ((words[rewrite + PACKETS] as number) + 1) | 0;
  }
  return count;
}

/** The bucket of each packet. Reading its first word brings the line into the cache. */
function hashBlock(
  words: Uint32Array,
  region: number,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): void {
  const buckets = (words[region + FLOWS_BUCKETS] as number) | 0;
  const shift = (words[region + FLOWS_SHIFT] as number) | 0;
  const seed = (words[region + FLOWS_SEED] as number) | 0;
  for (let k = 0; k < count; k++) {
    const packet = (first + k) << PACKET_SHIFT;
    const hash = flowKeyHash4(
      (packets[packet + SOURCE] as number) | 0,
      (packets[packet + DESTINATION] as number) | 0,
      (packets[packet + PORTS] as number) | 0,
      (packets[packet + PROTOCOL] as number) & 0xff,
      seed,
    );
    const bucket = buckets + ((hash >>> shift) << BUCKET_SHIFT);
    scratch[BUCKET + k] = bucket;
    scratch[OUTCOME + k] = words[bucket] as number;
  }
}

/**
 * The entry and rewrite of each packet. All entries of a bucket are compared, and the one that is alike in
 * source and ports is chosen without a branch: which of them it is cannot be predicted.
 */
function matchBlock(
  words: Uint32Array,
  region: number,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): number {
  const rewrites = (words[region + FLOWS_REWRITES] as number) | 0;
  let misses = 0;
  for (let k = 0; k < count; k++) {
    const packet = (first + k) << PACKET_SHIFT;
    const bucket = (scratch[BUCKET + k] as number) | 0;
    const source = (packets[packet + SOURCE] as number) | 0;
    const ports = (packets[packet + PORTS] as number) | 0;
    const differs1 =
      ((words[bucket + 1] as number) ^ source) | ((words[bucket + ENTRY_PORTS + 1] as number) ^ ports);
    const differs2 =
      ((words[bucket + 2] as number) ^ source) | ((words[bucket + ENTRY_PORTS + 2] as number) ^ ports);
    // 1 if nothing differs: only of 0 are there 32 leading zeros.
    const is1 = Math.clz32(differs1) >>> 5;
    const is2 = Math.clz32(differs2) >>> 5;
    let entry = bucket + (is1 | (is2 << 1));
    const destination = (packets[packet + DESTINATION] as number) | 0;
    const protocol = (packets[packet + PROTOCOL] as number) & 0xff;
    const differs =
      ((words[entry] as number) ^ source) |
      ((words[entry + ENTRY_PORTS] as number) ^ ports) |
      ((words[entry + ENTRY_DESTINATION] as number) ^ destination) |
      (((words[entry + ENTRY_MARK] as number) & 0xff) ^ protocol);
    if (differs !== 0) entry = search(words, region, bucket, source, destination, ports, protocol);
    let rewrite = rewrites;
    if (entry === 0) misses++;
    else rewrite += ((words[entry + ENTRY_MARK] as number) >>> 8) << REWRITE_SHIFT;
    scratch[ENTRY + k] = entry;
    scratch[REWRITE + k] = rewrite;
  }
  // By itself, so that the processor sees the reads of many packets at once: 2x when they miss the cache.
  for (let k = 0; k < count; k++) {
    scratch[OUTCOME + k] = words[(scratch[REWRITE + k] as number) | 0] as number;
  }
  return misses;
}

/** Looks at every entry from a bucket on, as far as entries went past. All arguments signed. */
function search(
  words: Uint32Array,
  region: number,
  home: number,
  source: number,
  destination: number,
  ports: number,
  protocol: number,
): number {
  const buckets = (words[region + FLOWS_BUCKETS] as number) | 0;
  const lastBucket = words[region + FLOWS_LAST_BUCKET] as number;
  const reach = words[region + FLOWS_REACH] as number;
  let bucket = home;
  for (let step = 0; step < reach; step++) {
    for (let entry = bucket; entry < bucket + WAYS; entry++) {
      if (
        ((words[entry] as number) | 0) === source &&
        ((words[entry + ENTRY_PORTS] as number) | 0) === ports &&
        ((words[entry + ENTRY_DESTINATION] as number) | 0) === destination &&
        ((words[entry + ENTRY_MARK] as number) & 0xff) === protocol
      ) {
        return entry;
      }
    }
    if (words[bucket + PASSED] === 0) return 0;
    const next = ((bucket - buckets) >> BUCKET_SHIFT) + 1;
    bucket = buckets + ((next & lastBucket) << BUCKET_SHIFT);
  }
  return 0;
}
