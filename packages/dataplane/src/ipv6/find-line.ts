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
import { sameAddress6 } from './membership.js';

/**
 * The line of a key, by looking at every entry with its tag. Rarely asked: where the first entry of the
 * first bucket that has the tag is another key's, or where frontends went past the bucket.
 * @param index - word offset of the index, of `capacity` buckets
 * @param hash - the key's hash, signed
 * @param words, destination - the array and word that hold the address
 * @param portKey - signed
 * @returns its number, or 0
 */
export function findLine6(
  image: Uint32Array,
  index: number,
  capacity: number,
  hash: number,
  words: Uint32Array,
  destination: number,
  portKey: number,
): number {
  const tag = keyTag(hash);
  let bucket = hash >>> entryShift(capacity);
  for (let left = capacity; left > 0; left--) {
    const offset = index + (bucket << 4);
    for (let entry = 0; entry < BUCKET_ENTRIES; entry++) {
      if (bucketTag(image, offset, entry) !== tag) continue;
      const line = image[offset + BUCKET_LINES + entry] as number;
      const at = HEAP_START + (line << 4);
      if (((image[at + LINE_PORT_KEY] as number) | 0) !== portKey) continue;
      if (sameAddress6(image, at + LINE_ADDRESS, words, destination)) return line;
    }
    if (image[offset + BUCKET_PASSED] === 0) return 0;
    bucket = (bucket + 1) & (capacity - 1);
  }
  return 0;
}
