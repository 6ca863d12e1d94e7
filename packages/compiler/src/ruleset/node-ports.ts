import { type Address, familyOf, isLoopback } from '@shunt/model';
import type { Action, Frontend, RulesetSections } from './types.js';

/** Whether an address is the node's own: on an interface, or loopback. */
export function isLocal(ruleset: RulesetSections, address: Address): boolean {
  return isLoopback(address) || ruleset.localAddresses.includes(address);
}

/** Whether node ports are served on this destination. */
export function servesNodePorts(ruleset: RulesetSections, address: Address): boolean {
  const { match, loopback } = ruleset.nodePorts[familyOf(address)];
  if (match !== 'local') return match.includes(address);
  return isLoopback(address) ? loopback : ruleset.localAddresses.includes(address);
}

/**
 * What a node port does on a local address that does not serve node ports. iptables mode refuses
 * there too when there are no usable endpoints, whoever asks (semantics 8.10, 26.12): its rule for
 * that matches every local address, and no short-circuit saves pods and the node from it.
 */
export function actionElsewhere(ruleset: RulesetSections, frontend: Frontend, destination: Address): Action {
  if (ruleset.nodePorts[familyOf(destination)].refuse !== 'local' || !isLocal(ruleset, destination)) {
    return { verdict: 'none' };
  }
  const { outside } = frontend.actions;
  return outside.verdict === 'reject' || outside.verdict === 'drop' ? outside : { verdict: 'none' };
}

/**
 * Whether packets from elsewhere to 127.0.0.0/8 are dropped: kube-proxy's guard beside node ports on
 * localhost, which need route_localnet (semantics 8.5). iptables mode, IPv4.
 */
export function protectsLocalnet({
  mode,
  nodePorts: { IPv4 },
}: Pick<RulesetSections, 'mode' | 'nodePorts'>): boolean {
  return mode === 'iptables' && (IPv4.match === 'local' ? IPv4.loopback : IPv4.match.some(isLoopback));
}
