/** The packets of a block that the candidates' lines do not send on at once. */
import {
  BUCKET_PASSED,
  entryShift,
  keyHash4,
  OUTCOME_ORIGIN_SHIFT,
  PACKET4_DESTINATION,
  PACKET4_WORDS,
  ROOT_POSITION,
  SPACE_NODE_PORT,
  VERDICT4_WORDS,
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
import { findLine4 } from './find-line.js';
import { KEY_ADDRESSES4 } from './hash-block.js';
import { addressFlags4 } from './membership.js';
import { clusterIPSpace4, settle4, writeVerdict4 } from './settle.js';

const INDEX = ROOT_POSITION.frontendIndex4;
const CLUSTER_IPS = ROOT_POSITION.clusterIPs4;

// See block.ts for why there are constants for what is imported.
const PACKET_WORDS = PACKET4_WORDS;
const VERDICT_WORDS = VERDICT4_WORDS;
const DESTINATION = PACKET4_DESTINATION;
const PASSED = BUCKET_PASSED;
const NODE_PORT = SPACE_NODE_PORT;
const ORIGIN_SHIFT = OUTCOME_ORIGIN_SHIFT;
const keyHashes = KEY_HASHES;
const portKeys = PORT_KEYS;
const keyAddresses = KEY_ADDRESSES4;
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
export function listAddressFrontends4(
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
    const hash = keyHash4(packets[destination] as number, key);
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
export function settleBlock4(
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
    if (((portKeys[k] as number) & NODE_PORT) !== 0) takeAddressKey4(image, root, packets, destination, k);
    const line = findLine4(image, root + INDEX, k);
    if (line === 0 && addressFlags4(image, root, packets, destination) === 0) {
      list[untaken++] = k;
    } else {
      settlePlace4(image, root, packets, verdicts, first, k, line, random);
    }
  }
  if (untaken === 0) return;
  touchClusterIPs4(image, root, packets, first, untaken);
  for (let i = 0; i < untaken; i++) {
    settleUntaken4(image, root, packets, verdicts, first, list[i] as number);
  }
}

/** Reads the first entry of each listed destination in the set of cluster IPs: see `touchBuckets` in candidates.ts. */
function touchClusterIPs4(
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
    const hash = keyHash4(packets[(first + k) * PACKET_WORDS + DESTINATION] as number, 0);
    read ^= image[set + ((hash >>> shift) << 1)] as number;
  }
  return read;
}

/** Gives a place with the key of a node port that of its address. */
function takeAddressKey4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  destination: number,
  k: number,
): void {
  const key = (portKeys[k] as number) ^ NODE_PORT;
  const hash = keyHash4(packets[destination] as number, key);
  const shift = entryShift(image[root + INDEX + 1] as number);
  const bucket = (image[root + INDEX] as number) + ((hash >>> shift) << 4);
  portKeys[k] = key;
  keyAddresses[k] = packets[destination] as number;
  keyHashes[k] = hash;
  candidates[k] = image[firstEntry(image, bucket, hash)] as number;
}

/** A packet that no frontend takes, nor the node itself: the cluster-IP space is left. */
function settleUntaken4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  k: number,
): void {
  const at = (first + k) * PACKET_WORDS;
  const outcome = clusterIPSpace4(image, root, packets, at, at + DESTINATION, 0);
  const origin = (origins[k] as number) << ORIGIN_SHIFT;
  writeVerdict4(verdicts, (first + k) * VERDICT_WORDS, outcome | origin, 0);
}

function settlePlace4(
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
  settle4(image, root, packets, packet, verdicts, verdict, line, origin, portKey, flowHash, random);
}
