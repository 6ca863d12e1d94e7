import {
  BUCKET_ENTRIES,
  BUCKET_LINES,
  BUCKET_PASSED,
  bucketTag,
  entryShift,
  HEAP_START,
  keyTag,
  LINE_ADDRESS,
  LINE_PORT_KEY,
} from '@shunt/model';
import { CANDIDATES, KEY_HASHES, PORT_KEYS } from '../block.js';
import { KEY_ADDRESSES4 } from './hash-block.js';

/**
 * The line with the key of the packet at a place of the block: its candidate, or what is behind that.
 * @param indexAt - where the root has the index
 * @returns its number, or 0
 */
export function findLine4(image: Uint32Array, indexAt: number, place: number): number {
  const candidate = CANDIDATES[place] as number;
  if (hasKey4(image, candidate, place)) return candidate;
  const index = image[indexAt] as number;
  const capacity = image[indexAt + 1] as number;
  const hash = KEY_HASHES[place] as number;
  let bucket = hash >>> entryShift(capacity);
  if (candidate === 0 && image[index + (bucket << 4) + BUCKET_PASSED] === 0) return 0;
  for (let left = capacity; left > 0; left--) {
    const offset = index + (bucket << 4);
    for (let entry = 0; entry < BUCKET_ENTRIES; entry++) {
      if (bucketTag(image, offset, entry) !== keyTag(hash)) continue;
      const line = image[offset + BUCKET_LINES + entry] as number;
      if (hasKey4(image, line, place)) return line;
    }
    if (image[offset + BUCKET_PASSED] === 0) return 0;
    bucket = (bucket + 1) & (capacity - 1);
  }
  return 0;
}

function hasKey4(image: Uint32Array, line: number, place: number): boolean {
  const at = HEAP_START + (line << 4);
  if (((image[at + LINE_PORT_KEY] as number) | 0) !== PORT_KEYS[place]) return false;
  return image[at + LINE_ADDRESS] === KEY_ADDRESSES4[place];
}
