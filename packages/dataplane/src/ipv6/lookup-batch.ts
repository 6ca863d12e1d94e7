/**
 * The IPv6 lookup: packet records in, verdict records out. In passes over blocks of packets, as the
 * IPv4 lookup, see there; nothing here allocates, throws, or keeps state between calls.
 */
import { HEADER_ROOT, ROOT_POSITION } from '@shunt/model';
import { BLOCK_PACKETS } from '../block.js';
import { findCandidates } from '../candidates.js';
import { hashBlock6 } from './hash-block.js';
import { matchBlock6 } from './match-block.js';
import { listAddressFrontends6, settleBlock6 } from './settle-block.js';
import { writeBlock6 } from './write-block.js';

const INDEX = ROOT_POSITION.frontendIndex6;

/**
 * Looks up packets 0 to `count` - 1.
 * @param image - a valid match table
 * @param packets - IPv6 packet records
 * @param verdicts - IPv6 verdict records, overwritten
 * @param random - generator of 32-bit integers, asked once for each flow to a pool of strategy `random`;
 *   it must not look up packets itself
 */
export function lookupBatch6(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  count: number,
  random: () => number,
): void {
  for (let first = 0; first < count; first += BLOCK_PACKETS) {
    const blockCount = Math.min(BLOCK_PACKETS, count - first);
    // Read once: all passes see the rules of one root.
    const root = image[HEADER_ROOT] as number;
    const nodePorts = hashBlock6(image, root, packets, first, blockCount);
    findCandidates(image, root + INDEX, blockCount);
    let unsettled = matchBlock6(image, blockCount);
    writeBlock6(image, packets, verdicts, first, blockCount);
    if (nodePorts > 0) unsettled = listAddressFrontends6(image, root, packets, first, nodePorts, unsettled);
    if (unsettled > 0) settleBlock6(image, root, packets, verdicts, first, unsettled, random);
  }
}
