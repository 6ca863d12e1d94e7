import { HEADER_CHECKSUM, HEADER_VERSION, matchTableChecksum, validateMatchTable } from '@shunt/model';

/** Gives an image the checksum of its words. */
export function sealed(image: Uint32Array): Uint32Array {
  image[HEADER_CHECKSUM] = matchTableChecksum(image);
  return image;
}

/**
 * Writes words at places behind the version, and seals the image again.
 * @returns `null` if it is not an image any more
 */
export function changedImage(
  image: Uint32Array,
  changes: readonly (readonly [number, number])[],
): Uint32Array | null {
  for (const [at, word] of changes) image[HEADER_VERSION + 1 + (at % (image.length - 2))] = word;
  return validateMatchTable(sealed(image)).length > 0 ? null : image;
}
