/**
 * The IPv4 lookup: packet records in, verdict records out. Free functions with numbers and word arrays
 * for arguments; nothing here allocates, throws, or keeps state between calls.
 *
 * Packets go through in blocks, each in three passes: hash and look at the index, match, answer. The
 * cache misses of a block's packets then overlap instead of adding up, and each pass is small enough
 * to be compiled without a call. Offsets of records are shifts by the log2 of their words: 1 for set
 * entries and backends, 4 for buckets and lines.
 */
import {
  ACTION_VERDICT_MASK,
  ADDRESS_LOCAL,
  BUCKET_PASSED,
  entryShift,
  flowHash4,
  HEADER_ROOT,
  HEADER_SEED,
  HEAP_START,
  keyHash4,
  LINE_ACTIONS,
  LINE_ADDRESS,
  LINE_PORT_KEY,
  LINE_RANGES_COUNT,
  ORIGINS,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  PACKET4_WORDS,
  ROOT_POSITION,
  VERDICT4_WORDS,
} from '@shunt/model';
import { BLOCK_PACKETS } from '../block.js';
import { firstEntry } from '../bucket.js';
import { DNAT } from '../decide.js';
import { findLine4 } from './find-line.js';
import { intervalsContain4, setFlags4 } from './membership.js';
import { settle4 } from './settle.js';
import { translate4 } from './translate.js';

const INDEX = ROOT_POSITION.frontendIndex4;
const LOCAL_ADDRESSES = ROOT_POSITION.localAddresses4;
const POD_RANGES = ROOT_POSITION.podRanges4;
const SEED = HEADER_SEED;

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const BLOCK = BLOCK_PACKETS;
const PACKET_WORDS = PACKET4_WORDS;
const SOURCE = PACKET4_SOURCE;
const DESTINATION = PACKET4_DESTINATION;
const PORTS = PACKET4_PORTS;
const PROTOCOL = PACKET4_PROTOCOL;
const VERDICT_WORDS = VERDICT4_WORDS;
const HEAP = HEAP_START;
const PASSED = BUCKET_PASSED;
const ADDRESS = LINE_ADDRESS;
const PORT_KEY = LINE_PORT_KEY;
const ACTIONS = LINE_ACTIONS;
const RANGES_COUNT = LINE_RANGES_COUNT;
const VERDICT_MASK = ACTION_VERDICT_MASK;
const LOCAL = ADDRESS_LOCAL;
const FORWARD = DNAT;
const POD = ORIGINS.indexOf('pod');
const NODE = ORIGINS.indexOf('node');
const OUTSIDE = ORIGINS.indexOf('outside');

// Columns of the scratch block.
const KEY_HASH = 0;
const FIRST_TAG = BLOCK;
const FLOW_HASH = 2 * BLOCK;
const ORIGIN = 3 * BLOCK;
const LINE = 4 * BLOCK;

/**
 * Looks up packets 0 to `count` - 1.
 * @param image - a valid match table
 * @param packets - IPv4 packet records
 * @param verdicts - IPv4 verdict records, overwritten
 * @param scratch - SCRATCH_WORDS words, overwritten
 * @param random - generator of 32-bit integers, asked once for each flow to a pool of strategy `random`
 */
export function lookupBatch4(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  count: number,
  scratch: Uint32Array,
  random: () => number,
): void {
  for (let first = 0; first < count; first += BLOCK) {
    const blockCount = Math.min(BLOCK, count - first);
    const root = image[HEADER_ROOT] as number;
    hashBlock4(image, root, packets, first, blockCount, scratch);
    matchBlock4(image, root, packets, first, blockCount, scratch);
    answerBlock4(image, root, packets, verdicts, first, blockCount, scratch, random);
  }
}

/** Origin and hashes of each packet; reading the first tag brings the index entry into the cache. */
function hashBlock4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): void {
  const index = image[root + INDEX] as number;
  const shift = entryShift(image[root + INDEX + 1] as number);
  const podRanges = image[root + POD_RANGES] as number;
  const podRangeCount = image[root + POD_RANGES + 1] as number;
  const podFirst = image[podRanges] as number;
  const podLast = image[podRanges + 1] as number;
  const localSet = image[root + LOCAL_ADDRESSES] as number;
  const localCapacity = image[root + LOCAL_ADDRESSES + 1] as number;
  const seed = image[SEED] as number;
  for (let k = 0; k < count; k++) {
    const packet = (first + k) * PACKET_WORDS;
    const source = packets[packet + SOURCE] as number;
    const ports = packets[packet + PORTS] as number;
    const portKey = portKeyOf(packets, packet);
    const hash = keyHash4(packets[packet + DESTINATION] as number, portKey);
    scratch[KEY_HASH + k] = hash;
    scratch[FIRST_TAG + k] = image[index + ((hash >>> shift) << 4)] as number;
    scratch[FLOW_HASH + k] = flowHash4(source, ports >>> 16, seed);
    scratch[ORIGIN + k] = OUTSIDE;
    // Pods first: the detector's range stands before the node's own addresses. One range is the rule.
    const isPod =
      podRangeCount === 1
        ? source >= podFirst && source <= podLast
        : intervalsContain4(image, podRanges, podRangeCount, packets, packet + SOURCE);
    if (isPod) scratch[ORIGIN + k] = POD;
    else if (source >>> 24 === 127) scratch[ORIGIN + k] = NODE;
    else if ((setFlags4(image, localSet, localCapacity, packets, packet + SOURCE) & LOCAL) !== 0) {
      scratch[ORIGIN + k] = NODE;
    }
  }
}

/** The line of each packet's destination, 0 for none. */
function matchBlock4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): void {
  const index = image[root + INDEX] as number;
  const capacity = image[root + INDEX + 1] as number;
  const shift = entryShift(capacity);
  for (let k = 0; k < count; k++) {
    const packet = (first + k) * PACKET_WORDS;
    const portKey = portKeyOf(packets, packet);
    const hash = (scratch[KEY_HASH + k] as number) | 0;
    const bucket = index + ((hash >>> shift) << 4);
    let line = image[firstEntry(image, bucket, hash)] as number;
    const at = HEAP + (line << 4);
    const isFound =
      image[at + ADDRESS] === packets[packet + DESTINATION] &&
      ((image[at + PORT_KEY] as number) | 0) === portKey;
    if (!isFound) {
      const isNowhere = line === 0 && image[bucket + PASSED] === 0;
      line = isNowhere ? 0 : findLine4(image, index, capacity, hash, packets, packet + DESTINATION, portKey);
    }
    scratch[LINE + k] = line;
  }
}

/** The verdict of each packet: translation by its frontend here, all else in {@link settle4}. */
function answerBlock4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
  random: () => number,
): void {
  for (let k = 0; k < count; k++) {
    const packet = (first + k) * PACKET_WORDS;
    const verdict = (first + k) * VERDICT_WORDS;
    const origin = scratch[ORIGIN + k] as number;
    const line = scratch[LINE + k] as number;
    const hash = (scratch[FLOW_HASH + k] as number) | 0;
    const at = HEAP + (line << 4);
    const action = ((image[at + ACTIONS] as number) >>> (origin << 3)) & 0xff;
    if ((action & VERDICT_MASK) === FORWARD && image[at + RANGES_COUNT] === 0) {
      translate4(image, packets, packet, verdicts, verdict, line, action, origin, hash, random);
    } else {
      const portKey = portKeyOf(packets, packet);
      settle4(image, root, packets, packet, verdicts, verdict, line, origin, portKey, hash, random);
    }
  }
}

/** The packet's port key in the address space, signed. */
function portKeyOf(packets: Uint32Array, packet: number): number {
  const port = (packets[packet + PORTS] as number) << 16;
  return port | ((packets[packet + PROTOCOL] as number) & 0xff);
}
