import {
  ADDRESS_LOCAL,
  ADDRESS_SERVES_NODE_PORTS,
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
  WORD_OFFSET,
} from '../block.js';
import { addressFlags4, intervalsContain4 } from './membership.js';

const LOCAL_ADDRESSES = ROOT_POSITION.localAddresses4;
const POD_RANGES = ROOT_POSITION.podRanges4;
const POD = ORIGINS.indexOf('pod');
const NODE = ORIGINS.indexOf('node');
const OUTSIDE = ORIGINS.indexOf('outside');

/** The addresses of the keys that the packets of the block are looked up by. */
export const KEY_ADDRESSES4 = new Uint32Array(BLOCK_PACKETS);

// See block.ts for why there are constants for what is imported.
const SEED = HEADER_SEED;
const LAST = LAST_PLACE;
const OFFSET = WORD_OFFSET;
const LOCAL = ADDRESS_LOCAL;
const SERVES_NODE_PORTS_SHIFT = Math.log2(ADDRESS_SERVES_NODE_PORTS);
const NODE_PORT_SHIFT = Math.log2(SPACE_NODE_PORT);
const PACKET_SHIFT = Math.log2(PACKET4_WORDS);
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
const places = NODE_PORT_PLACES;
const keyHash = keyHash4;
const flowHash = flowHash4;

/**
 * The keys, hashes and origins of the block's packets. One look at the set of local addresses is enough for most. A
 * packet to where node ports are served gets the key of its node port, if one look says so.
 * @returns how many packets have one, whose places are in `NODE_PORT_PLACES`
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
  let nodePorts = 0;
  for (let number = 0; number < count; number++) {
    const k = number & LAST;
    const packet = ((first + number) << PACKET_SHIFT) & OFFSET;
    const source = packets[packet | SOURCE] as number;
    const ports = packets[packet | PORTS] as number;
    const destination = packets[packet | DESTINATION] as number;
    const own = (localSet + ((keyHash(destination, 0) >>> localShift) << 1)) & OFFSET;
    const isServed =
      Number(image[own] === destination) & ((image[own | 1] as number) >>> SERVES_NODE_PORTS_SHIFT) & 1;
    places[nodePorts & LAST] = k;
    nodePorts = (nodePorts + isServed) | 0;
    const protocol = (packets[packet | PROTOCOL] as number) & 0xff;
    const portKey = (ports << 16) | protocol | (isServed << NODE_PORT_SHIFT);
    const keyAddress = destination & (isServed - 1);
    portKeys[k] = portKey;
    keyAddresses[k] = keyAddress;
    keyHashes[k] = keyHash(keyAddress, portKey);
    flowHashes[k] = flowHash(source, ports >>> 16, seed);
    const entry = (localSet + ((keyHash(source, 0) >>> localShift) << 1)) & OFFSET;
    const flags = image[entry | 1] as number;
    const isEntry = Number(image[entry] === source);
    const isNode = (isEntry & flags & LOCAL) | Number(source >>> 24 === 127);
    const isPod = Number(source >= podFirst) & Number(source <= podLast);
    // Pods first, see below; their number is 0.
    origins[k] = (OUTSIDE - isNode) & (isPod - 1);
    list[listed & LAST] = k;
    listed = (listed + (hasOtherRanges | (Number(flags !== 0) & (1 - (isEntry | isPod))))) | 0;
  }
  if (listed > 0) findOrigins4(image, root, packets, first, listed);
  return nodePorts;
}

/** The origins of the listed packets, by looking as far as it takes. */
function findOrigins4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  listed: number,
): void {
  for (let i = 0; i < listed; i++) {
    const k = list[i] as number;
    origins[k] = originOf4(image, root, packets, ((first + k) << PACKET_SHIFT) + SOURCE);
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
