/** The packet path of flows that are there, IPv6: see lookup-flows4.ts, of which this is the likeness. */
import {
  FLOW_VERDICT6_PORTS,
  FLOW_VERDICT6_SOURCE,
  FLOW_VERDICT6_WORDS,
  OUTCOME_DESTINATION,
  OUTCOME_ESTABLISHED,
  OUTCOME_SOURCE,
  PACKET_HINT_SHIFT,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_SOURCE,
  PACKET6_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT6_ADDRESS,
} from '@shunt/model';
import {
  CLOCK_CODE_MASK,
  CLOCK_TIME_SHIFT,
  FLOW_BUCKET_PASSED,
  FLOW_BUCKET_WORDS,
  FLOW_LAYOUT6,
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
import { flowKeyHash6 } from './key-hash.js';

// The compiler folds constants of a function's own module, and loads imported ones at each use.
const SOURCE = PACKET6_SOURCE;
const DESTINATION = PACKET6_DESTINATION;
const PORTS = PACKET6_PORTS;
const PROTOCOL = PACKET6_PROTOCOL;
const PACKET_WORDS = PACKET6_WORDS;
const VERDICT_WORDS = FLOW_VERDICT6_WORDS;
const HINT_SHIFT = PACKET_HINT_SHIFT;
const BUCKET_WORDS = FLOW_BUCKET_WORDS;
const PASSED = FLOW_BUCKET_PASSED;
// An entry's fields are where a packet has them, but for the mark, which has the protocol.
const ENTRY_MARK = PACKET6_PROTOCOL;
const ENTRY_CLOCK = ENTRY_MARK + 1;
const REWRITE_WORDS = FLOW_LAYOUT6.rewriteWords;
const NEW_DESTINATION = VERDICT6_ADDRESS;
const BACKEND = VERDICT_BACKEND;
const FRONTEND = VERDICT_FRONTEND;
const NEW_SOURCE = FLOW_VERDICT6_SOURCE;
const NEW_PORTS = FLOW_VERDICT6_PORTS;
const KEPT_PORTS = FLOW_LAYOUT6.rewriteKept;
const PACKETS = FLOW_LAYOUT6.rewritePackets;
const ESTABLISHED = OUTCOME_ESTABLISHED;
const CODE_MASK = CLOCK_CODE_MASK;
const TIME_SHIFT = CLOCK_TIME_SHIFT;
const ANY = ANY_HINT;
const SOURCE_TO_SIGN = Math.clz32(OUTCOME_SOURCE);
const DESTINATION_TO_SIGN = Math.clz32(OUTCOME_DESTINATION);

const BUCKET = SCRATCH_BUCKET;
const ENTRY = SCRATCH_ENTRY;
const REWRITE = SCRATCH_REWRITE;
const OUTCOME = SCRATCH_OUTCOME;

/** As matchFlows4. */
export function matchFlows6(
  words: Uint32Array,
  region: number,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): number {
  const buckets = words[region + FLOWS_BUCKETS] as number;
  const shift = words[region + FLOWS_SHIFT] as number;
  const seed = (words[region + FLOWS_SEED] as number) | 0;
  for (let k = 0; k < count; k++) {
    const hash = flowKeyHash6(packets, (first + k) * PACKET_WORDS, seed);
    const bucket = buckets + (hash >>> shift) * BUCKET_WORDS;
    scratch[BUCKET + k] = bucket;
    scratch[OUTCOME + k] = words[bucket] as number;
  }
  const rewrites = words[region + FLOWS_REWRITES] as number;
  let misses = 0;
  for (let k = 0; k < count; k++) {
    const entry = search(words, region, scratch[BUCKET + k] as number, packets, (first + k) * PACKET_WORDS);
    let rewrite = rewrites;
    if (entry === 0) misses++;
    else rewrite += ((words[entry + ENTRY_MARK] as number) >>> 8) * REWRITE_WORDS;
    scratch[ENTRY + k] = entry;
    scratch[REWRITE + k] = rewrite;
  }
  for (let k = 0; k < count; k++) scratch[OUTCOME + k] = words[scratch[REWRITE + k] as number] as number;
  return misses;
}

/** As answerFlows4. */
export function answerFlows6(
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
    const packet = (first + k) * PACKET_WORDS;
    const entry = scratch[ENTRY + k] as number;
    const rewrite = scratch[REWRITE + k] as number;
    if (((scratch[OUTCOME + k] as number) & ESTABLISHED) === 0) return k;
    const clock = (words[entry + ENTRY_CLOCK] as number) | 0;
    const code = codes + ((clock & CODE_MASK) << 1);
    const hint = ((packets[packet + PROTOCOL] as number) >>> HINT_SHIFT) | ANY;
    if ((hint & (words[code + 1] as number)) !== 0) return k;
    const age = (time - (clock & ~CODE_MASK)) | 0;
    if (age !== 0) {
      if (age >= ((words[code] as number) | 0)) return k;
      words[entry + ENTRY_CLOCK] = time | (clock & CODE_MASK);
    }
    writeVerdict(words, rewrite, packets, packet, verdicts, (first + k) * VERDICT_WORDS);
    words[rewrite + PACKETS] = ((words[rewrite + PACKETS] as number) + 1) | 0;
  }
  return count;
}

function writeVerdict(
  words: Uint32Array,
  rewrite: number,
  packets: Uint32Array,
  packet: number,
  verdicts: Uint32Array,
  verdict: number,
): void {
  const outcome = (words[rewrite] as number) | 0;
  const keptSource = ~((outcome << SOURCE_TO_SIGN) >> 31);
  const keptDestination = ~((outcome << DESTINATION_TO_SIGN) >> 31);
  verdicts[verdict] = outcome;
  verdicts[verdict + 1] = 0;
  verdicts[verdict + BACKEND] = words[rewrite + BACKEND] as number;
  verdicts[verdict + FRONTEND] = words[rewrite + FRONTEND] as number;
  for (let word = 0; word < 4; word++) {
    verdicts[verdict + NEW_DESTINATION + word] =
      ((packets[packet + DESTINATION + word] as number) & keptDestination) |
      (words[rewrite + NEW_DESTINATION + word] as number);
    verdicts[verdict + NEW_SOURCE + word] =
      ((packets[packet + SOURCE + word] as number) & keptSource) |
      (words[rewrite + NEW_SOURCE + word] as number);
  }
  verdicts[verdict + NEW_PORTS] =
    ((packets[packet + PORTS] as number) & (words[rewrite + KEPT_PORTS] as number)) |
    (words[rewrite + NEW_PORTS] as number);
}

/** The entry of a packet from a bucket on, as far as entries went past; 0: none. */
function search(
  words: Uint32Array,
  region: number,
  home: number,
  packets: Uint32Array,
  packet: number,
): number {
  if (isEntryOf(words, home, packets, packet)) return home;
  const buckets = words[region + FLOWS_BUCKETS] as number;
  const lastBucket = words[region + FLOWS_LAST_BUCKET] as number;
  const reach = words[region + FLOWS_REACH] as number;
  let bucket = home;
  for (let step = 1; step < reach && words[bucket + PASSED] !== 0; step++) {
    const next = (bucket - buckets) / BUCKET_WORDS + 1;
    bucket = buckets + (next & lastBucket) * BUCKET_WORDS;
    if (isEntryOf(words, bucket, packets, packet)) return bucket;
  }
  return 0;
}

function isEntryOf(words: Uint32Array, entry: number, packets: Uint32Array, packet: number): boolean {
  // The client's end of an address and the ports differ most, so they are compared first.
  let differs =
    ((words[entry + PORTS] as number) ^ (packets[packet + PORTS] as number)) |
    (((words[entry + ENTRY_MARK] as number) ^ (packets[packet + PROTOCOL] as number)) & 0xff);
  for (let word = 0; word < PORTS; word++) {
    differs |= (words[entry + word] as number) ^ (packets[packet + word] as number);
  }
  return differs === 0;
}
