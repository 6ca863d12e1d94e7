// The packets that the candidates' lines do not send on at once: a few of each block. They are listed, block after
// block, until the list is full or the batch at its end: loops over few packets end by a misprediction, and their cache
// misses do not overlap. What they are is as good as random, too, so they are sorted by what they need first.
import { BUCKET_PASSED, OUTCOME_ORIGIN_SHIFT, SPACE_NODE_PORT } from '../formats';
import { destinationOf, packetBytes, portKeyOf, verdictBytes } from './address';
import { HEAP_BYTES, tagsAlike } from './candidates';
import { bucketOf, findLine, hasKey, lineAt, lineNumber } from './find-line';
import { lookupOne } from './lookup-one';
import { addressFlags, addressHash, clusterIPsOf, firstEntryOfSet, isClusterIPFrom } from './membership';
import { ownFlags } from './own-addresses';
import {
  BUCKETS,
  CANDIDATES,
  FLOW_HASHES,
  LISTED_BUCKETS,
  LISTED_CANDIDATES,
  LISTED_FLAGS,
  LISTED_FLOW_HASHES,
  LISTED_NODE_PORTS,
  LISTED_ORIGINS,
  LISTED_PACKETS,
  LISTED_PORT_KEYS,
  ORIGINS,
  PORT_KEYS,
  PROBES,
  PROBE_TAGS,
  TOUCHED,
  UNSETTLED,
  UNTAKEN,
} from './scratch';
import { outsideFrontends, settle, writeVerdict } from './settle';
import { touch } from '../touch';

/**
 * Lists packets of a block with the key of a node port.
 * @param first - number of the block's first packet in the batch
 * @param chosen - a bit for each of them
 * @param listed - how many are listed already; there is room for all
 * @returns how many are listed
 */
export function listNodePorts(scratch: usize, first: u32, chosen: u64, listed: u32): u32 {
  let to = scratch + (listed << 2);
  for (let rest = chosen; rest != 0; rest &= rest - 1) {
    store<u32>(to, first + <u32>ctz(rest), LISTED_NODE_PORTS);
    to += 4;
  }
  return listed + <u32>popcnt(chosen);
}

/**
 * Node ports come behind the frontends of addresses: looks up anew those of the listed packets whose address and port
 * may have a frontend, too.
 * @param packets, verdicts - of the batch
 */
export function settleNodePorts<A>(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  verdicts: usize,
  listed: u32,
): void {
  const end = scratch + (listed << 2);
  for (let at = scratch; at < end; at += 4) {
    const packet = packets + load<u32>(at, LISTED_NODE_PORTS) * packetBytes<A>();
    const hash = addressHash<A>(destinationOf<A>(packet), portKeyOf<A>(packet));
    store<u32>(at, hash | 1, PROBE_TAGS);
    store<u32>(at, bucketOf<A>(image, root, hash), PROBES);
  }
  touch(scratch, PROBES, listed, scratch + TOUCHED);
  for (let at = scratch; at < end; at += 4) {
    const bucket = <usize>load<u32>(at, PROBES);
    if ((tagsAlike(bucket, at + PROBE_TAGS) | load<u32>(bucket, BUCKET_PASSED << 2)) == 0) continue;
    const k = load<u32>(at, LISTED_NODE_PORTS);
    lookupOne<A>(image, root, packets + k * packetBytes<A>(), verdicts + k * verdictBytes<A>());
  }
}

/** Lists packets of a block with what the passes have found out about them, as {@link listNodePorts}. */
export function listOthers(scratch: usize, first: u32, chosen: u64, listed: u32): u32 {
  let to = scratch + (listed << 2);
  for (let rest = chosen; rest != 0; rest &= rest - 1) {
    const k = <u32>ctz(rest);
    const at = scratch + (k << 2);
    store<u32>(to, first + k, LISTED_PACKETS);
    store<u32>(to, load<u32>(at, CANDIDATES), LISTED_CANDIDATES);
    store<u32>(to, load<u32>(at, BUCKETS), LISTED_BUCKETS);
    store<u32>(to, load<u32>(at, ORIGINS), LISTED_ORIGINS);
    store<u32>(to, load<u32>(at, PORT_KEYS), LISTED_PORT_KEYS);
    store<u32>(to, load<u32>(at, FLOW_HASHES), LISTED_FLOW_HASHES);
    to += 4;
  }
  return listed + <u32>popcnt(chosen);
}

/**
 * Writes the verdicts of the packets of {@link listOthers}.
 * @param packets, verdicts - of the batch
 * @param ownCount - of the node's addresses in the reader's region, -1 if they are not there
 */
export function settleOthers<A>(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  verdicts: usize,
  listed: u32,
  ownCount: i32,
): void {
  const noLine = image + HEAP_BYTES;
  let untaken: u32 = 0;
  let unsettled: u32 = 0;
  for (let i: u32 = 0; i < listed; i++) {
    const at = scratch + (i << 2);
    const destination = destinationOf<A>(packets + load<u32>(at, LISTED_PACKETS) * packetBytes<A>());
    const portKey = load<u32>(at, LISTED_PORT_KEYS);
    const candidate = <usize>load<u32>(at, LISTED_CANDIDATES);
    const isFound = hasKey<A>(candidate, destination, portKey);
    const isPassed = load<u32>(<usize>load<u32>(at, LISTED_BUCKETS), BUCKET_PASSED << 2) != 0;
    let line = select<usize>(candidate, noLine, isFound);
    // The frontend of the address may be behind the candidate, or has not been looked for.
    if (!isFound & ((candidate != noLine) | isPassed | ((portKey & SPACE_NODE_PORT) != 0))) {
      line = findAddressFrontend<A>(image, root, destination, portKey);
    }
    const flags =
      ownCount < 0
        ? addressFlags<A>(image, root, destination)
        : ownFlags<A>(root, scratch, ownCount, destination);
    store<u32>(at, line, LISTED_CANDIDATES);
    store<u32>(at, flags, LISTED_FLAGS);
    // It is put into both lists, and stays in one.
    const isUntaken = (line == noLine) & (flags == 0);
    store<u32>(scratch + (untaken << 2), i, UNTAKEN);
    store<u32>(scratch + (unsettled << 2), i, UNSETTLED);
    untaken += u32(isUntaken);
    unsettled += u32(!isUntaken);
  }
  settleUntaken<A>(image, root, scratch, packets, verdicts, untaken);
  for (let i: u32 = 0; i < unsettled; i++) {
    const at = scratch + (load<u32>(scratch + (i << 2), UNSETTLED) << 2);
    const k = load<u32>(at, LISTED_PACKETS);
    settle<A>(
      image,
      root,
      packets + k * packetBytes<A>(),
      verdicts + k * verdictBytes<A>(),
      lineNumber(image, load<u32>(at, LISTED_CANDIDATES)),
      load<u32>(at, LISTED_FLAGS),
      load<u32>(at, LISTED_ORIGINS),
      load<u32>(at, LISTED_PORT_KEYS) & ~SPACE_NODE_PORT,
      load<u32>(at, LISTED_FLOW_HASHES),
    );
  }
}

/** Where the line of a destination is, as an address; line 0 if it has none. */
function findAddressFrontend<A>(image: usize, root: usize, destination: usize, portKey: u32): usize {
  const key = portKey & ~SPACE_NODE_PORT;
  return lineAt(image, findLine<A>(image, root, destination, key, addressHash<A>(destination, key)));
}

/** The packets that no frontend takes, nor the node itself: the cluster-IP space is left. */
function settleUntaken<A>(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  verdicts: usize,
  untaken: u32,
): void {
  const end = scratch + (untaken << 2);
  for (let each = scratch; each < end; each += 4) {
    const at = scratch + (load<u32>(each, UNTAKEN) << 2);
    const destination = destinationOf<A>(packets + load<u32>(at, LISTED_PACKETS) * packetBytes<A>());
    store<u32>(each, firstEntryOfSet<A>(image, root, clusterIPsOf<A>(), destination), PROBES);
  }
  touch(scratch, PROBES, untaken, scratch + TOUCHED);
  for (let each = scratch; each < end; each += 4) {
    const at = scratch + (load<u32>(each, UNTAKEN) << 2);
    const k = load<u32>(at, LISTED_PACKETS);
    const destination = destinationOf<A>(packets + k * packetBytes<A>());
    const isKnown = isClusterIPFrom<A>(image, root, load<u32>(each, PROBES), destination);
    const outcome = outsideFrontends<A>(image, root, destination, isKnown);
    const origin = load<u32>(at, LISTED_ORIGINS) << OUTCOME_ORIGIN_SHIFT;
    writeVerdict<A>(verdicts + k * verdictBytes<A>(), outcome | origin, 0);
  }
}
