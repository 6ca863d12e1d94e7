// The packets of a block that the candidates' lines do not send on at once.
import {
  ADDRESS_SERVES_NODE_PORTS,
  BUCKET_PASSED,
  OUTCOME_ORIGIN_SHIFT,
  ROOT_CLUSTER_IPS_4,
  ROOT_CLUSTER_IPS_6,
  SPACE_NODE_PORT,
} from '../formats';
import { keyHash4 } from '../key-hash';
import { destinationOf, packetBytes, verdictBytes } from './address';
import { findCandidates, HEAP_BYTES } from './candidates';
import { bucketOf, findLine, lineAt, lineNumber } from './find-line';
import { matchBlock, otherKey } from './match-block';
import { addressFlags, firstEntryOfSet } from './membership';
import { ownFlags } from './origins';
import {
  BLOCK_PACKETS,
  BUCKETS,
  CANDIDATES,
  FLOW_HASHES,
  KEY_ADDRESSES,
  KEY_HASHES,
  ORIGINS,
  PORT_KEYS,
  PROBES,
  RETRIED,
  UNSETTLED,
  UNTAKEN,
} from './scratch';
import { clusterIPSpace, settle, writeVerdict } from './settle';
import { touch } from './touch';
import { findBackends, writePlace } from './write-block';

/**
 * Writes the verdicts of some packets, first sorted by what they need: those that no frontend takes, those that come
 * to where node ports are served and go through the passes once more, with the keys of their node ports, and all others.
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
  let end = BLOCK_PACKETS;
  let untaken: u32 = 0;
  let unsettled: u32 = 0;
  for (; others != 0; others &= others - 1) {
    const k = <u32>ctz(others);
    const at = scratch + (k << 2);
    const destination = destinationOf<A>(packets + k * packetBytes<A>());
    const candidate = <usize>load<u32>(at, CANDIDATES);
    const isOther = otherKey<A>(candidate, scratch, k) != 0;
    let line = select<usize>(noLine, candidate, isOther);
    const isPassed = load<u32>(<usize>load<u32>(at, BUCKETS), BUCKET_PASSED << 2) != 0;
    // It may be behind the candidate.
    if (isOther & ((candidate != noLine) | isPassed)) {
      const key = load<u32>(at, PORT_KEYS);
      line = lineAt(image, findLine<A>(image, root, destination, key, load<u32>(at, KEY_HASHES)));
    }
    store<u32>(at, line, CANDIDATES);
    const flags =
      ownCount < 0
        ? addressFlags<A>(image, root, destination)
        : ownFlags<A>(root, scratch, ownCount, destination);
    // What they are is as good as random: they are put into all lists, and stay in one.
    const isRetried = (line == noLine) & ((flags & ADDRESS_SERVES_NODE_PORTS) != 0);
    const isUntaken = (line == noLine) & (flags == 0);
    store<u32>(scratch + (end << 2), k, RETRIED);
    store<u32>(scratch + (untaken << 2), k, UNTAKEN);
    store<u32>(scratch + (unsettled << 2), k, UNSETTLED);
    end += u32(isRetried);
    untaken += u32(isUntaken);
    unsettled += u32(!(isRetried | isUntaken));
  }
  if (untaken > 0) settleUntaken<A>(image, root, scratch, packets, verdicts, untaken);
  if (end != BLOCK_PACKETS) settleRetried<A>(image, root, scratch, packets, verdicts, end);
  for (let i: u32 = 0; i < unsettled; i++) {
    settlePlace<A>(image, root, scratch, packets, verdicts, load<u32>(scratch + (i << 2), UNSETTLED));
  }
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
  touch(scratch, PROBES, 0, untaken);
  for (let i: u32 = 0; i < untaken; i++) {
    const k = load<u32>(scratch + (i << 2), UNTAKEN);
    const outcome = clusterIPSpace<A>(image, root, packets + k * packetBytes<A>(), 0);
    const origin = load<u32>(scratch + (k << 2), ORIGINS) << OUTCOME_ORIGIN_SHIFT;
    writeVerdict<A>(verdicts + k * verdictBytes<A>(), outcome | origin, 0);
  }
}

/** Fills a second place of the packet at place `k` with the key of its node port. */
// @ts-ignore: decorator
@inline
function fillPlace<A>(image: usize, root: usize, scratch: usize, k: u32, place: u32): void {
  const from = scratch + (k << 2);
  const to = scratch + (place << 2);
  const portKey = load<u32>(from, PORT_KEYS) | SPACE_NODE_PORT;
  const hash = keyHash4(0, portKey);
  if (isVector<A>()) v128.store(scratch + (place << 4), i32x4.splat(0), KEY_ADDRESSES);
  else store<u32>(to, 0, KEY_ADDRESSES);
  store<u32>(to, portKey, PORT_KEYS);
  store<u32>(to, hash, KEY_HASHES);
  store<u32>(to, bucketOf<A>(image, root, hash), BUCKETS);
  store<u32>(to, load<u32>(from, FLOW_HASHES), FLOW_HASHES);
  store<u32>(to, load<u32>(from, ORIGINS), ORIGINS);
}

/** @param end - behind the last place of those that are looked up once more */
function settleRetried<A>(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  verdicts: usize,
  end: u32,
): void {
  const last = load<u32>(scratch + ((end - 1) << 2), RETRIED);
  for (let place = BLOCK_PACKETS; place < end; place++) {
    fillPlace<A>(image, root, scratch, load<u32>(scratch + (place << 2), RETRIED), place);
  }
  for (let place = end; (place & 3) != 0; place++) fillPlace<A>(image, root, scratch, last, place);
  findCandidates(image, scratch, BLOCK_PACKETS, end);
  let others = matchBlock<A>(image, scratch, BLOCK_PACKETS, end);
  findBackends<A>(image, scratch, BLOCK_PACKETS, end);
  for (let place = BLOCK_PACKETS; place < end; place++) {
    const at = scratch + (place << 2);
    const k = load<u32>(at, RETRIED);
    writePlace<A>(image, packets + k * packetBytes<A>(), verdicts + k * verdictBytes<A>(), at);
  }
  for (; others != 0; others &= others - 1) {
    const place = BLOCK_PACKETS + <u32>ctz(others);
    const k = load<u32>(scratch + (place << 2), RETRIED);
    settlePlace<A>(image, root, scratch, packets, verdicts, k);
  }
}

// @ts-ignore: decorator
@inline
function settlePlace<A>(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  verdicts: usize,
  k: u32,
): void {
  const at = scratch + (k << 2);
  settle<A>(
    image,
    root,
    packets + k * packetBytes<A>(),
    verdicts + k * verdictBytes<A>(),
    lineNumber(image, load<u32>(at, CANDIDATES)),
    load<u32>(at, ORIGINS),
    load<u32>(at, PORT_KEYS),
    load<u32>(at, FLOW_HASHES),
  );
}
