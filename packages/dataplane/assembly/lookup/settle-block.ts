// The packets of a block that the candidates' lines do not send on at once. What they are is as good as random, so that
// a branch on it is mispredicted: they are first sorted by what they need.
import {
  BUCKET_PASSED,
  OUTCOME_ORIGIN_SHIFT,
  ROOT_CLUSTER_IPS_4,
  ROOT_CLUSTER_IPS_6,
  SPACE_NODE_PORT,
} from '../formats';
import { destinationOf, packetBytes, verdictBytes } from './address';
import { HEAP_BYTES, tagsAlike } from './candidates';
import { bucketOf, findLine, hasKey, lineAt, lineNumber } from './find-line';
import { addressFlags, addressHash, firstEntryOfSet } from './membership';
import { ownFlags } from './own-addresses';
import {
  BUCKETS,
  CANDIDATES,
  DESTINATION_FLAGS,
  FLOW_HASHES,
  ORIGINS,
  PORT_KEYS,
  PROBES,
  UNSETTLED,
  UNTAKEN,
} from './scratch';
import { clusterIPSpace, settle, writeVerdict } from './settle';
import { touch } from './touch';

/**
 * Node ports come behind the frontends of addresses: finds those packets with the key of a node port whose address and
 * port may have a frontend, too.
 * @param nodePorts - a bit for each packet with the key of a node port
 * @returns a bit for each that must be settled by itself
 */
export function findAddressFrontends<A>(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  nodePorts: u64,
): u64 {
  let count: u32 = 0;
  for (let rest = nodePorts; rest != 0; rest &= rest - 1) {
    const k = <u32>ctz(rest);
    const at = scratch + (k << 2);
    const to = scratch + (count << 2);
    const destination = destinationOf<A>(packets + k * packetBytes<A>());
    const hash = addressHash<A>(destination, load<u32>(at, PORT_KEYS) ^ SPACE_NODE_PORT);
    store<u32>(to, hash, UNTAKEN);
    store<u32>(to, bucketOf<A>(image, root, hash), PROBES);
    count++;
  }
  touch(scratch, PROBES, count);
  let found: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const at = scratch + (i << 2);
    const bucket = <usize>load<u32>(at, PROBES);
    const alike = tagsAlike(bucket, at + UNTAKEN) | load<u32>(bucket, BUCKET_PASSED << 2);
    found |= select<u64>(nodePorts & (0 - nodePorts), 0, alike != 0);
    nodePorts &= nodePorts - 1;
  }
  return found;
}

/**
 * Writes the verdicts of some packets.
 * @param others - a bit for each of them
 * @param ownCount - of the node's addresses in the reader's region, -1 if they are not there
 */
export function settleBlock<A>(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  verdicts: usize,
  others: u64,
  ownCount: i32,
): void {
  const noLine = image + HEAP_BYTES;
  let untaken: u32 = 0;
  let unsettled: u32 = 0;
  for (; others != 0; others &= others - 1) {
    const k = <u32>ctz(others);
    const at = scratch + (k << 2);
    const destination = destinationOf<A>(packets + k * packetBytes<A>());
    const portKey = load<u32>(at, PORT_KEYS);
    const candidate = <usize>load<u32>(at, CANDIDATES);
    const isFound = hasKey<A>(candidate, destination, portKey);
    const isPassed = load<u32>(<usize>load<u32>(at, BUCKETS), BUCKET_PASSED << 2) != 0;
    let line = select<usize>(candidate, noLine, isFound);
    // The frontend of the address may be behind the candidate, or has not been looked for.
    if (!isFound & ((candidate != noLine) | isPassed | ((portKey & SPACE_NODE_PORT) != 0))) {
      line = findAddressFrontend<A>(image, root, destination, portKey);
    }
    const flags =
      ownCount < 0
        ? addressFlags<A>(image, root, destination)
        : ownFlags<A>(root, scratch, ownCount, destination);
    store<u32>(at, line, CANDIDATES);
    store<u32>(at, flags, DESTINATION_FLAGS);
    // It is put into both lists, and stays in one.
    const isUntaken = (line == noLine) & (flags == 0);
    store<u32>(scratch + (untaken << 2), k, UNTAKEN);
    store<u32>(scratch + (unsettled << 2), k, UNSETTLED);
    untaken += u32(isUntaken);
    unsettled += u32(!isUntaken);
  }
  if (untaken > 0) settleUntaken<A>(image, root, scratch, packets, verdicts, untaken);
  for (let i: u32 = 0; i < unsettled; i++) {
    const k = load<u32>(scratch + (i << 2), UNSETTLED);
    const at = scratch + (k << 2);
    settle<A>(
      image,
      root,
      packets + k * packetBytes<A>(),
      verdicts + k * verdictBytes<A>(),
      lineNumber(image, load<u32>(at, CANDIDATES)),
      load<u32>(at, DESTINATION_FLAGS),
      load<u32>(at, ORIGINS),
      load<u32>(at, PORT_KEYS) & ~SPACE_NODE_PORT,
      load<u32>(at, FLOW_HASHES),
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
  const clusterIPs = isVector<A>() ? ROOT_CLUSTER_IPS_6 : ROOT_CLUSTER_IPS_4;
  for (let i: u32 = 0; i < untaken; i++) {
    const k = load<u32>(scratch + (i << 2), UNTAKEN);
    const destination = destinationOf<A>(packets + k * packetBytes<A>());
    store<u32>(scratch + (i << 2), firstEntryOfSet<A>(image, root, clusterIPs, destination), PROBES);
  }
  touch(scratch, PROBES, untaken);
  for (let i: u32 = 0; i < untaken; i++) {
    const k = load<u32>(scratch + (i << 2), UNTAKEN);
    const outcome = clusterIPSpace<A>(image, root, packets + k * packetBytes<A>(), 0);
    const origin = load<u32>(scratch + (k << 2), ORIGINS) << OUTCOME_ORIGIN_SHIFT;
    writeVerdict<A>(verdicts + k * verdictBytes<A>(), outcome | origin, 0);
  }
}
