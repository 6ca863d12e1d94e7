/**
 * Which source ports are tried for a flow whose own is taken. As the kernel does it: up to 128 in a row
 * from some place of the range, then 64, 32 and 16 from others, and then no more, so that a full range
 * costs a bounded time. The places are not random here, but follow from the flow.
 * @see nf_nat_l4proto_unique_tuple in net/netfilter/nf_nat_core.c, NF_NAT_MAX_ATTEMPTS
 */

const FIRST_ROUND = 128;
const ROUNDS = 4;
const ATTEMPTS_MAX = 240;

/** Ports that flows get when they cannot keep theirs. */
export interface SourcePortRange {
  readonly first: number;
  readonly last: number;
}

/** What the kernel gives to clients whose port is 1024 or above; here, to all. */
export const DEFAULT_SOURCE_PORTS: SourcePortRange = { first: 1024, last: 65_535 };

/** How many ports are tried: all of a range that one round covers. */
export function sourcePortAttempts(count: number): number {
  return count <= FIRST_ROUND ? count : ATTEMPTS_MAX;
}

/**
 * The port to try.
 * @param attempt - from 0 to {@link sourcePortAttempts} - 1
 * @param hash - of the flow, signed
 */
export function sourcePort({ first, last }: SourcePortRange, attempt: number, hash: number): number {
  const count = last - first + 1;
  let round = 0;
  let step = attempt;
  for (let length = FIRST_ROUND; round < ROUNDS - 1 && step >= length; length >>= 1) {
    step -= length;
    round++;
  }
  const place = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1 + 2 * round) >>> 0;
  return first + ((place + step) % count);
}
