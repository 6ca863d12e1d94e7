/**
 * The IPv6 lookup: packet records in, verdict records out. In passes over blocks of packets, as the
 * IPv4 lookup, see there; nothing here allocates, throws, or keeps state between calls.
 */
import {
  ACTION_VERDICT_MASK,
  ADDRESS_LOCAL,
  BUCKET_PASSED,
  entryShift,
  flowHash6Signed,
  HEADER_ROOT,
  HEADER_SEED,
  HEAP_START,
  LINE_ACTIONS,
  LINE_ADDRESS,
  LINE_PORT_KEY,
  LINE_RANGES_COUNT,
  ORIGINS,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_SOURCE,
  PACKET6_WORDS,
  ROOT_POSITION,
  VERDICT6_WORDS,
} from '@shunt/model';
import { BLOCK_PACKETS } from '../block.js';
import { firstEntry } from '../bucket.js';
import { DNAT } from '../decide.js';
import { findLine6 } from './find-line.js';
import { intervalsContain6, keyHashAt, sameAddress6 } from './membership.js';
import { addressFlags6, settle6 } from './settle.js';
import { translate6 } from './translate.js';

const INDEX = ROOT_POSITION.frontendIndex6;
const POD_RANGES = ROOT_POSITION.podRanges6;

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const BLOCK = BLOCK_PACKETS;
const PACKET_WORDS = PACKET6_WORDS;
const SOURCE = PACKET6_SOURCE;
const DESTINATION = PACKET6_DESTINATION;
const PORTS = PACKET6_PORTS;
const PROTOCOL = PACKET6_PROTOCOL;
const VERDICT_WORDS = VERDICT6_WORDS;
const SEED = HEADER_SEED;
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
 * @param packets - IPv6 packet records
 * @param verdicts - IPv6 verdict records, overwritten
 * @param scratch - SCRATCH_WORDS words, overwritten
 * @param random - generator of 32-bit integers, asked once for each flow to a pool of strategy `random`
 */
export function lookupBatch6(
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
    hashBlock6(image, root, packets, first, blockCount, scratch);
    matchBlock6(image, root, packets, first, blockCount, scratch);
    answerBlock6(image, root, packets, verdicts, first, blockCount, scratch, random);
  }
}

/** Origin and hashes of each packet; reading the first tag brings the index entry into the cache. */
function hashBlock6(
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
  const seed = (image[SEED] as number) | 0;
  for (let k = 0; k < count; k++) {
    const packet = (first + k) * PACKET_WORDS;
    const hash = keyHashAt(packets, packet + DESTINATION, portKeyOf(packets, packet));
    scratch[KEY_HASH + k] = hash;
    scratch[FIRST_TAG + k] = image[index + ((hash >>> shift) << 4)] as number;
    scratch[FLOW_HASH + k] = flowHashAt(packets, packet, seed);
    // Pods first: the detector's range stands before the node's own addresses.
    if (intervalsContain6(image, podRanges, podRangeCount, packets, packet + SOURCE))
      scratch[ORIGIN + k] = POD;
    else
      scratch[ORIGIN + k] =
        (addressFlags6(image, root, packets, packet + SOURCE) & LOCAL) === 0 ? OUTSIDE : NODE;
  }
}

/** The line of each packet's destination, 0 for none. */
function matchBlock6(
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
      ((image[at + PORT_KEY] as number) | 0) === portKey &&
      sameAddress6(image, at + ADDRESS, packets, packet + DESTINATION);
    if (!isFound) {
      const isNowhere = line === 0 && image[bucket + PASSED] === 0;
      line = isNowhere ? 0 : findLine6(image, index, capacity, hash, packets, packet + DESTINATION, portKey);
    }
    scratch[LINE + k] = line;
  }
}

/** The verdict of each packet: translation by its frontend here, all else in {@link settle6}. */
function answerBlock6(
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
      translate6(image, packets, packet, verdicts, verdict, line, action, origin, hash, random);
    } else {
      const portKey = portKeyOf(packets, packet);
      settle6(image, root, packets, packet, verdicts, verdict, line, origin, portKey, hash, random);
    }
  }
}

/** The packet's port key in the address space, signed. */
function portKeyOf(packets: Uint32Array, packet: number): number {
  const port = (packets[packet + PORTS] as number) << 16;
  return port | ((packets[packet + PROTOCOL] as number) & 0xff);
}

/** The flow hash of a packet, signed. */
function flowHashAt(packets: Uint32Array, packet: number, seed: number): number {
  const at = packet + SOURCE;
  const sourcePort = (packets[packet + PORTS] as number) >>> 16;
  return flowHash6Signed(
    (packets[at] as number) | 0,
    (packets[at + 1] as number) | 0,
    (packets[at + 2] as number) | 0,
    (packets[at + 3] as number) | 0,
    sourcePort,
    seed,
  );
}
