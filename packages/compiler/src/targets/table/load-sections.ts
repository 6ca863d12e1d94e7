import {
  type Address,
  FAMILIES,
  type Family,
  familyOf,
  HEADER_ROOT,
  ROOT_BLOCKED_ACTION,
  ROOT_LOOPBACK_FLAGS4,
  ROOT_LOOPBACK_FLAGS6,
  ROOT_NUMBER,
  SET_ENTRY_DELETED,
  SET_ENTRY4_FLAGS,
  SET_ENTRY6_FLAGS,
  type StructureName,
  structureCount,
  structureOffset,
} from '@shunt/model';
import type { Ruleset } from '../../ruleset/types.js';
import { setEntryWords } from './address-set.js';
import { addressWords } from './address-words.js';
import { blockedAction } from './frontend-line.js';
import { intervalsHold } from './intervals.js';
import { localAddressFlags, loopbackFlags } from './local-addresses.js';

/** Which of the structures of an image that all service ports share is not the ruleset's, or `null`. */
export function sectionsProblem(image: Uint32Array, ruleset: Ruleset): string | null {
  const root = image[HEADER_ROOT] as number;
  if (image[root + ROOT_BLOCKED_ACTION] !== blockedAction(ruleset.mode)) return 'blocked sources';
  for (const family of FAMILIES) {
    const digit = family === 'IPv4' ? 4 : 6;
    const flags = image[root + (family === 'IPv4' ? ROOT_LOOPBACK_FLAGS4 : ROOT_LOOPBACK_FLAGS6)];
    const list = (name: StructureName): { offset: number; count: number } => ({
      offset: structureOffset(image, name),
      count: structureCount(image, name),
    });
    const number = image[root + ROOT_NUMBER] as number;
    const isThere = (since: number): boolean => since <= number;
    const clusterIPs = new Map<Address, (since: number) => boolean>();
    for (const address of ruleset.clusterIPs)
      if (familyOf(address) === family) clusterIPs.set(address, isThere);
    if (!intervalsHold(image, list(`podRanges${digit}`), ruleset.podCIDRs, family)) return 'pod ranges';
    if (!intervalsHold(image, list(`serviceRanges${digit}`), ruleset.serviceCIDRs, family)) {
      return 'service ranges';
    }
    const localAddresses = new Map(
      [...localAddressFlags(ruleset, family)].map(([address, wanted]) => {
        return [address, (value: number) => value === wanted] as const;
      }),
    );
    const isLocal = setHolds(image, `localAddresses${digit}`, family, localAddresses);
    if (!isLocal || flags !== loopbackFlags(ruleset, family)) return 'local addresses';
    if (!setHolds(image, `clusterIPs${digit}`, family, clusterIPs)) return 'cluster IPs';
  }
  return null;
}

/** Whether a set has these addresses with flags as they may be, and no others. */
function setHolds(
  image: Uint32Array,
  name: StructureName,
  family: Family,
  mayBe: ReadonlyMap<Address, (flags: number) => boolean>,
): boolean {
  const words = setEntryWords(family);
  const flagsWord = family === 'IPv4' ? SET_ENTRY4_FLAGS : SET_ENTRY6_FLAGS;
  const wanted = new Map([...mayBe].map(([address, check]) => [addressWords(address).join(' '), check]));
  const found = new Set<string>();
  for (let entry = 0; entry < structureCount(image, name); entry++) {
    const at = structureOffset(image, name) + entry * words;
    const value = image[at + flagsWord] as number;
    if (value === 0 || value === SET_ENTRY_DELETED) continue;
    const address = image.subarray(at, at + flagsWord).join(' ');
    if (!wanted.get(address)?.(value) || found.has(address)) return false;
    found.add(address);
  }
  return found.size === wanted.size;
}
