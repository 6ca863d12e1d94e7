import {
  type Address,
  compareAddresses,
  type Family,
  familyOf,
  formatAddress,
  parseAddress,
} from './address.js';

/** An address range: `base` has no bit set behind the first `prefix` ones. */
export interface Cidr {
  readonly base: Address;
  /** 0..32 for IPv4, 0..128 for IPv6. */
  readonly prefix: number;
}

const IPV6_BITS = 128;

/**
 * Reads `address/prefix` as kube-proxy does (netutils.ParseCIDRSloppy): host bits are cleared.
 * @returns the range, or `null` when the text is none
 */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  if (slash < 0) return null;
  const address = parseAddress(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (address === null || !/^\d{1,3}$/.test(bits)) return null;
  const prefix = Number(bits);
  if (typeof address === 'number' && text.includes(':')) return mappedCidr(address, prefix);
  if (prefix > bitsOf(familyOf(address))) return null;
  return { base: networkOf(address, prefix), prefix };
}

// The prefix of an IPv4-mapped range counts 128 bits: behind the first 96 of them it is an IPv4 range.
function mappedCidr(address: number, prefix: number): Cidr | null {
  if (prefix > IPV6_BITS) return null;
  const shift = prefix - (IPV6_BITS - 32);
  if (shift >= 0) return { base: networkOf(address, shift), prefix: shift };
  return { base: networkOf((0xffffn << 32n) | BigInt(address), prefix), prefix };
}

/**
 * Reads a range that is known to be one.
 * @throws {RangeError} if the text is no CIDR
 */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new RangeError(`"cidr" expected address/prefix, got ${JSON.stringify(text)}`);
  return parsed;
}

/** The range that holds just one address. */
export function hostCidr(address: Address): Cidr {
  return { base: address, prefix: bitsOf(familyOf(address)) };
}

export function bitsOf(family: Family): number {
  return family === 'IPv4' ? 32 : IPV6_BITS;
}

export function cidrFamily(range: Cidr): Family {
  return familyOf(range.base);
}

/** False for an address of the other family. */
export function cidrContains(range: Cidr, address: Address): boolean {
  return typeof address === typeof range.base && networkOf(address, range.prefix) === range.base;
}

/** The last address of the range. */
export function cidrLast(range: Cidr): Address {
  const { base, prefix } = range;
  if (typeof base === 'number')
    return (base | (prefix === 0 ? 0xffffffff : prefix === 32 ? 0 : 0xffffffff >>> prefix)) >>> 0;
  return base | ((1n << BigInt(IPV6_BITS - prefix)) - 1n);
}

export function formatCidr(range: Cidr): string {
  return `${formatAddress(range.base)}/${range.prefix}`;
}

/** Orders by family, base address, then the wider range first. */
export function compareCidrs(a: Cidr, b: Cidr): number {
  return compareAddresses(a.base, b.base) || a.prefix - b.prefix;
}

function networkOf(address: Address, prefix: number): Address {
  if (typeof address === 'number') {
    // A shift by 32 is a shift by 0 in JavaScript, so /0 is spelt out.
    return prefix === 0 ? 0 : (address & (0xffffffff << (32 - prefix))) >>> 0;
  }
  const shift = BigInt(IPV6_BITS - prefix);
  return (address >> shift) << shift;
}
