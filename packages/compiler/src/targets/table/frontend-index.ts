/**
 * The index of frontends while it is written: see match-table.ts in `@shunt/model` for its form, and for
 * what a reader may see between two writes.
 */
import {
  BUCKET_ENTRIES,
  BUCKET_LINES,
  BUCKET_PASSED,
  BUCKET_TAGS,
  BUCKET_WORDS,
  bucketTag,
  entryShift,
  invariant,
  keyHash4,
  keyHash6,
  keyTag,
  LINE_ADDRESS,
  LINE_PORT_KEY,
  lineOffset,
} from '@shunt/model';
import { type HashStructure, hashCapacity, type WriteWord } from './hash-structure.js';

// With fewer, more buckets are full, and a search that goes past one costs a mispredicted branch.
const ENTRIES_PER_FRONTEND = 2.4;
const LEAST_BUCKETS = 2;

/** The buckets that an index of so many frontends has. */
export function indexCapacity(frontendCount: number): number {
  return hashCapacity((frontendCount * ENTRIES_PER_FRONTEND) / BUCKET_ENTRIES, LEAST_BUCKETS);
}

/**
 * Lets readers find a line by its key, instead of the line with the same key if there is one. The index
 * must have room: see {@link indexCapacity}.
 * @returns the line that it replaces; 0 if there was none
 */
export function insertLine(index: HashStructure, line: number, write: WriteWord): number {
  const { image } = index;
  const hash = lineHash(index, line);
  const place = findPlace(index, line, hash);
  if (place !== null) {
    const at = place.bucket + BUCKET_LINES + place.entry;
    const replaced = image[at] as number;
    write(at, line);
    return replaced;
  }
  for (const bucket of bucketsFrom(index, hash)) {
    const entry = emptyEntry(image, bucket);
    if (entry < 0) {
      write(bucket + BUCKET_PASSED, (image[bucket + BUCKET_PASSED] as number) + 1);
      continue;
    }
    write(bucket + BUCKET_LINES + entry, line);
    writeTag(image, bucket, entry, keyTag(hash), write);
    return 0;
  }
  invariant(false, 'an index has room for a line more');
}

/** The line that readers find by a line's key; 0 if there is none. */
export function indexedLine(index: HashStructure, line: number): number {
  const place = findPlace(index, line, lineHash(index, line));
  return place === null ? 0 : (index.image[place.bucket + BUCKET_LINES + place.entry] as number);
}

/** Makes a line that is in the index impossible to find. */
export function removeLine(index: HashStructure, line: number, write: WriteWord): void {
  const { image } = index;
  const hash = lineHash(index, line);
  const place = findPlace(index, line, hash);
  const at = place === null ? 0 : place.bucket + BUCKET_LINES + place.entry;
  invariant(place !== null && image[at] === line, 'a line that is removed is in the index');
  writeTag(image, place.bucket, place.entry, 0, write);
  write(at, 0);
  for (const bucket of bucketsFrom(index, hash)) {
    if (bucket === place.bucket) return;
    write(bucket + BUCKET_PASSED, (image[bucket + BUCKET_PASSED] as number) - 1);
  }
}

interface Place {
  readonly bucket: number;
  readonly entry: number;
}

/** The entry of the line with the same key as `line`. */
function findPlace(index: HashStructure, line: number, hash: number): Place | null {
  const { image } = index;
  const tag = keyTag(hash);
  for (const bucket of bucketsFrom(index, hash)) {
    for (let entry = 0; entry < BUCKET_ENTRIES; entry++) {
      if (bucketTag(image, bucket, entry) !== tag) continue;
      if (sameKey(image, image[bucket + BUCKET_LINES + entry] as number, line)) return { bucket, entry };
    }
    if (image[bucket + BUCKET_PASSED] === 0) return null;
  }
  return null;
}

/** The buckets in the order in which a key of this hash is looked for. */
function* bucketsFrom({ offset, capacity }: HashStructure, hash: number): Generator<number> {
  const first = hash >>> entryShift(capacity);
  for (let i = 0; i < capacity; i++) yield offset + ((first + i) & (capacity - 1)) * BUCKET_WORDS;
}

function emptyEntry(image: Uint32Array, bucket: number): number {
  for (let entry = 0; entry < BUCKET_ENTRIES; entry++) {
    if (bucketTag(image, bucket, entry) === 0) return entry;
  }
  return -1;
}

function writeTag(image: Uint32Array, bucket: number, entry: number, tag: number, write: WriteWord): void {
  const at = bucket + BUCKET_TAGS + (entry >>> 1);
  const tags = image[at] as number;
  write(at, ((entry & 1) === 0 ? (tags & 0xffff0000) | tag : (tags & 0xffff) | (tag << 16)) >>> 0);
}

function lineHash({ image, family }: HashStructure, line: number): number {
  const word = (at: number): number => image[lineOffset(line) + at] as number;
  const w0 = word(LINE_ADDRESS);
  const portKey = word(LINE_PORT_KEY);
  if (family === 'IPv4') return keyHash4(w0, portKey);
  return keyHash6(w0, word(LINE_ADDRESS + 1), word(LINE_ADDRESS + 2), word(LINE_ADDRESS + 3), portKey);
}

function sameKey(image: Uint32Array, a: number, b: number): boolean {
  for (let word = LINE_ADDRESS; word <= LINE_PORT_KEY; word++) {
    if (image[lineOffset(a) + word] !== image[lineOffset(b) + word]) return false;
  }
  return true;
}
