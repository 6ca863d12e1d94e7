import {
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  BACKEND6_PORT,
  HEAP_START,
  LINE_CLUSTER_POOL,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  PACKET6_SOURCE,
  POOL_BACKEND,
  POOL_WORD,
  POOL_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT6_ADDRESS,
} from '@shunt/model';
import { translationOutcome } from '../decide.js';
import { pickPlace } from '../pick-place.js';
import { sameAddress6 } from './membership.js';

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const LOCAL_POOL = ACTION_LOCAL_POOL;
const MASQUERADE = ACTION_MASQUERADE;
const CLUSTER_POOL = LINE_CLUSTER_POOL;
const WORDS_OF_POOL = POOL_WORDS;
const HEAP = HEAP_START;
const SLOT_COUNT = POOL_WORD;
const FIRST_BACKEND = POOL_BACKEND;
const SOURCE = PACKET6_SOURCE;
const ORIGIN_SHIFT = OUTCOME_ORIGIN_SHIFT;
const MASQUERADED = OUTCOME_MASQUERADE;
const PORT = BACKEND6_PORT;
const ADDRESS = VERDICT6_ADDRESS;
const BACKEND = VERDICT_BACKEND;
const FRONTEND = VERDICT_FRONTEND;

/**
 * Sends a flow to the backend that its hash picks, and writes the verdict. A hairpin, whose backend is
 * its source, is masqueraded.
 * @param packet, verdict - word offsets of the records
 * @param action - action byte of the frontend, a `dnat`
 * @param flowHash - signed
 */
export function translate6(
  image: Uint32Array,
  packets: Uint32Array,
  packet: number,
  verdicts: Uint32Array,
  verdict: number,
  line: number,
  action: number,
  origin: number,
  flowHash: number,
  random: () => number,
): void {
  const pool = HEAP + (line << 4) + CLUSTER_POOL + ((action & LOCAL_POOL) === 0 ? 0 : WORDS_OF_POOL);
  const isRandom = ((image[pool + SLOT_COUNT] as number) | 0) < 0;
  const place = pickPlace(image, pool, isRandom ? random() : flowHash);
  const record = (image[pool + FIRST_BACKEND] as number) + (place << 3);
  const isHairpin = sameAddress6(image, record, packets, packet + SOURCE);
  const masquerade = (action & MASQUERADE) !== 0 || isHairpin ? MASQUERADED : 0;
  const outcome = translationOutcome(masquerade, image[record + PORT] as number);
  verdicts[verdict] = outcome | (origin << ORIGIN_SHIFT);
  verdicts[verdict + 1] = 0;
  verdicts[verdict + BACKEND] = (record - HEAP) >>> 3;
  verdicts[verdict + FRONTEND] = line;
  verdicts[verdict + ADDRESS] = image[record] as number;
  verdicts[verdict + ADDRESS + 1] = image[record + 1] as number;
  verdicts[verdict + ADDRESS + 2] = image[record + 2] as number;
  verdicts[verdict + ADDRESS + 3] = image[record + 3] as number;
}
