/** Every block of an image that a reader can come upon. */
import {
  BUCKET_ENTRIES,
  BUCKET_LINES,
  BUCKET_WORDS,
  blockWords,
  bucketTag,
  type Family,
  HEADER_ROOT,
  INTERVAL4_WORDS,
  INTERVAL6_WORDS,
  LINE_CLUSTER_POOL,
  LINE_LOCAL_POOL,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  LINE_SERVICE_PORT,
  LINE_WORDS,
  lineOffset,
  PlaceCounter,
  POOL_BACKEND,
  POOL_SLOTS,
  POOL_WORD,
  ROOT_WORDS,
  SERVICE_PORT_WORDS,
  STRUCTURES,
  slotsWords,
  structureCount,
  structureOffset,
} from '@shunt/model';
import type { Block } from './heap.js';
import { backendWords } from './pools.js';

/**
 * Finds the blocks of an image, walking from its root.
 * @param image - a valid match table
 * @returns their words by their word offsets; of a block of backends as far as slots name them
 */
export function tableBlocks(image: Uint32Array): Map<number, number> {
  const blocks = new Map<number, number>();
  const add = (offset: number, words: number): void => {
    if (words > 0) blocks.set(offset, Math.max(blocks.get(offset) ?? 0, blockWords(words)));
  };
  add(image[HEADER_ROOT] as number, ROOT_WORDS);
  for (const { name, recordWords } of STRUCTURES) {
    add(structureOffset(image, name), structureCount(image, name) * recordWords);
  }
  const places = new PlaceCounter(image);
  for (const family of ['IPv4', 'IPv6'] as const) {
    for (const line of indexedLines(image, family)) {
      for (const { offset, words } of lineBlocks(image, lineOffset(line), family, places)) add(offset, words);
    }
  }
  return blocks;
}

/** The lines that the index of a family has, by their numbers. */
export function* indexedLines(image: Uint32Array, family: Family): Generator<number> {
  const name = family === 'IPv4' ? 'frontendIndex4' : 'frontendIndex6';
  const index = structureOffset(image, name);
  for (let entry = 0; entry < structureCount(image, name) * BUCKET_ENTRIES; entry++) {
    const bucket = index + (entry >>> 3) * BUCKET_WORDS;
    if (bucketTag(image, bucket, entry & 7) !== 0) yield image[bucket + BUCKET_LINES + (entry & 7)] as number;
  }
}

/** A line's own block, and those that it leads to; some with 0 words for none. */
function lineBlocks(image: Uint32Array, line: number, family: Family, places: PlaceCounter): Block[] {
  const word = (at: number): number => image[line + at] as number;
  const intervalWords = family === 'IPv4' ? INTERVAL4_WORDS : INTERVAL6_WORDS;
  const pools = [LINE_CLUSTER_POOL, LINE_LOCAL_POOL].flatMap((pool): Block[] => {
    const poolWord = word(pool + POOL_WORD);
    const slots = word(pool + POOL_SLOTS);
    if (poolWord === 0) return [];
    return [
      { offset: slots, words: slotsWords(poolWord) },
      { offset: word(pool + POOL_BACKEND), words: places.count(slots, poolWord) * backendWords(family) },
    ];
  });
  return [
    { offset: line, words: LINE_WORDS },
    { offset: word(LINE_SERVICE_PORT), words: SERVICE_PORT_WORDS },
    { offset: word(LINE_RANGES_FIRST), words: Math.max(0, word(LINE_RANGES_COUNT) - 1) * intervalWords },
    ...pools,
  ];
}
