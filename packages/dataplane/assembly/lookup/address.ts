// An address of either family, by its type: u32 of IPv4, v128 of IPv6 with the most significant word in lane 0. What
// differs is decided when a function is compiled for one of them.
import {
  BACKEND4_WORDS,
  BACKEND6_WORDS,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_WORDS,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_WORDS,
  VERDICT4_WORDS,
  VERDICT6_WORDS,
} from '../formats';

// Byte offsets and sizes of records. The source is first in a packet.

// @ts-ignore: decorator
@inline
export function packetBytes<A>(): u32 {
  return (isVector<A>() ? PACKET6_WORDS : PACKET4_WORDS) << 2;
}

// @ts-ignore: decorator
@inline
export function destinationOf<A>(packet: usize): usize {
  return packet + ((isVector<A>() ? PACKET6_DESTINATION : PACKET4_DESTINATION) << 2);
}

// @ts-ignore: decorator
@inline
export function portsOf<A>(packet: usize): u32 {
  return load<u32>(packet, (isVector<A>() ? PACKET6_PORTS : PACKET4_PORTS) << 2);
}

// @ts-ignore: decorator
@inline
export function protocolOf<A>(packet: usize): u32 {
  return load<u8>(packet, (isVector<A>() ? PACKET6_PROTOCOL : PACKET4_PROTOCOL) << 2);
}

/** Destination port and protocol of a packet as a table's key has them. */
// @ts-ignore: decorator
@inline
export function portKeyOf<A>(packet: usize): u32 {
  return (portsOf<A>(packet) << 16) | protocolOf<A>(packet);
}

// @ts-ignore: decorator
@inline
export function verdictBytes<A>(): u32 {
  return (isVector<A>() ? VERDICT6_WORDS : VERDICT4_WORDS) << 2;
}

// @ts-ignore: decorator
@inline
export function backendBytes<A>(): u32 {
  return (isVector<A>() ? BACKEND6_WORDS : BACKEND4_WORDS) << 2;
}

// @ts-ignore: decorator
@inline
export function sameAddress<A>(a: usize, b: usize): bool {
  if (isVector<A>()) return !v128.any_true(v128.xor(v128.load(a), v128.load(b)));
  return load<u32>(a) == load<u32>(b);
}

/** Whether the address at `a` is before the one at `b`: the first word that differs decides. */
// @ts-ignore: decorator
@inline
export function isBefore<A>(a: usize, b: usize): bool {
  if (isVector<A>()) {
    const left = v128.load(a);
    const right = v128.load(b);
    const less = i32x4.bitmask(i32x4.lt_u(left, right));
    const greater = i32x4.bitmask(i32x4.gt_u(left, right));
    return ctz(less) < ctz(greater);
  }
  return load<u32>(a) < load<u32>(b);
}

/** 127.0.0.0/8 or ::1. */
// @ts-ignore: decorator
@inline
export function isLoopback<A>(address: usize): bool {
  if (isVector<A>()) return !v128.any_true(v128.xor(v128.load(address), i32x4(0, 0, 0, 1)));
  return load<u32>(address) >> 24 == 127;
}
