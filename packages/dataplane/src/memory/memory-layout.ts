/**
 * What lies where in the memory of a table. The image is last, so that it can grow.
 *
 * ```
 *      0  what kernels have for themselves; address 0 is no address
 *   4096  control words, see CONTROL_IMAGE and the others
 *   8192  words of the readers: a line for all, then a line for each
 *  16384  a region for each reader, where kernels run that need one: scratch, staged packets and verdicts
 *      .  batches that were allocated, see TableMemory.allocateBatch
 *      .  the image
 * ```
 */

/** How many threads may look up in one table. */
export const MAXIMUM_READERS = 64;

export const CONTROL_AT = 4_096;
/** Control words: byte addresses of the image, of the next batch, and of where batches end. */
export const CONTROL_IMAGE = 0;
export const CONTROL_NEXT_BATCH = 1;
export const CONTROL_BATCHES_END = 2;
export const CONTROL_WORDS = 16;

export const READERS_AT = 8_192;

export const REGIONS_AT = 16_384;
export const REGION_BYTES = 352_256;

/** Packets that are copied at once: many, since arrays that fit are copied much faster as a whole. */
export const STAGED_PACKETS = 4_096;

/** Byte offsets in a reader's region. The kernels' own columns are first. */
export const ONE_PACKET_AT = 8_192;
export const ONE_VERDICT_AT = 8_256;
export const STAGED_PACKETS_AT = 12_288;
export const STAGED_VERDICTS_AT = 208_896;

/** The next multiple of a power of two. */
export function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
