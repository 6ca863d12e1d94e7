/**
 * What happens to the first packet of a flow.
 * - `dnat`: sent on to a backend
 * - `reject`: answered with an error (ICMP port unreachable, or TCP reset)
 * - `drop`: discarded in silence
 * - `accept`: let through without translation (health-check node ports in iptables mode)
 * - `none`: no rule touches it
 */
export type Verdict = 'none' | 'dnat' | 'reject' | 'drop' | 'accept';

/** Verdicts by their number in binary records. */
export const VERDICTS: readonly Verdict[] = ['none', 'dnat', 'reject', 'drop', 'accept'];

/** Which rules' meaning is followed: the two modes of kube-proxy differ in packets. */
export type Mode = 'iptables' | 'nftables';

/** Where a packet comes from, in the eyes of one node. */
export type Origin = 'pod' | 'node' | 'outside';

/** Origins by their number in binary records. */
export const ORIGINS: readonly Origin[] = ['pod', 'node', 'outside'];
