import { type Address, bitsOf, type Cidr, cidrContains, cidrFamily } from '@shunt/model';

/** Whether the value is an address in the one form that Shunt knows it by. */
export function isCanonicalAddress(address: Address): boolean {
  if (typeof address === 'number') return address >>> 0 === address;
  return address >= 0n && address >> 128n === 0n && address >> 32n !== 0xffffn;
}

/** Whether the range is one that parsing could have made. */
export function isCanonicalCidr(range: Cidr): boolean {
  const { base, prefix } = range;
  const inRange = Number.isInteger(prefix) && prefix >= 0 && prefix <= bitsOf(cidrFamily(range));
  return inRange && isCanonicalAddress(base) && cidrContains(range, base);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}
