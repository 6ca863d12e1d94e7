/**
 * The decision that both families share: which of the rules that a packet matched has the last word.
 * Numbers only: it is called from the packet path.
 */
import {
  ACTION_BY_SOURCE_RANGES,
  ACTION_FINAL,
  ACTION_VERDICT_MASK,
  DECIDED_BY,
  OUTCOME_DECIDED_BY_SHIFT,
  VERDICTS,
} from '@shunt/model';

export const DNAT = VERDICTS.indexOf('dnat');
export const REJECT = VERDICTS.indexOf('reject');
export const DROP = VERDICTS.indexOf('drop');
const ACCEPT = VERDICTS.indexOf('accept');

const BY_FRONTEND = DECIDED_BY.indexOf('frontend') << OUTCOME_DECIDED_BY_SHIFT;
const BY_SOURCE_RANGES = DECIDED_BY.indexOf('source-ranges') << OUTCOME_DECIDED_BY_SHIFT;

/** Outcomes of the cluster-IP space, without the origin. */
export const CLUSTER_IP_REJECTS = REJECT | (DECIDED_BY.indexOf('cluster-ip') << OUTCOME_DECIDED_BY_SHIFT);
export const SERVICE_CIDR_DROPS = DROP | (DECIDED_BY.indexOf('service-cidr') << OUTCOME_DECIDED_BY_SHIFT);
export const LOCALNET_DROPS = DROP | (DECIDED_BY.indexOf('localnet') << OUTCOME_DECIDED_BY_SHIFT);
export const ACCEPTS = ACCEPT | BY_FRONTEND;

/** Who decides: a frontend's line by where it was found, or nobody so far. */
export const ADDRESS_DECIDES = 0;
export const NODE_PORT_DECIDES = 1;
export const HEALTH_CHECK_DECIDES = 2;
export const NO_FRONTEND_DECIDES = 3;

/**
 * Follows the hooks that a packet passes: translation by address, translation by node port, then the
 * filter rules that see what was not translated.
 * @param addressAction - action byte of the address's frontend, 0 without one
 * @param nodePortAction - action byte of the node port for this destination, 0 without one
 * @param healthCheck - frontend index of the health-check port, 0 without one
 */
export function decide(addressAction: number, nodePortAction: number, healthCheck: number): number {
  const byAddress = addressAction & ACTION_VERDICT_MASK;
  if (byAddress === DNAT || (addressAction & ACTION_FINAL) !== 0) return ADDRESS_DECIDES;
  const byNodePort = nodePortAction & ACTION_VERDICT_MASK;
  if (byNodePort === DNAT) return NODE_PORT_DECIDES;
  if ((addressAction & ACTION_BY_SOURCE_RANGES) !== 0) return ADDRESS_DECIDES;
  if (healthCheck !== 0) return HEALTH_CHECK_DECIDES;
  if (byNodePort !== 0) return NODE_PORT_DECIDES;
  return byAddress !== 0 ? ADDRESS_DECIDES : NO_FRONTEND_DECIDES;
}

/** The outcome word of an action that refuses, without the origin. */
export function refusalOutcome(action: number): number {
  const decidedBy = (action & ACTION_BY_SOURCE_RANGES) === 0 ? BY_FRONTEND : BY_SOURCE_RANGES;
  return (action & ACTION_VERDICT_MASK) | decidedBy;
}

/** The outcome word of a `dnat`, without the origin. */
export function translationOutcome(masquerade: number, port: number): number {
  return DNAT | BY_FRONTEND | masquerade | (port << 16);
}
