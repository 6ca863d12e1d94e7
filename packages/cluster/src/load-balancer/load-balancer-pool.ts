import {
  type Address,
  cidrLast,
  compareAddresses,
  type Family,
  familyOf,
  formatAddress,
  parseAddress,
  parseCidr,
} from '@shunt/model';

/** Addresses of one family, both ends with them. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

/** Addresses that load balancers are given. All of a range are, the first and the last as well. */
export interface LoadBalancerPool {
  readonly name: string;
  readonly ranges: readonly AddressRange[];
  /** The `spec.loadBalancerClass` of the Services that it serves; absent: those without a class. */
  readonly class?: string;
  /** False: an address is given only to who asks for it with `spec.loadBalancerIP`. Default true. */
  readonly autoAssign?: boolean;
}

const SYNTAX = 'name=ranges or name@class=ranges, such as public=203.0.113.0/24,2001:db8:20::/64';
// DNS subdomain, and a qualified name: what Kubernetes allows for an object and for a class.
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const CLASS = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/**
 * Reads a pool from a line such as `public=203.0.113.0/24,198.51.100.8-198.51.100.15` or
 * `office@example.com/internal=2001:db8:20::/64`.
 * @returns the pool, or what is wrong with the text in a sentence
 */
export function parseLoadBalancerPool(text: string): { pool: LoadBalancerPool } | { error: string } {
  const equals = text.indexOf('=');
  if (equals < 0) return { error: `A load-balancer pool is written ${SYNTAX}; "${text}" has no "=".` };
  const [name = '', ...afterName] = text.slice(0, equals).trim().split('@');
  if (!NAME.test(name)) {
    return {
      error: `The name of a load-balancer pool is lower-case letters, digits, "-" and "."; got "${name}".`,
    };
  }
  const className = afterName.length === 0 ? undefined : afterName.join('@');
  if (className !== undefined && !CLASS.test(className)) {
    return {
      error: `The class of load-balancer pool ${name} should be such as example.com/internal; got "${className}".`,
    };
  }
  const ranges: AddressRange[] = [];
  for (const part of text.slice(equals + 1).split(',')) {
    const range = parseAddressRange(part.trim());
    if ('error' in range) return { error: `Load-balancer pool ${name}: ${range.error}` };
    ranges.push(range);
  }
  return { pool: { name, ranges, ...(className === undefined ? {} : { class: className }) } };
}

function parseAddressRange(text: string): AddressRange | { error: string } {
  const cidr = parseCidr(text);
  if (cidr !== null) return { first: cidr.base, last: cidrLast(cidr) };
  const ends = text.split('-').map((end) => parseAddress(end.trim()));
  const [first, last] = ends;
  if (ends.length !== 2 || first == null || last == null) {
    return { error: `"${text}" is no range of addresses; write a CIDR, or first-last.` };
  }
  if (familyOf(first) !== familyOf(last)) {
    return { error: `"${text}" goes from one IP family to the other; both ends must be of the same.` };
  }
  if (compareAddresses(first, last) > 0) return { error: `"${text}" ends before it begins; turn it round.` };
  return { first, last };
}

/** The ranges of one family in order, without what they have in common. */
export function rangesOf({ ranges }: LoadBalancerPool, family: Family): AddressRange[] {
  const merged: AddressRange[] = [];
  const own = ranges.filter(({ first }) => familyOf(first) === family);
  for (const range of own.sort((a, b) => compareAddresses(a.first, b.first))) {
    const previous = merged.at(-1);
    if (previous === undefined || compareAddresses(previous.last, range.first) < 0) merged.push(range);
    else if (compareAddresses(previous.last, range.last) < 0) {
      merged[merged.length - 1] = { first: previous.first, last: range.last };
    }
  }
  return merged;
}

/** How many addresses of a family a pool has. */
export function poolSize(pool: LoadBalancerPool, family: Family): bigint {
  return rangesOf(pool, family).reduce((sum, { first, last }) => sum + BigInt(last) - BigInt(first) + 1n, 0n);
}

export function poolContains({ ranges }: LoadBalancerPool, address: Address): boolean {
  return ranges.some(
    ({ first, last }) => familyOf(first) === familyOf(address) && first <= address && address <= last,
  );
}

/** `public (203.0.113.0-203.0.113.255)`. */
export function formatPool({ name, ranges }: LoadBalancerPool): string {
  const texts = ranges.map(({ first, last }) =>
    first === last ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`,
  );
  return `${name} (${texts.join(', ')})`;
}
