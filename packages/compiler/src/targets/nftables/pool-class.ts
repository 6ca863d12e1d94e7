/**
 * A class: the pools that are picked from in the same way. Each has a chain. Of the pools without affinity,
 *
 * - those with as many slots as backends have a map of slots for each number of slots, which leads to addresses.
 *   A rule with `dnat` cannot be added to a map that is there already (nft 1.0.6: "conflicting protocols
 *   specified"), but it can together with the map, so that a class may come at any time.
 * - those with several slots for a backend have one map of slots for all, which leads to backends' words, and one
 *   of backends. Addresses are then written once for each backend; a table loads a sixth faster.
 */
import { invariant } from '@shunt/model';
import type { Pool, PoolName, ServicePort } from '../../ruleset/types.js';
import { durationText, type FamilyText } from './family-text.js';
import type { NftablesOptions } from './options.js';
import { ID_MASK, MAX_BACKEND_INDEX } from './word.js';

export interface PoolClass {
  /** Of the class, of its chain, and of its map of slots if it has one of its own. Tells all else of it. */
  readonly name: string;
  /** Slots of its own map, of all indexed pools', or of all affinity groups'. */
  readonly kind: 'direct' | 'indexed' | 'affinity';
  readonly slotCount: number;
  /** The slot is a random number, and not the hash. */
  readonly random: boolean;
  /** `null` without affinity. */
  readonly affinity: { readonly list: PoolName; readonly seconds: number } | null;
}

/** The class of one of the service port's pools. */
export function poolClass(port: ServicePort, list: PoolName, pool: Pool): PoolClass {
  const slotCount = pool.slots.length;
  invariant(slotCount > 0, 'a pool that is forwarded to has slots');
  // Of one slot even a random number is 0.
  const random = pool.strategy === 'random' && slotCount > 1;
  const size = random ? `${slotCount}-random` : `${slotCount}`;
  const seconds = port.affinitySeconds;
  if (seconds !== null) {
    const name = `affinity-${list}-${seconds}s-${size}`;
    return { name, kind: 'affinity', slotCount, random, affinity: { list, seconds } };
  }
  const isIndexed = !random && slotCount > pool.backends.length && pool.backends.length <= MAX_BACKEND_INDEX;
  return isIndexed
    ? { name: `pick-${size}`, kind: 'indexed', slotCount, random, affinity: null }
    : { name: `slots-${size}`, kind: 'direct', slotCount, random, affinity: null };
}

/**
 * Classes that every table has, used or not: those of Maglev's sizes. To add a rule on a map, the kernel walks all
 * elements that the map has (`nft_chain_validate`): 70 ms at 30,000 Services, for the first pool of a new size.
 */
export const STANDING_CLASSES: readonly PoolClass[] = Array.from({ length: 14 }, (_, doublings) => {
  const slotCount = 16 << doublings;
  return { name: `pick-${slotCount}`, kind: 'indexed', slotCount, random: false, affinity: null };
});

export interface ClassChain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** The chains that a class needs, its own last. Classes share those of their affinity timeout. */
export function classChains(poolClass: PoolClass, text: FamilyText, options: NftablesOptions): ClassChain[] {
  const { name, kind, slotCount, random, affinity } = poolClass;
  const { table } = text;
  const slot = random
    ? `numgen random mod ${slotCount}`
    : `jhash ${table} saddr . th sport mod ${slotCount} seed 0x${options.seed.toString(16)}`;
  if (kind === 'indexed') {
    const word = `meta priority & ${ID_MASK} . ${slot} map @pool-slots`;
    return [{ name, rules: [`meta priority set ${word}`, 'jump send', 'drop'] }];
  }
  if (affinity === null) {
    const dnat = `dnat ${table} to meta priority & ${ID_MASK} . ${slot} map @${name}`;
    return [{ name, rules: [`meta l4proto { tcp, udp, sctp } ${dnat}`, 'drop'] }];
  }
  const { list, seconds } = affinity;
  const known = `known-${list}-${seconds}s`;
  const record = `${affinityKey(text, options, ` & ${ID_MASK}`)} timeout ${durationText(seconds)}`;
  return [
    {
      name: known,
      rules: [`update @affinity { ${record} : meta priority }`, `jump send-${list}`],
    },
    {
      name,
      rules: [
        `meta priority set meta priority & ${ID_MASK}`,
        `meta priority set ${affinityKey(text, options)} map @affinity jump ${known}`,
        `meta priority set meta priority & ${ID_MASK}`,
        // An update would refresh the record of a backend that is gone, and not change it.
        `delete @affinity { ${affinityKey(text, options)} : meta priority }`,
        `meta priority set meta priority . ${slot} map @affinity-slots-${list}`,
        `update @affinity { ${record} : meta priority }`,
        `jump send-${list}`,
        'drop',
      ],
    },
  ];
}

/** The declaration of a class's map of slots, or of any other that is keyed by id and slot. */
export const SLOT_KEY = 'typeof meta priority . numgen random mod 16';

/**
 * The client and the group. nft 1.0.6 has 16 bytes of room for the key of a map statement; an IPv6 address with
 * a word has 20, so that three hashes stand for it: 96 bits, and two clients that agree in all share a backend.
 */
function affinityKey(text: FamilyText, options: NftablesOptions, mask = ''): string {
  if (text.table === 'ip') return `ip saddr . meta priority${mask}`;
  const hashes = [1, 2, 3].map((round) => {
    const seed = (options.seed ^ Math.imul(0x9e3779b9, round)) >>> 0;
    return `jhash ip6 saddr mod 4294967295 seed 0x${seed.toString(16)}`;
  });
  return `meta priority${mask} . ${hashes.join(' . ')}`;
}
