// The hashes inside a match table, as match-table-hash.ts of the model has them.
import {
  FACTOR_0,
  FACTOR_1,
  FACTOR_2,
  FACTOR_3,
  FINISH_FACTOR,
  PORT_FACTOR,
  SPLAT_FACTOR_0,
  SPLAT_FACTOR_1,
  SPLAT_FACTOR_2,
  SPLAT_FACTOR_3,
  SPLAT_FINISH_FACTOR,
  SPLAT_PORT_FACTOR,
} from './splats';


// @ts-ignore: decorator
@inline
function finish(sum: u32): u32 {
  return (sum ^ (sum >> 16)) * FINISH_FACTOR;
}

// @ts-ignore: decorator
@inline
function finishx4(sum: v128): v128 {
  return i32x4.mul(v128.xor(sum, i32x4.shr_u(sum, 16)), v128.load(SPLAT_FINISH_FACTOR));
}

// @ts-ignore: decorator
@inline
export function keyHash4(address: u32, portKey: u32): u32 {
  return finish(address * FACTOR_3 + portKey * PORT_FACTOR);
}

/** Of four keys at once. */
// @ts-ignore: decorator
@inline
export function keyHash4x4(addresses: v128, portKeys: v128): v128 {
  return finishx4(
    i32x4.add(
      i32x4.mul(addresses, v128.load(SPLAT_FACTOR_3)),
      i32x4.mul(portKeys, v128.load(SPLAT_PORT_FACTOR)),
    ),
  );
}

/** @param address - its most significant word in lane 0 */
// @ts-ignore: decorator
@inline
export function keyHash6(address: v128, portKey: u32): u32 {
  const products = i32x4.mul(address, i32x4(FACTOR_0, FACTOR_1, FACTOR_2, FACTOR_3));
  const pairs = i32x4.add(products, i32x4.shuffle(products, products, 2, 3, 0, 1));
  return finish(
    <u32>i32x4.extract_lane(pairs, 0) + <u32>i32x4.extract_lane(pairs, 1) + portKey * PORT_FACTOR,
  );
}

/** Of four keys at once. @param w0, w1, w2, w3 - each a word of all four addresses, most significant first */
// @ts-ignore: decorator
@inline
export function keyHash6x4(w0: v128, w1: v128, w2: v128, w3: v128, portKeys: v128): v128 {
  const high = i32x4.add(i32x4.mul(w0, v128.load(SPLAT_FACTOR_0)), i32x4.mul(w1, v128.load(SPLAT_FACTOR_1)));
  const low = i32x4.add(i32x4.mul(w2, v128.load(SPLAT_FACTOR_2)), i32x4.mul(w3, v128.load(SPLAT_FACTOR_3)));
  const ports = i32x4.mul(portKeys, v128.load(SPLAT_PORT_FACTOR));
  return finishx4(i32x4.add(i32x4.add(high, low), ports));
}
