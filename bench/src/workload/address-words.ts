import { type Address, ipv6Words } from '@shunt/model';

/** The words of an address in records: one, or four. */
export function addressWords(address: Address): readonly number[] {
  return typeof address === 'number' ? [address] : ipv6Words(address);
}
