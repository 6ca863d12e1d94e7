import {
  BACKEND4_PORT,
  BACKEND4_WORDS,
  BACKEND6_PORT,
  OUTCOME_MASQUERADE,
  OUTCOME_PORT_SHIFT,
  PACKET4_WORDS,
  VERDICT4_WORDS,
  VERDICT6_ADDRESS,
  VERDICT_BACKEND,
} from '../formats';
import { SPLAT_MASQUERADE } from '../splats';
import { backendBytes, packetBytes, sameAddress, verdictBytes } from './address';
import { HEAP_BYTES, LINE_SHIFT } from './candidates';
import { lineNumber } from './find-line';
import { BACKENDS, CANDIDATES, OUTCOMES, SLOT_BITS, SLOT_MASKS, SLOT_WORDS, TOUCHED } from './scratch';
import { namedPlacesx4 } from './slots';
import { touch } from '../touch';
import { highPairs, highWords, lowPairs, lowWords, wordsAt } from './vectors';

/** Finds the backends that the slots name. Brings them into the cache. */
export function findBackends<A>(image: usize, scratch: usize, count: u32): void {
  const last = scratch + (count << 2);
  const base = i32x4.splat(<i32>image);
  for (let at = scratch; at < last; at += 16) {
    const words = wordsAt(
      <usize>load<u32>(at, SLOT_WORDS),
      <usize>load<u32>(at, SLOT_WORDS + 4),
      <usize>load<u32>(at, SLOT_WORDS + 8),
      <usize>load<u32>(at, SLOT_WORDS + 12),
      0,
    );
    const places = namedPlacesx4(words, v128.load(at, SLOT_BITS), v128.load(at, SLOT_MASKS));
    const behind = i32x4.shl(places, ctz(backendBytes<A>()));
    v128.store(at, i32x4.add(v128.load(at, BACKENDS), behind), BACKENDS);
  }
  touch(scratch, BACKENDS, count, scratch + TOUCHED);
}

/**
 * Writes the verdict of a packet as a translation to a backend. A hairpin, whose backend is its source, is
 * masqueraded.
 * @param outcome - without the port
 */
// @ts-ignore: decorator
@inline
export function writeTranslation<A>(
  image: usize,
  packet: usize,
  verdict: usize,
  backend: usize,
  outcome: u32,
  line: u32,
): void {
  const isHairpin = sameAddress<A>(backend, packet);
  const number = (backend - image - HEAP_BYTES) / backendBytes<A>();
  outcome |= select<u32>(OUTCOME_MASQUERADE, 0, isHairpin);
  store<u64>(verdict, u64(number) | (u64(line) << 32), VERDICT_BACKEND << 2);
  if (isVector<A>()) {
    const port = load<u32>(backend, BACKEND6_PORT << 2) << OUTCOME_PORT_SHIFT;
    store<u64>(verdict, u64(outcome | port));
    v128.store(verdict, v128.load(backend), VERDICT6_ADDRESS << 2);
  } else {
    const port = load<u32>(backend, BACKEND4_PORT << 2) << OUTCOME_PORT_SHIFT;
    store<u64>(verdict, u64(outcome | port) | (u64(load<u32>(backend)) << 32));
  }
}

/** Writes the verdict of the packet at a place of the block. */
// @ts-ignore: decorator
@inline
function writePlace<A>(image: usize, packet: usize, verdict: usize, at: usize): void {
  const backend = <usize>load<u32>(at, BACKENDS);
  const line = lineNumber(image, load<u32>(at, CANDIDATES));
  writeTranslation<A>(image, packet, verdict, backend, load<u32>(at, OUTCOMES), line);
}

/** Writes the verdicts of the block's packets. */
export function writeBlock<A>(image: usize, scratch: usize, packets: usize, verdicts: usize, count: u32): void {
  const end = scratch + (count << 2);
  let at = scratch;
  if (!isVector<A>()) {
    const heap = i32x4.splat(<i32>(image + HEAP_BYTES));
    for (; at + 16 <= end; at += 16) {
      writePlaces4(heap, packets, verdicts, at);
      packets += 4 * packetBytes<A>();
      verdicts += 4 * verdictBytes<A>();
    }
  }
  for (; at < end; at += 4) {
    writePlace<A>(image, packets, verdicts, at);
    packets += packetBytes<A>();
    verdicts += verdictBytes<A>();
  }
}

/** Writes the verdicts of four IPv4 packets. @param heap - where the heap begins, four times */
// @ts-ignore: decorator
@inline
function writePlaces4(heap: v128, packets: usize, verdicts: usize, at: usize): void {
  const records01 = pairOf(<usize>load<u32>(at, BACKENDS), <usize>load<u32>(at, BACKENDS + 4));
  const records23 = pairOf(<usize>load<u32>(at, BACKENDS + 8), <usize>load<u32>(at, BACKENDS + 12));
  const addresses = i32x4.shuffle(records01, records23, 0, 2, 4, 6);
  const ports = i32x4.shuffle(records01, records23, 1, 3, 5, 7);
  const next = packets + (PACKET4_WORDS << 2);
  const sources = wordsAt(packets, next, packets + (PACKET4_WORDS << 3), next + (PACKET4_WORDS << 3), 0);
  const hairpins = v128.and(i32x4.eq(addresses, sources), v128.load(SPLAT_MASQUERADE));
  let outcomes = v128.or(v128.load(at, OUTCOMES), i32x4.shl(ports, OUTCOME_PORT_SHIFT));
  outcomes = v128.or(outcomes, hairpins);
  const backends = i32x4.shr_u(i32x4.sub(v128.load(at, BACKENDS), heap), ctz(BACKEND4_WORDS << 2));
  const lines = i32x4.shr_u(i32x4.sub(v128.load(at, CANDIDATES), heap), LINE_SHIFT);
  const first01 = lowWords(outcomes, addresses);
  const first23 = highWords(outcomes, addresses);
  const last01 = lowWords(backends, lines);
  const last23 = highWords(backends, lines);
  v128.store(verdicts, lowPairs(first01, last01));
  v128.store(verdicts, highPairs(first01, last01), VERDICT4_WORDS << 2);
  v128.store(verdicts, lowPairs(first23, last23), VERDICT4_WORDS << 3);
  v128.store(verdicts, highPairs(first23, last23), 3 * (VERDICT4_WORDS << 2));
}

/** Two backend records side by side. */
// @ts-ignore: decorator
@inline
function pairOf(a: usize, b: usize): v128 {
  return v128.load_lane<u64>(b, v128.load64_zero(a), 1);
}
