import {
  ADDRESS_LOCAL,
  ADDRESS_LOCALNET,
  ADDRESS_REFUSES_NODE_PORTS,
  ADDRESS_SERVES_NODE_PORTS,
  type Address,
  type Family,
  familyOf,
} from '@shunt/model';
import { isLocal, protectsLocalnet, servesNodePorts } from '../../ruleset/node-ports.js';
import type { RulesetSections } from '../../ruleset/types.js';

/** The addresses of one family that are local or serve node ports, with their flags. */
export function localAddressFlags(ruleset: RulesetSections, family: Family): Map<Address, number> {
  const { match } = ruleset.nodePorts[family];
  const addresses = [...ruleset.localAddresses, ...(match === 'local' ? [] : match)];
  const flags = new Map<Address, number>();
  for (const address of addresses) {
    if (familyOf(address) === family) flags.set(address, addressFlags(ruleset, address));
  }
  return flags;
}

/** The flags of every loopback address that the set does not name. */
export function loopbackFlags(ruleset: RulesetSections, family: Family): number {
  const { match, loopback, refuse } = ruleset.nodePorts[family];
  const localnet = family === 'IPv4' && protectsLocalnet(ruleset) ? ADDRESS_LOCALNET : 0;
  return flagsOf(true, match === 'local' && loopback, refuse === 'local') | localnet;
}

function addressFlags(ruleset: RulesetSections, address: Address): number {
  const refuses = ruleset.nodePorts[familyOf(address)].refuse === 'local';
  return flagsOf(isLocal(ruleset, address), servesNodePorts(ruleset, address), refuses);
}

function flagsOf(local: boolean, serves: boolean, refuses: boolean): number {
  return (
    (local ? ADDRESS_LOCAL : 0) |
    (serves ? ADDRESS_SERVES_NODE_PORTS : 0) |
    (local && refuses ? ADDRESS_REFUSES_NODE_PORTS : 0)
  );
}
