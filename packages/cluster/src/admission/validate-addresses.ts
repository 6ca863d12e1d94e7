import { type Address, isLoopback, parseAddress, parseCidr } from '@shunt/model';
import { type FieldError, invalid } from '../field-error.js';

/** What is wrong with a text as an IP address; leading zeros and IPv4-mapped ones are let pass (6.38). */
export function validateAddress(text: string, field: string): FieldError[] {
  if (parseAddress(text) !== null) return [];
  return [invalid(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
}

/** What is wrong with a text as an address range; bits behind the prefix are let pass (6.38). */
export function validateCidr(text: string, field: string): FieldError[] {
  if (parseCidr(text) !== null) return [];
  return [invalid(field, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
}

/**
 * What is wrong with a text as an address that packets may be sent to from anywhere: it must not
 * belong to one host or link only (6.15). Source: ValidateNonSpecialIP, pkg/apis/core/validation.
 */
export function validateOrdinaryAddress(text: string, field: string): FieldError[] {
  const address = parseAddress(text);
  if (address === null) return [invalid(field, text, 'must be a valid IP address')];
  const problem = specialProblem(address, text);
  return problem === null ? [] : [invalid(field, text, problem)];
}

function specialProblem(address: Address, text: string): string | null {
  if (address === 0 || address === 0n) return `may not be unspecified (${text})`;
  if (isLoopback(address)) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
  if (isLinkLocal(address)) return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
  if (isLinkLocalMulticast(address)) {
    return 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';
  }
  return null;
}

function isLinkLocal(address: Address): boolean {
  if (typeof address === 'number') return address >>> 16 === 0xa9fe;
  return address >> 118n === 0xfe80n >> 6n;
}

// Of an IPv6 multicast address the scope decides; the flags before it may be any.
function isLinkLocalMulticast(address: Address): boolean {
  if (typeof address === 'number') return address >>> 8 === 0xe00000;
  return ((address >> 112n) & 0xff0fn) === 0xff02n;
}
