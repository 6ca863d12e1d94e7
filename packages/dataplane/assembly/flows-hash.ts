// The hash that finds flows: key-hash.ts of src/conntrack.

const FIRST: u32 = 0x9e3779b1;
const SECOND: u32 = 0x85ebca77;
const THIRD: u32 = 0xc2b2ae3d;

// @ts-ignore: decorator
@inline
export function flowKeyHash4(source: u32, destination: u32, ports: u32, protocol: u32, seed: u32): u32 {
  const first = (source ^ seed) * FIRST;
  const second = ((first ^ (first >> 16)) + destination) * SECOND;
  return ((second ^ (second >> 15)) + (ports ^ protocol)) * THIRD;
}

/** Of four keys at once. */
// @ts-ignore: decorator
@inline
export function flowKeyHash4x4(source: v128, destination: v128, ports: v128, protocol: v128, seed: v128): v128 {
  const first = i32x4.mul(v128.xor(source, seed), i32x4.splat(FIRST));
  const mixed = v128.xor(first, i32x4.shr_u(first, 16));
  return rest4x4(mixed, destination, v128.xor(ports, protocol));
}

// @ts-ignore: decorator
@inline
function rest4x4(source: v128, destination: v128, ports: v128): v128 {
  const second = i32x4.mul(i32x4.add(source, destination), i32x4.splat(SECOND));
  const mixed = v128.xor(second, i32x4.shr_u(second, 15));
  return i32x4.mul(i32x4.add(mixed, ports), i32x4.splat(THIRD));
}

/** Of the key at an address. */
// @ts-ignore: decorator
@inline
export function flowKeyHash6(key: usize, seed: u32): u32 {
  const source = addressHash6(key, seed);
  const destination = addressHash6(key + 16, seed);
  const second = ((source ^ (source >> 16)) + destination) * SECOND;
  const ports = load<u32>(key, 32) ^ load<u8>(key, 36);
  return ((second ^ (second >> 15)) + ports) * THIRD;
}

// @ts-ignore: decorator
@inline
function addressHash6(address: usize, seed: u32): u32 {
  const high = (load<u32>(address) ^ seed) * FIRST + load<u32>(address, 4) * SECOND;
  const middle = ((high ^ (high >> 15)) + load<u32>(address, 8)) * THIRD;
  return ((middle ^ (middle >> 16)) + load<u32>(address, 12)) * FIRST;
}
