/**
 * The IPv4 lookup: packet records in, verdict records out. Free functions with numbers and word arrays
 * for arguments; nothing here allocates, throws, or keeps state between calls.
 *
 * Packets go through in blocks, each in four passes: hash, match, pick, write. The cache misses of a
 * block's packets then overlap instead of adding up, since no pass has a call or a branch that packets
 * take differently: what a pass cannot tell by one look, it lists for a slower function. Offsets of
 * records are shifts by the log2 of their words: 1 for set entries and backends, 4 for buckets and lines.
 */
import { HEADER_ROOT, ROOT_POSITION } from '@shunt/model';
import { BLOCK_PACKETS } from '../block.js';
import { findCandidates } from '../candidates.js';
import { hashBlock4 } from './hash-block.js';
import { lookupOne4 } from './lookup-one.js';
import { matchBlock4 } from './match-block.js';
import { listAddressFrontends4, settleBlock4 } from './settle-block.js';
import { writeBlock4 } from './write-block.js';

const INDEX = ROOT_POSITION.frontendIndex4;

/**
 * Looks up packets 0 to `count` - 1.
 * @param image - a valid match table
 * @param packets - IPv4 packet records
 * @param verdicts - IPv4 verdict records, overwritten
 * @param random - generator of 32-bit integers, asked once for each flow to a pool of strategy `random`;
 *   it must not look up packets itself
 */
export function lookupBatch4(
  image: Uint32Array,
  packets: Uint32Array,
  verdicts: Uint32Array,
  count: number,
  random: () => number,
): void {
  if (count === 1) {
    lookupOne4(image, packets, verdicts, random);
    return;
  }
  for (let first = 0; first < count; first += BLOCK_PACKETS) {
    const blockCount = Math.min(BLOCK_PACKETS, count - first);
    // Read once: all passes see the rules of one root.
    const root = image[HEADER_ROOT] as number;
    const nodePorts = hashBlock4(image, root, packets, first, blockCount);
    findCandidates(image, root + INDEX, blockCount);
    let unsettled = matchBlock4(image, blockCount);
    writeBlock4(image, packets, verdicts, first, blockCount);
    if (nodePorts > 0) unsettled = listAddressFrontends4(image, root, packets, first, nodePorts, unsettled);
    if (unsettled > 0) settleBlock4(image, root, packets, verdicts, first, unsettled, random);
  }
}
