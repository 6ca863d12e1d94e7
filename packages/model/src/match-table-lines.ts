import type { Family } from './address.js';
import {
  ACTION_LOCAL_POOL,
  ACTION_VERDICT_MASK,
  BACKEND4_WORDS,
  BACKEND6_WORDS,
  INTERVAL4_WORDS,
  INTERVAL6_WORDS,
  isBlock,
  LINE_ACTIONS,
  LINE_CLUSTER_POOL,
  LINE_KIND,
  LINE_KINDS,
  LINE_LOCAL_POOL,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  LINE_SERVICE_PORT,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_SLOTS,
  POOL_SLOTS_MAX,
  POOL_WIDTH_SHIFT,
  POOL_WORD,
  SERVICE_PORT_WORDS,
  slotsWords,
} from './match-table.js';
import { PlaceCounter } from './match-table-places.js';
import { VERDICTS } from './verdict.js';

const DNAT = VERDICTS.indexOf('dnat');

/** Whether lines of one family, and all that they lead to, can be read. */
export class LineChecker {
  readonly #image: Uint32Array;
  readonly #intervalWords: number;
  readonly #backendWords: number;
  readonly #places: PlaceCounter;

  constructor(image: Uint32Array, family: Family) {
    this.#image = image;
    this.#places = new PlaceCounter(image);
    this.#intervalWords = family === 'IPv4' ? INTERVAL4_WORDS : INTERVAL6_WORDS;
    this.#backendWords = family === 'IPv4' ? BACKEND4_WORDS : BACKEND6_WORDS;
  }

  /** What is wrong with the line at a word offset, or `null`. The line itself lies in the heap. */
  problem(line: number): string | null {
    const image = this.#image;
    if ((image[line + LINE_KIND] as number) >= LINE_KINDS.length) return 'it has no kind';
    if (!isBlock(image, image[line + LINE_SERVICE_PORT] as number, SERVICE_PORT_WORDS)) {
      return 'it has no service port';
    }
    const ranges = (image[line + LINE_RANGES_COUNT] as number) - 1;
    const firstRange = image[line + LINE_RANGES_FIRST] as number;
    if (ranges > 0 && !isBlock(image, firstRange, ranges * this.#intervalWords)) {
      return 'its source ranges lie outside of the heap';
    }
    const pools = this.#poolProblem(line + LINE_CLUSTER_POOL) ?? this.#poolProblem(line + LINE_LOCAL_POOL);
    return pools ?? this.#actionsProblem(line);
  }

  #actionsProblem(line: number): string | null {
    for (let shift = 0; shift < 32; shift += 8) {
      const action = (this.#image[line + LINE_ACTIONS] as number) >>> shift;
      const verdict = action & ACTION_VERDICT_MASK;
      if (verdict >= VERDICTS.length) return 'an action has no verdict';
      const pool = line + ((action & ACTION_LOCAL_POOL) === 0 ? LINE_CLUSTER_POOL : LINE_LOCAL_POOL);
      if (verdict === DNAT && this.#image[pool + POOL_WORD] === 0) return 'an action forwards to no pool';
    }
    return null;
  }

  #poolProblem(pool: number): string | null {
    const image = this.#image;
    const poolWord = image[pool + POOL_WORD] as number;
    const slots = image[pool + POOL_SLOTS] as number;
    const backends = image[pool + POOL_BACKEND] as number;
    if (poolWord === 0) return slots === 0 && backends === 0 ? null : 'a pool that is none has words';
    const count = poolWord & POOL_COUNT_MASK;
    const width = (poolWord >>> POOL_WIDTH_SHIFT) & 7;
    if (count === 0 || count > POOL_SLOTS_MAX || width > 5) return 'a pool has no slots';
    if (width === 0 ? slots !== 0 : !isBlock(image, slots, slotsWords(poolWord))) {
      return 'the slots of a pool lie outside of the heap';
    }
    const words = this.#places.count(slots, poolWord) * this.#backendWords;
    if (isBlock(image, backends, words)) return null;
    return 'a pool names backends that are not there';
  }
}
