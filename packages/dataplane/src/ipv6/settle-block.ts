/** The packets of a block that the candidates' lines do not send on at once. */
import {
  BUCKET_PASSED,
  entryShift,
  OUTCOME_ORIGIN_SHIFT,
  PACKET6_DESTINATION,
  PACKET6_WORDS,
  ROOT_POSITION,
  SPACE_NODE_PORT,
  VERDICT6_WORDS,
} from '@shunt/model';
import {
  CANDIDATES,
  FLOW_HASHES,
  KEY_HASHES,
  LISTED,
  NODE_PORT_PLACES,
  PACKET_ORIGINS,
  PORT_KEYS,
  PROBED_BUCKETS,
  PROBED_HASHES,
} from '../block.js';
import { firstEntry } from '../candidates.js';
import { findLine6 } from './find-line.js';
import { KEY_ADDRESSES6 } from './hash-block.js';
import { addressFlags6, keyHashAt } from './membership.js';
import { clusterIPSpace6, settle6, writeVerdict6 } from './settle.js';

const INDEX = ROOT_POSITION.frontendIndex6;
const CLUSTER_IPS = ROOT_POSITION.clusterIPs6;

// See block.ts for why there are constants for what is imported.
const PACKET_WORDS = PACKET6_WORDS;
const VERDICT_WORDS = VERDICT6_WORDS;
const DESTINATION = PACKET6_DESTINATION;
const PASSED = BUCKET_PASSED;
const NODE_PORT = SPACE_NODE_PORT;
const ORIGIN_SHIFT = OUTCOME_ORIGIN_SHIFT;
const keyHashes = KEY_HASHES;
const portKeys = PORT_KEYS;
const keyAddresses = KEY_ADDRESSES6;
const flowHashes = FLOW_HASHES;
const origins = PACKET_ORIGINS;
const candidates = CANDIDATES;
const places = NODE_PORT_PLACES;
const probedBuckets = PROBED_BUCKETS;
const probedHashes = PROBED_HASHES;
const list = LISTED;

/**
 * Node ports come behind the frontends of addresses: lists those packets with the key of a node port whose address
 * and port may have a frontend, too. They are looked at together, since most have none.
 * @param nodePorts - how many places have the key of a node port
 * @param listed - how many places are listed already
 * @returns how many are listed then
 */
export function listAddressFrontends6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  nodePorts: number,
  listed: number,
): number {
  const alreadyListed = listed;
  const index = image[root + INDEX] as number;
  const shift = entryShift(image[root + INDEX + 1] as number);
  for (let i = 0; i < nodePorts; i++) {
    const k = places[i] as number;
    const destination = (first + k) * PACKET_WORDS + DESTINATION;
    const key = (portKeys[k] as number) ^ NODE_PORT;
    const hash = keyHashAt(packets, destination, key);
    const bucket = index + ((hash >>> shift) << 4);
    probedHashes[i] = hash;
    probedBuckets[i] = bucket;
  }
  for (let i = 0; i < nodePorts; i++) {
    const bucket = probedBuckets[i] as number;
    const line = image[firstEntry(image, bucket, probedHashes[i] as number)] as number;
    if ((line | (image[bucket + PASSED] as number)) === 0) continue;
    const k = places[i] as number;
    if (!isListed(k, alreadyListed)) list[listed++] = k;
  }
  return listed;
}

function isListed(k: number, listed: number): boolean {
  for (let i = 0; i < listed; i++) if (list[i] === k) return true;
  return false;
}

/**
 * Writes the verdicts of the listed packets.
 * @param first - the number of the block's first packet among all packets
 */
export function settleBlock6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  listed: number,
  random: () => number,
): void {
  let untaken = 0;
  for (let i = 0; i < listed; i++) {
    const k = list[i] as number;
    const destination = (first + k) * PACKET_WORDS + DESTINATION;
    if (((portKeys[k] as number) & NODE_PORT) !== 0) takeAddressKey6(image, root, packets, destination, k);
    const line = findLine6(image, root + INDEX, k);
    if (line === 0 && addressFlags6(image, root, packets, destination) === 0) {
      list[untaken++] = k;
    } else {
      settlePlace6(image, root, packets, verdicts, first, k, line, random);
    }
  }
  if (untaken === 0) return;
  touchClusterIPs6(image, root, packets, first, untaken);
  for (let i = 0; i < untaken; i++) {
    settleUntaken6(image, root, packets, verdicts, first, list[i] as number);
  }
}

/** Reads the first entry of each listed destination in the set of cluster IPs: see `touchBuckets` in candidates.ts. */
function touchClusterIPs6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  first: number,
  listed: number,
): number {
  const set = image[root + CLUSTER_IPS] as number;
  const shift = entryShift(image[root + CLUSTER_IPS + 1] as number);
  let read = 0;
  for (let i = 0; i < listed; i++) {
    const k = list[i] as number;
    const hash = keyHashAt(packets, (first + k) * PACKET_WORDS + DESTINATION, 0);
    read ^= image[set + ((hash >>> shift) << 3)] as number;
  }
  return read;
}

/** Gives a place with the key of a node port that of its address. */
function takeAddressKey6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  destination: number,
  k: number,
): void {
  const key = (portKeys[k] as number) ^ NODE_PORT;
  const hash = keyHashAt(packets, destination, key);
  const shift = entryShift(image[root + INDEX + 1] as number);
  const bucket = (image[root + INDEX] as number) + ((hash >>> shift) << 4);
  portKeys[k] = key;
  keyAddresses[k << 2] = packets[destination] as number;
  keyAddresses[(k << 2) + 1] = packets[destination + 1] as number;
  keyAddresses[(k << 2) + 2] = packets[destination + 2] as number;
  keyAddresses[(k << 2) + 3] = packets[destination + 3] as number;
  keyHashes[k] = hash;
  candidates[k] = image[firstEntry(image, bucket, hash)] as number;
}

/** A packet that no frontend takes, nor the node itself: the cluster-IP space is left. */
function settleUntaken6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  k: number,
): void {
  const at = (first + k) * PACKET_WORDS;
  const outcome = clusterIPSpace6(image, root, packets, at, at + DESTINATION, 0);
  const origin = (origins[k] as number) << ORIGIN_SHIFT;
  writeVerdict6(verdicts, (first + k) * VERDICT_WORDS, outcome | origin, 0);
}

function settlePlace6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  k: number,
  line: number,
  random: () => number,
): void {
  const packet = (first + k) * PACKET_WORDS;
  const verdict = (first + k) * VERDICT_WORDS;
  const origin = origins[k] as number;
  const flowHash = (flowHashes[k] as number) | 0;
  const portKey = portKeys[k] as number;
  settle6(image, root, packets, packet, verdicts, verdict, line, origin, portKey, flowHash, random);
}
