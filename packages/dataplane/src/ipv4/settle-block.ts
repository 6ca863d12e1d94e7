/** The packets of a block that the candidates' lines do not send on at once. */
import {
  ADDRESS_SERVES_NODE_PORTS,
  keyHash4,
  OUTCOME_ORIGIN_SHIFT,
  PACKET4_DESTINATION,
  PACKET4_WORDS,
  ROOT_POSITION,
  SPACE_NODE_PORT,
  VERDICT4_WORDS,
} from '@shunt/model';
import {
  BLOCK_PACKETS,
  FLOW_HASHES,
  KEY_HASHES,
  LISTED,
  PACKET_ORIGINS,
  PORT_KEYS,
  RETRIED,
} from '../block.js';
import { findCandidates, touchBackends } from '../candidates.js';
import { findLine4 } from './find-line.js';
import { KEY_ADDRESSES4 } from './hash-block.js';
import { matchBlock4 } from './match-block.js';
import { addressFlags4 } from './membership.js';
import { clusterIPSpace4, settle4, writeVerdict4 } from './settle.js';
import { writeTranslation4 } from './write-block.js';

const INDEX = ROOT_POSITION.frontendIndex4;

// See block.ts for why there are constants for what is imported.
const BLOCK = BLOCK_PACKETS;
const PACKET_WORDS = PACKET4_WORDS;
const VERDICT_WORDS = VERDICT4_WORDS;
const DESTINATION = PACKET4_DESTINATION;
const SERVES_NODE_PORTS = ADDRESS_SERVES_NODE_PORTS;
const NODE_PORT = SPACE_NODE_PORT;
const ORIGIN_SHIFT = OUTCOME_ORIGIN_SHIFT;
const keyHashes = KEY_HASHES;
const portKeys = PORT_KEYS;
const keyAddresses = KEY_ADDRESSES4;
const flowHashes = FLOW_HASHES;
const origins = PACKET_ORIGINS;
const retried = RETRIED;
const list = LISTED;

/**
 * Writes the verdicts of the listed packets. Those that no frontend has the address of, but that come to
 * where node ports are served, go through the passes once more, with the keys of their node ports.
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
  let end = BLOCK;
  for (let i = 0; i < listed; i++) {
    const k = list[i] as number;
    const destination = (first + k) * PACKET_WORDS + DESTINATION;
    const line = findLine4(image, root + INDEX, k);
    const flags = line === 0 ? addressFlags4(image, root, packets, destination) : 0;
    if ((flags & SERVES_NODE_PORTS) !== 0) retry4(k, end++);
    else if (line === 0 && flags === 0) settleUntaken4(image, root, packets, verdicts, first + k, k);
    else settlePlace4(image, root, packets, verdicts, first, k, line, random);
  }
  if (end === BLOCK) return;
  findCandidates(image, root + INDEX, BLOCK, end);
  const unsettled = matchBlock4(image, BLOCK, end);
  touchBackends(image, BLOCK, end);
  for (let place = BLOCK; place < end; place++) {
    writeTranslation4(image, packets, verdicts, first + (retried[place] as number), place);
  }
  for (let i = 0; i < unsettled; i++) {
    const k = retried[list[i] as number] as number;
    settlePlace4(image, root, packets, verdicts, first, k, 0, random);
  }
}

/** A packet that no frontend takes, nor the node itself: the cluster-IP space is left. */
function settleUntaken4(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  verdicts: Uint32Array,
  packet: number,
  k: number,
): void {
  const at = packet * PACKET_WORDS;
  const outcome = clusterIPSpace4(image, root, packets, at, at + DESTINATION, 0);
  const origin = (origins[k] as number) << ORIGIN_SHIFT;
  writeVerdict4(verdicts, packet * VERDICT_WORDS, outcome | origin, 0);
}

/** Gives the packet at place `k` a second place, with the key of its node port. */
function retry4(k: number, place: number): void {
  const portKey = (portKeys[k] as number) | NODE_PORT;
  retried[place] = k;
  portKeys[place] = portKey;
  keyAddresses[place] = 0;
  keyHashes[place] = keyHash4(0, portKey);
  flowHashes[place] = flowHashes[k] as number;
  origins[place] = origins[k] as number;
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
