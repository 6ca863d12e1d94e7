import {
  ACTION_MASQUERADE,
  LINE_LOCAL_POOL,
  LINE_PORT_KEY,
  LINE_RANGES_COUNT,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  POOL_BACKEND,
  POOL_SLOTS,
  POOL_WORD,
} from '../formats';
import {
  SPLAT_DNAT,
  SPLAT_LOCAL_POOL,
  SPLAT_MASQUERADE,
  SPLAT_POOL_COUNT,
  SPLAT_POOL_RANDOM,
  SPLAT_TRANSLATED,
  SPLAT_VERDICT_MASK,
} from '../splats';
import { backendBytes } from './address';
import {
  BACKENDS,
  CANDIDATES,
  COLUMN_BYTES,
  FLOW_HASHES,
  KEY_ADDRESSES,
  ORIGINS,
  OUTCOMES,
  PORT_KEYS,
  SLOT_BITS,
  SLOT_MASKS,
  SLOT_WORDS,
  TOUCHED,
} from './scratch';
import { scaledx4, slotMasksx4, slotScalesx4, slotWidthsx4 } from './slots';
import { touch } from '../touch';
import { highPairs, highWords, lowPairs, lowWords, wordsAt } from './vectors';

/** Flags are moved to where they are needed: asking for them would be a branch. */
const MASQUERADE_SHIFT: u32 = ctz(ACTION_MASQUERADE) - ctz(OUTCOME_MASQUERADE);
const LOCAL_POOL: usize = LINE_LOCAL_POOL << 2;

/**
 * Picks a slot for each place, as if its candidate were its frontend and sent it on at once; line 0, too, has one.
 * Four places at a time, and without a branch that packets often take differently. Brings the words with the slots
 * into the cache.
 * @returns a bit for each place for which that is not so
 */
export function matchBlock<A>(image: usize, scratch: usize, count: u32): u64 {
  const last = scratch + (count << 2);
  let sent: u64 = 0;
  let shift: u64 = 0;
  const base = i32x4.splat(<i32>image);
  for (let at = scratch; at < last; at += 16) {
    const line0 = <usize>load<u32>(at, CANDIDATES);
    const line1 = <usize>load<u32>(at, CANDIDATES + 4);
    const line2 = <usize>load<u32>(at, CANDIDATES + 8);
    const line3 = <usize>load<u32>(at, CANDIDATES + 12);
    // Port key, kind, actions and where the source ranges are.
    const head0 = v128.load(line0, LINE_PORT_KEY << 2);
    const head1 = v128.load(line1, LINE_PORT_KEY << 2);
    const head2 = v128.load(line2, LINE_PORT_KEY << 2);
    const head3 = v128.load(line3, LINE_PORT_KEY << 2);
    const portKeys = lowPairs(lowWords(head0, head1), lowWords(head2, head3));
    const allActions = lowPairs(highWords(head0, head1), highWords(head2, head3));
    const origins = v128.load(at, ORIGINS);
    const actions = actionsOfx4(allActions, origins);
    const masquerade = v128.and(i32x4.shr_u(actions, MASQUERADE_SHIFT), v128.load(SPLAT_MASQUERADE));
    const outcomes = v128.or(i32x4.shl(origins, OUTCOME_ORIGIN_SHIFT), v128.load(SPLAT_TRANSLATED));
    v128.store(at, v128.or(outcomes, masquerade), OUTCOMES);

    // Count of source ranges, then the words of the cluster pool.
    const pool0 = v128.load(line0, LINE_RANGES_COUNT << 2);
    const pool1 = v128.load(line1, LINE_RANGES_COUNT << 2);
    const pool2 = v128.load(line2, LINE_RANGES_COUNT << 2);
    const pool3 = v128.load(line3, LINE_RANGES_COUNT << 2);
    const low01 = lowWords(pool0, pool1);
    const low23 = lowWords(pool2, pool3);
    const high01 = highWords(pool0, pool1);
    const high23 = highWords(pool2, pool3);
    const ranges = lowPairs(low01, low23);
    let slots = highPairs(low01, low23);
    let poolWords = lowPairs(high01, high23);
    let backends = highPairs(high01, high23);
    const localPool = v128.load(SPLAT_LOCAL_POOL);
    const isToLocal = v128.and(actions, localPool);
    // Few packets go to local pools: a branch is cheaper here than to read both.
    if (v128.any_true(isToLocal)) {
      const isLocal = i32x4.eq(isToLocal, localPool);
      const localSlots = wordsAt(line0, line1, line2, line3, LOCAL_POOL + (POOL_SLOTS << 2));
      const localWords = wordsAt(line0, line1, line2, line3, LOCAL_POOL + (POOL_WORD << 2));
      const localBackends = wordsAt(line0, line1, line2, line3, LOCAL_POOL + (POOL_BACKEND << 2));
      slots = v128.bitselect(localSlots, slots, isLocal);
      poolWords = v128.bitselect(localWords, poolWords, isLocal);
      backends = v128.bitselect(localBackends, backends, isLocal);
    }
    pickSlots<A>(base, at, slots, poolWords, backends);
    // Not 0 where the line refuses, asks for ranges, picks by chance, or has another key.
    const verdicts = v128.and(actions, v128.load(SPLAT_VERDICT_MASK));
    let other = v128.xor(verdicts, v128.load(SPLAT_DNAT));
    other = v128.or(other, v128.and(poolWords, v128.load(SPLAT_POOL_RANDOM)));
    other = v128.or(other, v128.xor(portKeys, v128.load(at, PORT_KEYS)));
    other = v128.or(other, ranges);
    if (isVector<A>()) {
      other = v128.or(other, otherAddresses6(line0, line1, line2, line3, at));
    } else {
      const addresses = wordsAt(line0, line1, line2, line3, 0);
      other = v128.or(other, v128.xor(addresses, v128.load(at, KEY_ADDRESSES)));
    }
    sent |= u64(i32x4.bitmask(i32x4.eq(other, i32x4.splat(0)))) << shift;
    shift += 4;
  }
  touch(scratch, SLOT_WORDS, count, scratch + TOUCHED);
  // What lies behind the last place is nobody's.
  return ~sent & (~(<u64>0) >> (64 - count));
}

/** 0 in the lanes of the places whose IPv6 addresses are those of four lines. */
// @ts-ignore: decorator
@inline
function otherAddresses6(line0: usize, line1: usize, line2: usize, line3: usize, at: usize): v128 {
  const a = v128.load(line0);
  const b = v128.load(line1);
  const c = v128.load(line2);
  const d = v128.load(line3);
  const first01 = lowWords(a, b);
  const first23 = lowWords(c, d);
  const last01 = highWords(a, b);
  const last23 = highWords(c, d);
  const w0 = v128.xor(lowPairs(first01, first23), v128.load(at, KEY_ADDRESSES));
  const w1 = v128.xor(highPairs(first01, first23), v128.load(at, KEY_ADDRESSES + COLUMN_BYTES));
  const w2 = v128.xor(lowPairs(last01, last23), v128.load(at, KEY_ADDRESSES + 2 * COLUMN_BYTES));
  const w3 = v128.xor(highPairs(last01, last23), v128.load(at, KEY_ADDRESSES + 3 * COLUMN_BYTES));
  return v128.or(v128.or(w0, w1), v128.or(w2, w3));
}

// Where the actions of four words begin, in 16 bytes; behind each low byte, indexes that give 0.
const ACTION_BYTES: usize = memory.data<u32>([0x80808000, 0x80808004, 0x80808008, 0x8080800c], 16);

/** Of four words of actions those for the origins. */
// @ts-ignore: decorator
@inline
function actionsOfx4(actions: v128, origins: v128): v128 {
  return i8x16.swizzle(actions, v128.or(origins, v128.load(ACTION_BYTES)));
}

/**
 * Where the slots of four places are, and their backends, by the words of their pools.
 * @param base - where the table begins, four times
 */
// @ts-ignore: decorator
@inline
function pickSlots<A>(
  base: v128,
  at: usize,
  firstSlots: v128,
  poolWords: v128,
  firstBackends: v128,
): void {
  const counts = v128.and(poolWords, v128.load(SPLAT_POOL_COUNT));
  const slots = scaledx4(v128.load(at, FLOW_HASHES), counts);
  const widths = slotWidthsx4(poolWords);
  const scales = slotScalesx4(widths);
  const bits = i32x4.mul(slots, scales);
  const slotBytes = i32x4.add(i32x4.shl(firstSlots, 2), i32x4.shr_u(bits, 3));
  v128.store(at, i32x4.add(base, slotBytes), SLOT_WORDS);
  v128.store(at, bits, SLOT_BITS);
  v128.store(at, slotMasksx4(widths), SLOT_MASKS);
  // Where a pool has no slots, slot i is backend i.
  const places = v128.and(slots, i32x4.eq(scales, i32x4.splat(0)));
  const backends = i32x4.add(i32x4.shl(firstBackends, 2), i32x4.shl(places, ctz(backendBytes<A>())));
  v128.store(at, i32x4.add(base, backends), BACKENDS);
}
