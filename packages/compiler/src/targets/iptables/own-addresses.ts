/**
 * Which addresses are the node's own is the kernel's to say: kube-proxy's rules that refuse stand in its hooks, or
 * ask it by `--dst-type LOCAL`. A ruleset that wants something else of an address is refused; resolve makes none.
 */
import { FAMILIES, formatAddress } from '@shunt/model';
import { isLocal } from '../../ruleset/node-ports.js';
import { type Ruleset, type ServicePort, servicePortKey } from '../../ruleset/types.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import type { Dispatch } from './dispatch.js';

/** @throws {UnsupportedFeatureError} if node ports are listed on addresses that are not the node's own */
export function expectOwnNodePortAddresses(ruleset: Ruleset): void {
  for (const family of FAMILIES) {
    const { match } = ruleset.nodePorts[family];
    if (match === 'local') continue;
    const foreign = match.find((address) => !isLocal(ruleset, address));
    if (foreign === undefined) continue;
    const detail = `${formatAddress(foreign)} is no local address, and node ports without endpoints refuse on local ones only`;
    throw new UnsupportedFeatureError('iptables', 'node ports on addresses of others', detail);
  }
}

/**
 * @throws {UnsupportedFeatureError} if the node's own packets to an external address without endpoints are to be
 *   refused where the address is not the node's own, or to be let go where it is
 */
export function expectOwnRefusals(ruleset: Ruleset, port: ServicePort, { external }: Dispatch): void {
  if (external?.refusal !== 'REJECT') return;
  for (const { kind, address, port: number, actions } of [
    ...external.externalIPs,
    ...external.loadBalancerIPs,
  ]) {
    const own = address !== null && isLocal(ruleset, address);
    if ((actions.node.verdict === 'reject') === own) continue;
    const detail = own
      ? 'the node would let its own packets to its own address go'
      : 'the node would refuse its own packets to an address of others, and the rule for that is not in OUTPUT';
    throw new UnsupportedFeatureError(
      'iptables',
      'refusals of what the node sends',
      `${kind} ${formatAddress(address ?? 0)} port ${number} of ${servicePortKey(port)}: ${detail}`,
    );
  }
}
