import ipaddr from 'ipaddr.js';
import { readIPv4Word } from './ipv4-text.js';

/** An IP family, in the words of the Kubernetes API (`spec.ipFamilies`). */
export type Family = 'IPv4' | 'IPv6';

export const FAMILIES: readonly Family[] = ['IPv4', 'IPv6'];

/**
 * An IP address as the integer that it is: a `number` (u32) for IPv4, a `bigint` (128 bits) for
 * IPv6. Primitives compare with `===`, work as `Map` keys and cost no allocation for IPv4; the
 * type carries the family.
 */
export type Address = number | bigint;

export function familyOf(address: Address): Family {
  return typeof address === 'number' ? 'IPv4' : 'IPv6';
}

/**
 * Reads an address as kube-proxy does (netutils.ParseIPSloppy): leading zeros in IPv4 are decimal,
 * an IPv4-mapped IPv6 address is IPv4, a zone is not allowed.
 * @returns the address, or `null` when the text is none
 */
export function parseAddress(text: string): Address | null {
  // What is no IPv4 shows early; to look for a colon first would read every text twice.
  return parseIPv4(text) ?? (text.includes(':') ? parseIPv6(text) : null);
}

const word = new Uint32Array(1);

// ipaddr.js reads leading zeros as octal and takes "10.1" for 10.0.0.1; kube-proxy does neither.
function parseIPv4(text: string): number | null {
  return readIPv4Word(text, word, 0) ? (word[0] as number) : null;
}

// An address written with a dotted quad behind "::" alone; ipaddr.js takes it for an IPv4-mapped one.
const IPV4_COMPATIBLE = /^::(?=\d+\.)/;

function parseIPv6(text: string): Address | null {
  if (IPV4_COMPATIBLE.test(text)) {
    const value = parseIPv4(text.slice(2));
    return value === null ? null : BigInt(value);
  }
  const groups = text.includes('%') ? null : readGroups(text);
  if (groups === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const low = g * 0x10000 + h;
  if ((a | b | c | d | e) === 0 && f === 0xffff) return low;
  return ipv6FromWords((a << 16) | b, (c << 16) | d, (e << 16) | f, low);
}

// Asking first whether the text is valid would read it twice.
function readGroups(text: string): readonly number[] | null {
  try {
    return ipaddr.IPv6.parse(text).parts;
  } catch {
    return null;
  }
}

/**
 * Reads an address that is known to be one.
 * @throws {RangeError} if the text is no address
 */
export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === null) throw new RangeError(`"address" expected an IP address, got ${JSON.stringify(text)}`);
  return parsed;
}

/** Writes an address canonically: dotted quad, or RFC 5952. */
export function formatAddress(address: Address): string {
  if (typeof address === 'number') {
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }
  const parts = ipv6Words(address).flatMap((word) => [word >>> 16, word & 0xffff]);
  return new ipaddr.IPv6(parts).toRFC5952String();
}

/** Writes `ip:port`, or `[ip6]:port`: the string form that is an endpoint's identity in kube-proxy. */
export function formatEndpoint(address: Address, port: number): string {
  return typeof address === 'number'
    ? `${formatAddress(address)}:${port}`
    : `[${formatAddress(address)}]:${port}`;
}

/** Orders IPv4 before IPv6, then by value. */
export function compareAddresses(a: Address, b: Address): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

// Taking a bigint apart by shifts makes a new one with each.
const bytes = new DataView(new ArrayBuffer(16));

/** The four 32-bit words of an IPv6 address, most significant first. */
export function ipv6Words(address: bigint): [number, number, number, number] {
  bytes.setBigUint64(0, address >> 64n);
  bytes.setBigUint64(8, address);
  return [bytes.getUint32(0), bytes.getUint32(4), bytes.getUint32(8), bytes.getUint32(12)];
}

/** Writes {@link ipv6Words} into an array, without making one. */
export function writeIPv6Words(address: bigint, words: Uint32Array, at: number): void {
  bytes.setBigUint64(0, address >> 64n);
  bytes.setBigUint64(8, address);
  words[at] = bytes.getUint32(0);
  words[at + 1] = bytes.getUint32(4);
  words[at + 2] = bytes.getUint32(8);
  words[at + 3] = bytes.getUint32(12);
}

/** The inverse of {@link ipv6Words}. */
export function ipv6FromWords(w0: number, w1: number, w2: number, w3: number): bigint {
  bytes.setUint32(0, w0);
  bytes.setUint32(4, w1);
  bytes.setUint32(8, w2);
  bytes.setUint32(12, w3);
  return (bytes.getBigUint64(0) << 64n) | bytes.getBigUint64(8);
}

/** 127.0.0.0/8 or ::1: local to every node, whatever its interfaces are. */
export function isLoopback(address: Address): boolean {
  return typeof address === 'number' ? address >>> 24 === 127 : address === 1n;
}
