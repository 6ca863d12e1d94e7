import {
  ADDRESS_LOCAL,
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
} from '@shunt/model';
import { FLOW_HASHES, KEY_HASHES, LISTED, PACKET_ORIGINS, PLACES, PORT_KEYS } from '../block.js';
import { addressFlags6, intervalsContain6 } from './membership.js';

const LOCAL_ADDRESSES = ROOT_POSITION.localAddresses6;
const POD_RANGES = ROOT_POSITION.podRanges6;
const POD = ORIGINS.indexOf('pod');
const NODE = ORIGINS.indexOf('node');
const OUTSIDE = ORIGINS.indexOf('outside');

/** The addresses of the keys that the packets of the block are looked up by, four words for each place. */
export const KEY_ADDRESSES6 = new Uint32Array(4 * PLACES);

// See block.ts for why there are constants for what is imported.
const SEED = HEADER_SEED;
const LOCAL = ADDRESS_LOCAL;
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

/** 1 if the address at word `a` is before the one at word `b`, else 0. Without a branch. */
const isBelow = (aWords: Uint32Array, a: number, bWords: Uint32Array, b: number): number => {
  const last = Number((aWords[(a + 3) | 0] as number) < (bWords[(b + 3) | 0] as number));
  const a2 = aWords[(a + 2) | 0] as number;
  const b2 = bWords[(b + 2) | 0] as number;
  const lower = Number(a2 < b2) | (Number(a2 === b2) & last);
  const a1 = aWords[(a + 1) | 0] as number;
  const b1 = bWords[(b + 1) | 0] as number;
  const upper = Number(a1 < b1) | (Number(a1 === b1) & lower);
  const a0 = aWords[a] as number;
  const b0 = bWords[b] as number;
  return Number(a0 < b0) | (Number(a0 === b0) & upper);
};

/** Keeps the address at word `at` as the key of a place. Returns its hash. */
const takeKey = (packets: Uint32Array, at: number, portKey: number, place: number): number => {
  const w0 = (packets[at] as number) | 0;
  const w1 = (packets[(at + 1) | 0] as number) | 0;
  const w2 = (packets[(at + 2) | 0] as number) | 0;
  const w3 = (packets[(at + 3) | 0] as number) | 0;
  const key = place << 2;
  keyAddresses[key] = w0;
  keyAddresses[key + 1] = w1;
  keyAddresses[key + 2] = w2;
  keyAddresses[key + 3] = w3;
  return keyHash(w0, w1, w2, w3, portKey);
};

/**
 * The hashes of each packet, and its origin where that takes one look: there is one pod range, and the
 * first entry for the source in the set of local addresses is empty or its own.
 * @returns how many packets are listed for {@link findOrigins6}
 */
export function hashBlock6(
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
  const seed = image[SEED] as number;
  let listed = 0;
  for (let k = 0; k < count; k++) {
    const packet = Math.imul(first + k, PACKET_WORDS);
    const source = (packet + SOURCE) | 0;
    const w0 = (packets[source] as number) | 0;
    const w1 = (packets[(source + 1) | 0] as number) | 0;
    const w2 = (packets[(source + 2) | 0] as number) | 0;
    const w3 = (packets[(source + 3) | 0] as number) | 0;
    const ports = packets[(packet + PORTS) | 0] as number;
    const portKey = (ports << 16) | ((packets[(packet + PROTOCOL) | 0] as number) & 0xff);
    portKeys[k] = portKey;
    keyHashes[k] = takeKey(packets, (packet + DESTINATION) | 0, portKey, k);
    flowHashes[k] = flowHash(w0, w1, w2, w3, ports >>> 16, seed);
    const entry = (localSet + ((keyHash(w0, w1, w2, w3, 0) >>> localShift) << 3)) | 0;
    const flags = image[(entry + FLAGS) | 0] as number;
    const isOther =
      ((image[entry] as number) ^ w0) |
      ((image[(entry + 1) | 0] as number) ^ w1) |
      ((image[(entry + 2) | 0] as number) ^ w2) |
      ((image[(entry + 3) | 0] as number) ^ w3);
    const isEntry = Number(isOther === 0);
    const isNode = (isEntry & flags & LOCAL) | Number((w0 | w1 | w2 | (w3 ^ 1)) === 0);
    const isNotPod =
      isBelow(packets, source, image, podRanges) | isBelow(image, (podRanges + 4) | 0, packets, source);
    // Pods first, see below; their number is 0.
    origins[k] = (OUTSIDE - isNode) & -isNotPod;
    list[listed] = k;
    listed += hasOtherRanges | (Number(flags !== 0) & (1 - isEntry));
  }
  return listed;
}

/** The origins of the listed packets, by looking as far as it takes. */
export function findOrigins6(
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
