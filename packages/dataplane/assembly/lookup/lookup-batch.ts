// Packet records in, verdict records out. Packets go through in blocks, each in passes: hash, candidates, match,
// backends, write. The cache misses of a block's packets then overlap instead of adding up, since each pass reads what
// the next one needs, and none has a branch that packets take differently: what a pass cannot tell by one look, it
// lists for a slower function, which has those of many blocks at once.
import { packetBytes, verdictBytes } from './address';
import { findCandidates } from './candidates';
import { hashBlock4 } from './hash-block4';
import { hashBlock6 } from './hash-block6';
import { matchBlock } from './match-block';
import { findOrigins } from './origins';
import { collectOwnAddresses } from './own-addresses';
import { BLOCK_PACKETS } from './scratch';
import { rootOf } from './lookup-one';
import { listNodePorts, listOthers, settleNodePorts, settleOthers } from './settle-listed';
import { findBackends, writeBlock } from './write-block';

/** @param image - a valid match table; @param scratch - the reader's region */
export function lookupBatch<A>(image: usize, scratch: usize, packets: usize, verdicts: usize, count: u32): void {
  // Read once for a batch: all its packets see the rules of one root.
  const root = rootOf(image);
  const ownCount = collectOwnAddresses<A>(image, root, scratch);
  const compared = max(ownCount, 0);
  let portsListed: u32 = 0;
  let othersListed: u32 = 0;
  for (let first: u32 = 0; first < count; first += BLOCK_PACKETS) {
    const length = min(BLOCK_PACKETS, count - first);
    const packet = packets + first * packetBytes<A>();
    let nodePorts: u64;
    if (isVector<A>()) nodePorts = hashBlock6(image, root, scratch, packet, length, compared);
    else nodePorts = hashBlock4(image, root, scratch, packet, length, compared);
    if (ownCount < 0) findOrigins<A>(image, root, scratch, packet, length);
    findCandidates(image, scratch, length);
    const others = matchBlock<A>(image, scratch, length);
    findBackends<A>(image, scratch, length);
    writeBlock<A>(image, scratch, packet, verdicts + first * verdictBytes<A>(), length);
    nodePorts &= ~others;
    if (portsListed + <u32>popcnt(nodePorts) > BLOCK_PACKETS) {
      settleNodePorts<A>(image, root, scratch, packets, verdicts, portsListed);
      portsListed = 0;
    }
    portsListed = listNodePorts(scratch, first, nodePorts, portsListed);
    if (othersListed + <u32>popcnt(others) > BLOCK_PACKETS) {
      settleOthers<A>(image, root, scratch, packets, verdicts, othersListed, ownCount);
      othersListed = 0;
    }
    othersListed = listOthers(scratch, first, others, othersListed);
  }
  settleNodePorts<A>(image, root, scratch, packets, verdicts, portsListed);
  settleOthers<A>(image, root, scratch, packets, verdicts, othersListed, ownCount);
}
