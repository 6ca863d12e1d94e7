import {
  BACKEND6_PORT,
  BACKEND6_WORDS,
  HEAP_START,
  OUTCOME_MASQUERADE,
  OUTCOME_PORT_SHIFT,
  PACKET6_SOURCE,
  PACKET6_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
  VERDICT6_ADDRESS,
  VERDICT6_WORDS,
} from '@shunt/model';
import { CANDIDATES, LAST_PLACE, PICKED_BACKENDS, PICKED_OUTCOMES } from '../block.js';

// See block.ts for why there are constants for what is imported.
const HEAP = HEAP_START;
const PACKET_WORDS = PACKET6_WORDS;
const SOURCE = PACKET6_SOURCE;
const RECORD_SHIFT = Math.log2(BACKEND6_WORDS);
const PORT = BACKEND6_PORT;
const VERDICT_WORDS = VERDICT6_WORDS;
const OUTCOME = VERDICT_OUTCOME;
const SPARE = 1;
const ADDRESS = VERDICT6_ADDRESS;
const BACKEND = VERDICT_BACKEND;
const FRONTEND = VERDICT_FRONTEND;
const MASQUERADE_SHIFT = Math.log2(OUTCOME_MASQUERADE);
const PORT_SHIFT = OUTCOME_PORT_SHIFT;
const LAST = LAST_PLACE;
const backends = PICKED_BACKENDS;
const outcomes = PICKED_OUTCOMES;
const candidates = CANDIDATES;

/**
 * Writes the verdict of a packet as a translation to the backend that was picked. A hairpin, whose backend
 * is its source, is masqueraded.
 * @param packet - its number among all packets
 * @param place - its place in the block
 */
export function writeTranslation6(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  packet: number,
  place: number,
): void {
  const verdict = Math.imul(packet, VERDICT_WORDS) >>> 0;
  const source = (Math.imul(packet, PACKET_WORDS) + SOURCE) >>> 0;
  const record = backends[place] as number;
  const w0 = image[record] as number;
  const w1 = image[record + 1] as number;
  const w2 = image[record + 2] as number;
  const w3 = image[record + 3] as number;
  const isOther =
    (w0 ^ (packets[source] as number)) |
    (w1 ^ (packets[source + 1] as number)) |
    (w2 ^ (packets[source + 2] as number)) |
    (w3 ^ (packets[source + 3] as number));
  const isHairpin = Number(isOther === 0);
  const port = (image[record + PORT] as number) << PORT_SHIFT;
  const address = (verdict + ADDRESS) >>> 0;
  verdicts[verdict + OUTCOME] = (outcomes[place] as number) | (isHairpin << MASQUERADE_SHIFT) | port;
  verdicts[verdict + SPARE] = 0;
  verdicts[verdict + BACKEND] = (record - HEAP) >>> RECORD_SHIFT;
  verdicts[verdict + FRONTEND] = candidates[place] as number;
  verdicts[address] = w0;
  verdicts[address + 1] = w1;
  verdicts[address + 2] = w2;
  verdicts[address + 3] = w3;
}

const writeTranslation = writeTranslation6;

/** Writes the verdicts of the block's packets; `first` is the number of the first among all packets. */
export function writeBlock6(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) writeTranslation(image, packets, verdicts, first + k, k & LAST);
}
