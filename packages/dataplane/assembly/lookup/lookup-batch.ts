// Packet records in, verdict records out. Packets go through in blocks, each in passes: hash, candidates, match,
// backends, write. The cache misses of a block's packets then overlap instead of adding up, since each pass reads what
// the next one needs, and none has a branch that packets take differently: what a pass cannot tell by one look, it
// lists for a slower function.
import { HEADER_ROOT } from '../formats';
import { packetBytes, verdictBytes } from './address';
import { findCandidates } from './candidates';
import { hashBlock4 } from './hash-block4';
import { hashBlock6 } from './hash-block6';
import { matchBlock } from './match-block';
import { findOrigins } from './origins';
import { collectOwnAddresses } from './own-addresses';
import { BLOCK_PACKETS } from './scratch';
import { findAddressFrontends, settleBlock } from './settle-block';
import { findBackends, writeBlock } from './write-block';

/** @param image - a valid match table; @param scratch - the reader's region */
export function lookupBatch<A>(image: usize, scratch: usize, packets: usize, verdicts: usize, count: u32): void {
  // Read once for a batch: all its packets see the rules of one root.
  const root = image + (load<u32>(image, HEADER_ROOT << 2) << 2);
  const ownCount = collectOwnAddresses<A>(image, root, scratch);
  while (count > 0) {
    const blockCount = min(BLOCK_PACKETS, count);
    const compared = max(ownCount, 0);
    let nodePorts: u64;
    if (isVector<A>()) nodePorts = hashBlock6(image, root, scratch, packets, blockCount, compared);
    else nodePorts = hashBlock4(image, root, scratch, packets, blockCount, compared);
    if (ownCount < 0) findOrigins<A>(image, root, scratch, packets, blockCount);
    findCandidates(image, scratch, blockCount);
    let others = matchBlock<A>(image, scratch, blockCount);
    findBackends<A>(image, scratch, blockCount);
    writeBlock<A>(image, scratch, packets, verdicts, blockCount);
    if (nodePorts != 0) others |= findAddressFrontends<A>(image, root, scratch, packets, nodePorts);
    if (others != 0) settleBlock<A>(image, root, scratch, packets, verdicts, others, ownCount);
    packets += blockCount * packetBytes<A>();
    verdicts += blockCount * verdictBytes<A>();
    count -= blockCount;
  }
}
