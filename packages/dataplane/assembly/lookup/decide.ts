// The decision that both families share: which of the rules that a packet matched has the last word. See decide.ts of
// the TypeScript kernels.
import {
  ACTION_BY_SOURCE_RANGES,
  ACTION_FINAL,
  ACTION_VERDICT_MASK,
  BY_CLUSTER_IP,
  BY_FRONTEND,
  BY_LOCALNET,
  BY_SERVICE_CIDR,
  BY_SOURCE_RANGES,
  OUTCOME_DECIDED_BY_SHIFT,
  VERDICT_IS_ACCEPT,
  VERDICT_IS_DNAT,
  VERDICT_IS_DROP,
  VERDICT_IS_REJECT,
} from '../formats';

/** Outcomes without the origin. */
export const CLUSTER_IP_REJECTS: u32 = VERDICT_IS_REJECT | (BY_CLUSTER_IP << OUTCOME_DECIDED_BY_SHIFT);
export const SERVICE_CIDR_DROPS: u32 = VERDICT_IS_DROP | (BY_SERVICE_CIDR << OUTCOME_DECIDED_BY_SHIFT);
export const LOCALNET_DROPS: u32 = VERDICT_IS_DROP | (BY_LOCALNET << OUTCOME_DECIDED_BY_SHIFT);
export const ACCEPTS: u32 = VERDICT_IS_ACCEPT | (BY_FRONTEND << OUTCOME_DECIDED_BY_SHIFT);

/** Who decides: a frontend's line by where it was found, or nobody so far. */
export const ADDRESS_DECIDES: u32 = 0;
export const NODE_PORT_DECIDES: u32 = 1;
export const HEALTH_CHECK_DECIDES: u32 = 2;
const NO_FRONTEND_DECIDES: u32 = 3;

/**
 * Follows the hooks that a packet passes: translation by address, translation by node port, then the filter rules that
 * see what was not translated.
 * @param addressAction, nodePortAction - action bytes, 0 without a frontend
 * @param healthCheck - line of the health-check port, 0 without one
 */
export function decide(addressAction: u32, nodePortAction: u32, healthCheck: u32): u32 {
  const byAddress = addressAction & ACTION_VERDICT_MASK;
  if (byAddress == VERDICT_IS_DNAT || (addressAction & ACTION_FINAL) != 0) return ADDRESS_DECIDES;
  const byNodePort = nodePortAction & ACTION_VERDICT_MASK;
  if (byNodePort == VERDICT_IS_DNAT) return NODE_PORT_DECIDES;
  if ((addressAction & ACTION_BY_SOURCE_RANGES) != 0) return ADDRESS_DECIDES;
  if (healthCheck != 0) return HEALTH_CHECK_DECIDES;
  if (byNodePort != 0) return NODE_PORT_DECIDES;
  return byAddress != 0 ? ADDRESS_DECIDES : NO_FRONTEND_DECIDES;
}

/** The outcome of an action that refuses, without the origin. */
// @ts-ignore: decorator
@inline
export function refusalOutcome(action: u32): u32 {
  const isByRanges = (action & ACTION_BY_SOURCE_RANGES) != 0;
  const decidedBy = isByRanges ? BY_SOURCE_RANGES : BY_FRONTEND;
  return (action & ACTION_VERDICT_MASK) | (decidedBy << OUTCOME_DECIDED_BY_SHIFT);
}
