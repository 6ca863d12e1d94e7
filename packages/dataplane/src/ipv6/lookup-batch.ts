/**
 * The IPv6 lookup: packet records in, verdict records out. In passes over blocks of packets, as the
 * IPv4 lookup, see there; nothing here allocates, throws, or keeps state between calls.
 */
import {
  ACTION_VERDICT_MASK,
  ADDRESS_LOCAL,
  entryShift,
  flowHash6Signed,
  HEADER_SEED,
  LINE_ACTIONS,
  LINE_RANGES_COUNT,
  ORIGINS,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_SOURCE,
  PACKET6_WORDS,
  SECTION_POSITION,
  VERDICT6_WORDS,
} from '@shunt/model';
import { BLOCK_PACKETS } from '../block.js';
import { DNAT } from '../decide.js';
import { findFrontend6, intervalsContain6, keyHashAt } from './membership.js';
import { addressFlags6, settle6 } from './settle.js';
import { translate6 } from './translate.js';

const FRONTENDS = SECTION_POSITION.frontends;
const INDEX = SECTION_POSITION.frontendIndex6;
const POD_RANGES = SECTION_POSITION.podRanges6;

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const BLOCK = BLOCK_PACKETS;
const PACKET_WORDS = PACKET6_WORDS;
const SOURCE = PACKET6_SOURCE;
const DESTINATION = PACKET6_DESTINATION;
const PORTS = PACKET6_PORTS;
const PROTOCOL = PACKET6_PROTOCOL;
const VERDICT_WORDS = VERDICT6_WORDS;
const SEED = HEADER_SEED;
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
const FRONTEND = 4 * BLOCK;

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
    hashBlock6(image, packets, first, blockCount, scratch);
    matchBlock6(image, packets, first, blockCount, scratch);
    answerBlock6(image, packets, verdicts, first, blockCount, scratch, random);
  }
}

/** Origin and hashes of each packet; reading the first tag brings the index entry into the cache. */
function hashBlock6(
  image: Uint32Array,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): void {
  const index = image[INDEX] as number;
  const shift = entryShift(image[INDEX + 1] as number);
  const podRanges = image[POD_RANGES] as number;
  const podRangeCount = image[POD_RANGES + 1] as number;
  const seed = (image[SEED] as number) | 0;
  for (let k = 0; k < count; k++) {
    const packet = (first + k) * PACKET_WORDS;
    const hash = keyHashAt(packets, packet + DESTINATION, portKeyOf(packets, packet));
    scratch[KEY_HASH + k] = hash;
    scratch[FIRST_TAG + k] = image[index + ((hash >>> shift) << 1)] as number;
    scratch[FLOW_HASH + k] = flowHashAt(packets, packet, seed);
    // Pods first: the detector's range stands before the node's own addresses.
    if (intervalsContain6(image, podRanges, podRangeCount, packets, packet + SOURCE))
      scratch[ORIGIN + k] = POD;
    else
      scratch[ORIGIN + k] = (addressFlags6(image, packets, packet + SOURCE) & LOCAL) === 0 ? OUTSIDE : NODE;
  }
}

/** The frontend of each packet's destination, 0 for none. */
function matchBlock6(
  image: Uint32Array,
  packets: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
): void {
  const index = image[INDEX] as number;
  const capacity = image[INDEX + 1] as number;
  const frontends = image[FRONTENDS] as number;
  for (let k = 0; k < count; k++) {
    const at = (first + k) * PACKET_WORDS + DESTINATION;
    const hash = (scratch[KEY_HASH + k] as number) | 0;
    const portKey = portKeyOf(packets, (first + k) * PACKET_WORDS);
    const isEmpty = scratch[FIRST_TAG + k] === 0;
    scratch[FRONTEND + k] = isEmpty
      ? 0
      : findFrontend6(image, index, capacity, frontends, hash, packets, at, portKey);
  }
}

/** The verdict of each packet: translation by its frontend here, all else in {@link settle6}. */
function answerBlock6(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  count: number,
  scratch: Uint32Array,
  random: () => number,
): void {
  const frontends = image[FRONTENDS] as number;
  for (let k = 0; k < count; k++) {
    const packet = (first + k) * PACKET_WORDS;
    const verdict = (first + k) * VERDICT_WORDS;
    const origin = scratch[ORIGIN + k] as number;
    const frontend = scratch[FRONTEND + k] as number;
    const hash = (scratch[FLOW_HASH + k] as number) | 0;
    const line = frontends + (frontend << 4);
    const action = ((image[line + ACTIONS] as number) >>> (origin << 3)) & 0xff;
    if ((action & VERDICT_MASK) === FORWARD && image[line + RANGES_COUNT] === 0) {
      translate6(image, packets, packet, verdicts, verdict, frontend, action, origin, hash, random);
    } else {
      const portKey = portKeyOf(packets, packet);
      settle6(image, packets, packet, verdicts, verdict, frontend, origin, portKey, hash, random);
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
