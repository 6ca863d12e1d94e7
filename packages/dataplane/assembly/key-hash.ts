// The hashes inside a match table, as match-table-hash.ts of the model has them.

// @ts-ignore: decorator
@inline
function finish(sum: u32): u32 {
  return (sum ^ (sum >> 16)) * 0xc2b2ae3d;
}

// @ts-ignore: decorator
@inline
export function keyHash4(address: u32, portKey: u32): u32 {
  return finish(address * 0x9e3779b1 + portKey * 0x85ebca77);
}

/** Of four keys at once. */
// @ts-ignore: decorator
@inline
export function keyHash4x4(addresses: v128, portKeys: v128): v128 {
  const sum = i32x4.add(
    i32x4.mul(addresses, i32x4.splat(0x9e3779b1)),
    i32x4.mul(portKeys, i32x4.splat(0x85ebca77)),
  );
  return i32x4.mul(v128.xor(sum, i32x4.shr_u(sum, 16)), i32x4.splat(0xc2b2ae3d));
}
