import {
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  BACKEND6_PORT,
  LINE_CLUSTER_POOL,
  OUTCOME_MASQUERADE,
  POOL_WORD,
  POOL_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT6_ADDRESS,
} from '@shunt/model';
import { translationOutcome } from '../decide.js';
import { pickBackend } from '../pick-backend.js';
import { sameAddress6 } from './membership.js';

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const LOCAL_POOL = ACTION_LOCAL_POOL;
const MASQUERADE = ACTION_MASQUERADE;
const CLUSTER_POOL = LINE_CLUSTER_POOL;
const WORDS_OF_POOL = POOL_WORDS;
const SLOT_COUNT = POOL_WORD;
const MASQUERADED = OUTCOME_MASQUERADE;
const PORT = BACKEND6_PORT;
const ADDRESS = VERDICT6_ADDRESS;
const BACKEND = VERDICT_BACKEND;
const FRONTEND = VERDICT_FRONTEND;

/**
 * Sends a flow to the backend that its hash picks, and writes the verdict. A hairpin, whose backend is
 * its source, is masqueraded.
 * @param verdict - word offset of the verdict record
 * @param line - word offset of the frontend's line
 * @param action - action byte, a `dnat`
 * @param packets, source - the words that hold the source address, and the offset of its first
 * @param outcomeOrigin - the origin in its place of the outcome word
 * @param slots, backends - word offsets of the sections
 */
export function translate6(
  image: Uint32Array,
  verdicts: Uint32Array,
  verdict: number,
  frontend: number,
  line: number,
  action: number,
  outcomeOrigin: number,
  packets: Uint32Array,
  source: number,
  flowHash: number,
  slots: number,
  backends: number,
  random: () => number,
): void {
  const pool = line + CLUSTER_POOL + ((action & LOCAL_POOL) === 0 ? 0 : WORDS_OF_POOL);
  const isRandom = ((image[pool + SLOT_COUNT] as number) | 0) < 0;
  const backend = pickBackend(image, pool, slots, isRandom ? random() : flowHash);
  const record = backends + (backend << 3);
  const w0 = image[record] as number;
  const w1 = image[record + 1] as number;
  const w2 = image[record + 2] as number;
  const w3 = image[record + 3] as number;
  const isHairpin = sameAddress6(packets, source, w0, w1, w2, w3);
  const masquerade = (action & MASQUERADE) !== 0 || isHairpin ? MASQUERADED : 0;
  verdicts[verdict] = translationOutcome(masquerade, image[record + PORT] as number) | outcomeOrigin;
  verdicts[verdict + 1] = 0;
  verdicts[verdict + BACKEND] = backend;
  verdicts[verdict + FRONTEND] = frontend;
  verdicts[verdict + ADDRESS] = w0;
  verdicts[verdict + ADDRESS + 1] = w1;
  verdicts[verdict + ADDRESS + 2] = w2;
  verdicts[verdict + ADDRESS + 3] = w3;
}
