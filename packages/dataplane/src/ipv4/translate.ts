import {
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  BACKEND4_PORT,
  LINE_CLUSTER_POOL,
  OUTCOME_MASQUERADE,
  POOL_WORD,
  POOL_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT4_ADDRESS,
} from '@shunt/model';
import { translationOutcome } from '../decide.js';
import { pickBackend } from '../pick-backend.js';

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const LOCAL_POOL = ACTION_LOCAL_POOL;
const MASQUERADE = ACTION_MASQUERADE;
const CLUSTER_POOL = LINE_CLUSTER_POOL;
const WORDS_OF_POOL = POOL_WORDS;
const SLOT_COUNT = POOL_WORD;
const MASQUERADED = OUTCOME_MASQUERADE;
const PORT = BACKEND4_PORT;
const ADDRESS = VERDICT4_ADDRESS;
const BACKEND = VERDICT_BACKEND;
const FRONTEND = VERDICT_FRONTEND;

/**
 * Sends a flow to the backend that its hash picks, and writes the verdict. A hairpin, whose backend is
 * its source, is masqueraded.
 * @param verdict - word offset of the verdict record
 * @param line - word offset of the frontend's line
 * @param action - action byte, a `dnat`
 * @param outcomeOrigin - the origin in its place of the outcome word
 * @param slots, backends - word offsets of the sections
 */
export function translate4(
  image: Uint32Array,
  verdicts: Uint32Array,
  verdict: number,
  frontend: number,
  line: number,
  action: number,
  outcomeOrigin: number,
  source: number,
  flowHash: number,
  slots: number,
  backends: number,
  random: () => number,
): void {
  const pool = line + CLUSTER_POOL + ((action & LOCAL_POOL) === 0 ? 0 : WORDS_OF_POOL);
  const isRandom = ((image[pool + SLOT_COUNT] as number) | 0) < 0;
  const backend = pickBackend(image, pool, slots, isRandom ? random() : flowHash);
  const record = backends + (backend << 1);
  const address = image[record] as number;
  const masquerade = (action & MASQUERADE) !== 0 || address === source ? MASQUERADED : 0;
  verdicts[verdict] = translationOutcome(masquerade, image[record + PORT] as number) | outcomeOrigin;
  verdicts[verdict + ADDRESS] = address;
  verdicts[verdict + BACKEND] = backend;
  verdicts[verdict + FRONTEND] = frontend;
}
