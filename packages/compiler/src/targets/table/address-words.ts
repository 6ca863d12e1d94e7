import { type Address, ipv6Words } from '@shunt/model';

/** An address as the words that records hold: one for IPv4, four for IPv6. */
export function addressWords(address: Address): readonly number[] {
  return typeof address === 'number' ? [address] : ipv6Words(address);
}
