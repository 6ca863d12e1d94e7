import { BACKEND4_WORDS, HEAP_START, LINE_ADDRESS, LINE_PORT_KEY } from '@shunt/model';
import { CANDIDATES, LAST_PLACE, LISTED, PORT_KEYS, WORD_OFFSET } from '../block.js';
import { findBackends, pickSlot } from '../pick-backend.js';
import { KEY_ADDRESSES4 } from './hash-block.js';

const RECORD_SHIFT = Math.log2(BACKEND4_WORDS);

// See block.ts for why there are constants for what is imported.
const HEAP = HEAP_START;
const ADDRESS = LINE_ADDRESS;
const LAST = LAST_PLACE;
const OFFSET = WORD_OFFSET;
const PORT_KEY = LINE_PORT_KEY;
const candidates = CANDIDATES;
const portKeys = PORT_KEYS;
const keyAddresses = KEY_ADDRESSES4;
const list = LISTED;
const pick = pickSlot;
const find = findBackends;

/**
 * Picks a backend for each packet, as if its candidate were its frontend and sent it on at once. Brings the backends
 * into the cache.
 * @returns how many places are listed for which that is not so
 */
export function matchBlock4(image: Uint32Array, count: number): number {
  let listed = 0;
  for (let number = 0; number < count; number++) {
    const k = number & LAST;
    const line = (HEAP + ((candidates[k] as number) << 4)) & OFFSET;
    const isOther =
      ((image[line | ADDRESS] as number) ^ (keyAddresses[k] as number)) |
      ((image[line | PORT_KEY] as number) ^ (portKeys[k] as number));
    list[listed & LAST] = k;
    listed = (listed + Number((isOther | pick(image, line, k, RECORD_SHIFT)) !== 0)) | 0;
  }
  find(image, count, RECORD_SHIFT);
  return listed;
}
