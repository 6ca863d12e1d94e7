import {
  ACTION_VERDICT_MASK,
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
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  ROOT_POSITION,
} from '@shunt/model';
import { CANDIDATES, KEY_HASHES, PORT_KEYS } from '../block.js';
import { firstEntry } from '../candidates.js';
import { DNAT } from '../decide.js';
import { findLine4 } from './find-line.js';
import { KEY_ADDRESSES4, originOf4 } from './hash-block.js';
import { settle4 } from './settle.js';
import { translate4 } from './translate.js';

const INDEX = ROOT_POSITION.frontendIndex4;

// See block.ts for why there are constants for what is imported.
const SEED = HEADER_SEED;
const HEAP = HEAP_START;
const SOURCE = PACKET4_SOURCE;
const DESTINATION = PACKET4_DESTINATION;
const PORTS = PACKET4_PORTS;
const PROTOCOL = PACKET4_PROTOCOL;
const VERDICT_MASK = ACTION_VERDICT_MASK;
const FORWARD = DNAT;
const ACTIONS = LINE_ACTIONS;
const ADDRESS = LINE_ADDRESS;
const PORT_KEY = LINE_PORT_KEY;
const RANGES_COUNT = LINE_RANGES_COUNT;
const keyHashes = KEY_HASHES;
const portKeys = PORT_KEYS;
const keyAddresses = KEY_ADDRESSES4;
const candidates = CANDIDATES;
const originOf = originOf4;
const entryOf = firstEntry;
const keyHash = keyHash4;
const flowHashOf = flowHash4;

/** Looks up packet 0 alone. To begin and end the passes costs more than they do for one packet: 1.2x. */
export function lookupOne4(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  random: () => number,
): void {
  const root = image[HEADER_ROOT] as number;
  const ports = packets[PORTS] as number;
  const portKey = (ports << 16) | ((packets[PROTOCOL] as number) & 0xff);
  const hash = keyHash(packets[DESTINATION] as number, portKey);
  const bucket = hash >>> entryShift(image[root + INDEX + 1] as number);
  const entry = entryOf(image, (image[root + INDEX] as number) + (bucket << 4), hash);
  let line = image[entry] as number;
  const candidate = HEAP + (line << 4);
  const isOther =
    ((image[candidate + ADDRESS] as number) ^ (packets[DESTINATION] as number)) |
    ((image[candidate + PORT_KEY] as number) ^ portKey);
  if (isOther !== 0) {
    keyHashes[0] = hash;
    portKeys[0] = portKey;
    keyAddresses[0] = packets[DESTINATION] as number;
    candidates[0] = line;
    line = findLine4(image, root + INDEX, 0);
  }
  const origin = originOf(image, root, packets, SOURCE);
  const flowHash = flowHashOf(packets[SOURCE] as number, ports >>> 16, image[SEED] as number) | 0;
  const at = HEAP + (line << 4);
  const action = ((image[at + ACTIONS] as number) >>> (origin << 3)) & 0xff;
  if ((action & VERDICT_MASK) === FORWARD && image[at + RANGES_COUNT] === 0) {
    translate4(image, packets, 0, verdicts, 0, line, action, origin, flowHash, random);
  } else {
    settle4(image, root, packets, 0, verdicts, 0, line, origin, portKey, flowHash, random);
  }
}
