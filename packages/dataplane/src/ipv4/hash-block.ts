import {
  ADDRESS_LOCAL,
  entryShift,
  flowHash4,
  HEADER_SEED,
  keyHash4,
  ORIGINS,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  PACKET4_WORDS,
  ROOT_POSITION,
} from '@shunt/model';
import { FLOW_HASHES, KEY_HASHES, LISTED, PACKET_ORIGINS, PLACES, PORT_KEYS } from '../block.js';
import { addressFlags4, intervalsContain4 } from './membership.js';

const LOCAL_ADDRESSES = ROOT_POSITION.localAddresses4;
const POD_RANGES = ROOT_POSITION.podRanges4;
const POD = ORIGINS.indexOf('pod');
const NODE = ORIGINS.indexOf('node');
const OUTSIDE = ORIGINS.indexOf('outside');

/** The addresses of the keys that the packets of the block are looked up by. */
export const KEY_ADDRESSES4 = new Uint32Array(PLACES);

// See block.ts for why there are constants for what is imported.
const SEED = HEADER_SEED;
const LOCAL = ADDRESS_LOCAL;
const PACKET_WORDS = PACKET4_WORDS;
const SOURCE = PACKET4_SOURCE;
const DESTINATION = PACKET4_DESTINATION;
const PORTS = PACKET4_PORTS;
const PROTOCOL = PACKET4_PROTOCOL;
const keyHashes = KEY_HASHES;
const portKeys = PORT_KEYS;
const keyAddresses = KEY_ADDRESSES4;
const flowHashes = FLOW_HASHES;
const origins = PACKET_ORIGINS;
const list = LISTED;
const keyHash = keyHash4;
const flowHash = flowHash4;

/**
 * The hashes of each packet, and its origin where that takes one look: there is one pod range, and the
 * first entry for the source in the set of local addresses is empty or its own.
 * @returns how many packets are listed for {@link findOrigins4}
 */
export function hashBlock4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  count: number,
): number {
  const podRanges = image[root + POD_RANGES] as number;
  const hasOtherRanges = Number(image[root + POD_RANGES + 1] !== 1);
  const podFirst = image[podRanges] as number;
  const podLast = image[podRanges + 1] as number;
  const localSet = image[root + LOCAL_ADDRESSES] as number;
  const localShift = entryShift(image[root + LOCAL_ADDRESSES + 1] as number);
  const seed = image[SEED] as number;
  let listed = 0;
  for (let k = 0; k < count; k++) {
    const packet = Math.imul(first + k, PACKET_WORDS);
    const source = packets[(packet + SOURCE) | 0] as number;
    const ports = packets[(packet + PORTS) | 0] as number;
    const portKey = (ports << 16) | ((packets[(packet + PROTOCOL) | 0] as number) & 0xff);
    portKeys[k] = portKey;
    const destination = packets[(packet + DESTINATION) | 0] as number;
    keyAddresses[k] = destination;
    keyHashes[k] = keyHash(destination, portKey);
    flowHashes[k] = flowHash(source, ports >>> 16, seed);
    const entry = (localSet + ((keyHash(source, 0) >>> localShift) << 1)) | 0;
    const flags = image[(entry + 1) | 0] as number;
    const isEntry = Number(image[entry] === source);
    const isNode = (isEntry & flags & LOCAL) | Number(source >>> 24 === 127);
    const isPod = Number(source >= podFirst) & Number(source <= podLast);
    // Pods first, see below; their number is 0.
    origins[k] = (OUTSIDE - isNode) & (isPod - 1);
    list[listed] = k;
    listed = (listed + (hasOtherRanges | (Number(flags !== 0) & (1 - isEntry)))) | 0;
  }
  return listed;
}

/** The origins of the listed packets, by looking as far as it takes. */
export function findOrigins4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  listed: number,
): void {
  for (let i = 0; i < listed; i++) {
    const k = list[i] as number;
    origins[k] = originOf4(image, root, packets, (first + k) * PACKET_WORDS + SOURCE);
  }
}

/** The origin of packets from the address at word `at`. */
export function originOf4(image: Uint32Array, root: number, packets: Uint32Array, at: number): number {
  const podRanges = image[root + POD_RANGES] as number;
  const podRangeCount = image[root + POD_RANGES + 1] as number;
  // Pods first: the detector's range stands before the node's own addresses. One range is the rule.
  const source = packets[at] as number;
  const isPod =
    podRangeCount === 1
      ? source >= (image[podRanges] as number) && source <= (image[podRanges + 1] as number)
      : intervalsContain4(image, podRanges, podRangeCount, packets, at);
  if (isPod) return POD;
  return (addressFlags4(image, root, packets, at) & LOCAL) === 0 ? OUTSIDE : NODE;
}
