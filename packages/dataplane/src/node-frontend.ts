import {
  BUCKET_ENTRIES,
  BUCKET_LINES,
  BUCKET_PASSED,
  bucketTag,
  entryShift,
  HEAP_START,
  keyHash4,
  keyTag,
  LINE_ACTIONS,
  LINE_PORT_KEY,
} from '@shunt/model';
import { firstEntry } from './candidates.js';

/**
 * The frontend of a port on the node's own addresses, in either family: its address is zero, where
 * both key hashes agree, and the space in its port key sets it apart from every address's frontend.
 * @param index - where the root has the family's index
 * @param portKey - with the bits of a node-port or health-check space, signed
 * @returns its line, or 0
 */
export function findNodeFrontend(image: Uint32Array, index: number, portKey: number): number {
  const offset = image[index] as number;
  const capacity = image[index + 1] as number;
  const hash = keyHash4(0, portKey);
  let bucket = hash >>> entryShift(capacity);
  const first = image[firstEntry(image, offset + (bucket << 4), hash)] as number;
  if (isNodeFrontend(image, first, portKey)) return first;
  for (let left = capacity; left > 0; left--) {
    const at = offset + (bucket << 4);
    for (let entry = 0; entry < BUCKET_ENTRIES; entry++) {
      if (bucketTag(image, at, entry) !== keyTag(hash)) continue;
      const line = image[at + BUCKET_LINES + entry] as number;
      if (isNodeFrontend(image, line, portKey)) return line;
    }
    if (image[at + BUCKET_PASSED] === 0) return 0;
    bucket = (bucket + 1) & (capacity - 1);
  }
  return 0;
}

/** One action byte of a line; 0 for line 0. */
export function actionOf(image: Uint32Array, line: number, byte: number): number {
  return ((image[HEAP_START + (line << 4) + LINE_ACTIONS] as number) >>> (byte << 3)) & 0xff;
}

function isNodeFrontend(image: Uint32Array, line: number, portKey: number): boolean {
  return ((image[HEAP_START + (line << 4) + LINE_PORT_KEY] as number) | 0) === portKey;
}
