import {
  BACKEND4_PORT,
  BACKEND4_WORDS,
  HEAP_START,
  OUTCOME_MASQUERADE,
  OUTCOME_PORT_SHIFT,
  PACKET4_SOURCE,
  PACKET4_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
  VERDICT4_ADDRESS,
  VERDICT4_WORDS,
} from '@shunt/model';
import { CANDIDATES, LAST_PLACE, PICKED_BACKENDS, PICKED_OUTCOMES, WORD_OFFSET } from '../block.js';

// See block.ts for why there are constants for what is imported.
const HEAP = HEAP_START;
const PACKET_SHIFT = Math.log2(PACKET4_WORDS);
const SOURCE = PACKET4_SOURCE;
const RECORD_SHIFT = Math.log2(BACKEND4_WORDS);
const PORT = BACKEND4_PORT;
const VERDICT_SHIFT = Math.log2(VERDICT4_WORDS);
const OUTCOME = VERDICT_OUTCOME;
const ADDRESS = VERDICT4_ADDRESS;
const BACKEND = VERDICT_BACKEND;
const FRONTEND = VERDICT_FRONTEND;
const MASQUERADE_SHIFT = Math.log2(OUTCOME_MASQUERADE);
const PORT_SHIFT = OUTCOME_PORT_SHIFT;
const LAST = LAST_PLACE;
const OFFSET = WORD_OFFSET;
const backends = PICKED_BACKENDS;
const outcomes = PICKED_OUTCOMES;
const candidates = CANDIDATES;

/**
 * Writes the verdict of a packet as a translation to the backend that was picked. A hairpin, whose backend
 * is its source, is masqueraded.
 * @param packet - its number among all packets
 * @param place - its place in the block
 */
export function writeTranslation4(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  packet: number,
  place: number,
): void {
  const verdict = (packet << VERDICT_SHIFT) & OFFSET;
  const record = (backends[place] as number) & OFFSET;
  const address = image[record] as number;
  const isHairpin = Number(address === packets[((packet << PACKET_SHIFT) & OFFSET) | SOURCE]);
  const port = (image[record | PORT] as number) << PORT_SHIFT;
  verdicts[verdict | OUTCOME] = (outcomes[place] as number) | (isHairpin << MASQUERADE_SHIFT) | port;
  verdicts[verdict | ADDRESS] = address;
  verdicts[verdict | BACKEND] = (record - HEAP) >>> RECORD_SHIFT;
  verdicts[verdict | FRONTEND] = candidates[place] as number;
}

const writeTranslation = writeTranslation4;

/** Writes the verdicts of the block's packets; `first` is the number of the first among all packets. */
export function writeBlock4(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  first: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) writeTranslation(image, packets, verdicts, first + k, k & LAST);
}
