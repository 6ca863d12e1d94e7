import {
  ADDRESS_LOCAL,
  ADDRESS_LOCALNET,
  ADDRESS_REFUSES_NODE_PORTS,
  ADDRESS_SERVES_NODE_PORTS,
  type Address,
  entryShift,
  type Family,
  familyOf,
  ipv6Words,
  keyHash4,
  keyHash6,
  SET_ENTRY4_FLAGS,
  SET_ENTRY4_WORDS,
  SET_ENTRY6_FLAGS,
  SET_ENTRY6_WORDS,
} from '@shunt/model';
import { isLocal, protectsLocalnet, servesNodePorts } from '../../ruleset/node-ports.js';
import type { Ruleset } from '../../ruleset/types.js';
import { addressWords } from './address-words.js';
import { hashCapacity } from './hash-capacity.js';

// The set of local addresses is asked for every packet that no pod sent, and is small: room is cheap.
const SLOTS_PER_ADDRESS = 4;

/** An open-addressed set of addresses of one family with flags, none of them 0. */
export function addressSetWords(flags: ReadonlyMap<Address, number>, family: Family): Uint32Array {
  const entryWords = family === 'IPv4' ? SET_ENTRY4_WORDS : SET_ENTRY6_WORDS;
  const flagsWord = family === 'IPv4' ? SET_ENTRY4_FLAGS : SET_ENTRY6_FLAGS;
  const capacity = hashCapacity(flags.size, SLOTS_PER_ADDRESS);
  const words = new Uint32Array(capacity * entryWords);
  for (const [address, value] of flags) {
    let entry = addressHash(address) >>> entryShift(capacity);
    while (words[entry * entryWords + flagsWord] !== 0) entry = (entry + 1) & (capacity - 1);
    words.set(addressWords(address), entry * entryWords);
    words[entry * entryWords + flagsWord] = value;
  }
  return words;
}

/** The addresses of one family that are local or serve node ports, with their flags. */
export function localAddressFlags(ruleset: Ruleset, family: Family): Map<Address, number> {
  const { match } = ruleset.nodePorts[family];
  const addresses = [...ruleset.localAddresses, ...(match === 'local' ? [] : match)];
  const flags = new Map<Address, number>();
  for (const address of addresses) {
    if (familyOf(address) === family) flags.set(address, addressFlags(ruleset, address));
  }
  return flags;
}

/** The flags of every loopback address that the set does not name. */
export function loopbackFlags(ruleset: Ruleset, family: Family): number {
  const { match, loopback, refuse } = ruleset.nodePorts[family];
  const localnet = family === 'IPv4' && protectsLocalnet(ruleset) ? ADDRESS_LOCALNET : 0;
  return flagsOf(true, match === 'local' && loopback, refuse === 'local') | localnet;
}

function addressFlags(ruleset: Ruleset, address: Address): number {
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

function addressHash(address: Address): number {
  return typeof address === 'number' ? keyHash4(address, 0) : keyHash6(...ipv6Words(address), 0);
}
