import {
  ADDRESS_LOCAL,
  ADDRESS_SERVES_NODE_PORTS,
  entryShift,
  flowHash6Signed,
  HEADER_SEED,
  keyHash6,
  ORIGINS,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_SOURCE,
  PACKET6_WORDS,
  ROOT_POSITION,
  SET_ENTRY6_FLAGS,
  SPACE_NODE_PORT,
} from '@shunt/model';
import {
  BLOCK_PACKETS,
  FLOW_HASHES,
  KEY_HASHES,
  LAST_PLACE,
  LISTED,
  NODE_PORT_PLACES,
  PACKET_ORIGINS,
  PORT_KEYS,
} from '../block.js';
import { addressFlags6, intervalsContain6 } from './membership.js';

const LOCAL_ADDRESSES = ROOT_POSITION.localAddresses6;
const POD_RANGES = ROOT_POSITION.podRanges6;
const POD = ORIGINS.indexOf('pod');
const NODE = ORIGINS.indexOf('node');
const OUTSIDE = ORIGINS.indexOf('outside');

/** The addresses of the keys that the packets of the block are looked up by, four words for each place. */
export const KEY_ADDRESSES6 = new Uint32Array(4 * BLOCK_PACKETS);

// See block.ts for why there are constants for what is imported.
const SEED = HEADER_SEED;
const LAST = LAST_PLACE;
const LOCAL = ADDRESS_LOCAL;
const SERVES_NODE_PORTS_SHIFT = Math.log2(ADDRESS_SERVES_NODE_PORTS);
const NODE_PORT_SHIFT = Math.log2(SPACE_NODE_PORT);
const FLAGS = SET_ENTRY6_FLAGS;
const PACKET_WORDS = PACKET6_WORDS;
const SOURCE = PACKET6_SOURCE;
const DESTINATION = PACKET6_DESTINATION;
const PORTS = PACKET6_PORTS;
const PROTOCOL = PACKET6_PROTOCOL;
const keyHashes = KEY_HASHES;
const portKeys = PORT_KEYS;
const flowHashes = FLOW_HASHES;
const origins = PACKET_ORIGINS;
const keyAddresses = KEY_ADDRESSES6;
const list = LISTED;
const keyHash = keyHash6;
const flowHash = flowHash6Signed;
const places = NODE_PORT_PLACES;

/** 1 if the address at word `a` is before the one at word `b`, else 0. Without a branch. */
const isBelow = (aWords: Uint32Array, a: number, bWords: Uint32Array, b: number): number => {
  const last = Number((aWords[a + 3] as number) < (bWords[b + 3] as number));
  const a2 = aWords[a + 2] as number;
  const b2 = bWords[b + 2] as number;
  const lower = Number(a2 < b2) | (Number(a2 === b2) & last);
  const a1 = aWords[a + 1] as number;
  const b1 = bWords[b + 1] as number;
  const upper = Number(a1 < b1) | (Number(a1 === b1) & lower);
  const a0 = aWords[a] as number;
  const b0 = bWords[b] as number;
  return Number(a0 < b0) | (Number(a0 === b0) & upper);
};

/** The address at word `at` as the key of a place, or 0 for a node port. Returns the hash. */
const takeKey = (packets: Uint32Array, at: number, mask: number, portKey: number, place: number): number => {
  const w0 = (packets[at] as number) & mask;
  const w1 = (packets[at + 1] as number) & mask;
  const w2 = (packets[at + 2] as number) & mask;
  const w3 = (packets[at + 3] as number) & mask;
  const key = place << 2;
  keyAddresses[key] = w0;
  keyAddresses[key + 1] = w1;
  keyAddresses[key + 2] = w2;
  keyAddresses[key + 3] = w3;
  return keyHash(w0, w1, w2, w3, portKey);
};

/**
 * 1 if the first entry for the address at word `at` is its own, in the set of local addresses, and says that node
 * ports are served on it; else 0.
 */
const servesNodePorts = (
  image: Uint32Array,
  localSet: number,
  localShift: number,
  packets: Uint32Array,
  at: number,
): number => {
  const w0 = (packets[at] as number) | 0;
  const w1 = (packets[at + 1] as number) | 0;
  const w2 = (packets[at + 2] as number) | 0;
  const w3 = (packets[at + 3] as number) | 0;
  const entry = (localSet + ((keyHash(w0, w1, w2, w3, 0) >>> localShift) << 3)) | 0;
  const isOther =
    ((image[entry] as number) ^ w0) |
    ((image[entry + 1] as number) ^ w1) |
    ((image[entry + 2] as number) ^ w2) |
    ((image[entry + 3] as number) ^ w3);
  return Number(isOther === 0) & ((image[entry + FLAGS] as number) >>> SERVES_NODE_PORTS_SHIFT) & 1;
};

/**
 * Keys, hashes and origins of the block's packets, as hashBlock4. In three passes, since there is a limit to what the
 * compiler puts into one function, and a call for each packet costs more than a pass.
 */
export function hashBlock6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  count: number,
): number {
  const nodePorts = takeKeys6(image, root, packets, first, count);
  hashFlows6(image, packets, first, count);
  const listed = guessOrigins6(image, root, packets, first, count);
  if (listed > 0) findOrigins6(image, root, packets, first, listed);
  return nodePorts;
}

/** Returns how many packets have the key of a node port. */
function takeKeys6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  count: number,
): number {
  const localSet = image[root + LOCAL_ADDRESSES] as number;
  const localShift = entryShift(image[root + LOCAL_ADDRESSES + 1] as number);
  let nodePorts = 0;
  for (let number = 0; number < count; number++) {
    const k = number & LAST;
    const packet = Math.imul(first + number, PACKET_WORDS) >>> 0;
    const destination = (packet + DESTINATION) >>> 0;
    const isServed = servesNodePorts(image, localSet, localShift, packets, destination);
    places[nodePorts & LAST] = k;
    nodePorts = (nodePorts + isServed) | 0;
    const protocol = (packets[packet + PROTOCOL] as number) & 0xff;
    const ports = packets[packet + PORTS] as number;
    const portKey = (ports << 16) | protocol | (isServed << NODE_PORT_SHIFT);
    portKeys[k] = portKey;
    keyHashes[k] = takeKey(packets, destination, isServed - 1, portKey, k);
  }
  return nodePorts;
}

function hashFlows6(image: Uint32Array, packets: Uint32Array, first: number, count: number): void {
  const seed = image[SEED] as number;
  for (let number = 0; number < count; number++) {
    const packet = Math.imul(first + number, PACKET_WORDS) >>> 0;
    const source = (packet + SOURCE) >>> 0;
    flowHashes[number & LAST] = flowHash(
      (packets[source] as number) | 0,
      (packets[source + 1] as number) | 0,
      (packets[source + 2] as number) | 0,
      (packets[source + 3] as number) | 0,
      (packets[packet + PORTS] as number) >>> 16,
      seed,
    );
  }
}

/**
 * The origins, by one look at the set of local addresses and at one range of pods.
 * @returns how many places are listed for which that is not enough
 */
function guessOrigins6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  count: number,
): number {
  const podRanges = image[root + POD_RANGES] as number;
  const hasOtherRanges = Number(image[root + POD_RANGES + 1] !== 1);
  const localSet = image[root + LOCAL_ADDRESSES] as number;
  const localShift = entryShift(image[root + LOCAL_ADDRESSES + 1] as number);
  let listed = 0;
  for (let number = 0; number < count; number++) {
    const k = number & LAST;
    const source = (Math.imul(first + number, PACKET_WORDS) + SOURCE) >>> 0;
    const w0 = (packets[source] as number) | 0;
    const w1 = (packets[source + 1] as number) | 0;
    const w2 = (packets[source + 2] as number) | 0;
    const w3 = (packets[source + 3] as number) | 0;
    const entry = (localSet + ((keyHash(w0, w1, w2, w3, 0) >>> localShift) << 3)) >>> 0;
    const flags = image[entry + FLAGS] as number;
    const isOther =
      ((image[entry] as number) ^ w0) |
      ((image[entry + 1] as number) ^ w1) |
      ((image[entry + 2] as number) ^ w2) |
      ((image[entry + 3] as number) ^ w3);
    const isEntry = Number(isOther === 0);
    const isNode = (isEntry & flags & LOCAL) | Number((w0 | w1 | w2 | (w3 ^ 1)) === 0);
    const isNotPod =
      isBelow(packets, source, image, podRanges) | isBelow(image, (podRanges + 4) >>> 0, packets, source);
    // Pods first, see below; their number is 0.
    origins[k] = (OUTSIDE - isNode) & -isNotPod;
    list[listed & LAST] = k;
    listed = (listed + (hasOtherRanges | (Number(flags !== 0) & (1 - isEntry)))) | 0;
  }
  return listed;
}

/** The origins of the listed packets, by looking as far as it takes. */
function findOrigins6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  listed: number,
): void {
  for (let i = 0; i < listed; i++) {
    const k = list[i] as number;
    origins[k] = originOf6(image, root, packets, (first + k) * PACKET_WORDS + SOURCE);
  }
}

/** The origin of packets from the address at word `at`. */
export function originOf6(image: Uint32Array, root: number, packets: Uint32Array, at: number): number {
  const podRanges = image[root + POD_RANGES] as number;
  const podRangeCount = image[root + POD_RANGES + 1] as number;
  // Pods first: the detector's range stands before the node's own addresses.
  if (intervalsContain6(image, podRanges, podRangeCount, packets, at)) return POD;
  return (addressFlags6(image, root, packets, at) & LOCAL) === 0 ? OUTSIDE : NODE;
}
