/**
 * The match table: a ruleset as one flat image of 32-bit words, which a dataplane looks packets up in
 * without allocating. It can be saved, mapped into a worker through a SharedArrayBuffer, compared word
 * by word. Words are in the machine's byte order, little-endian wherever Shunt writes files; a reader
 * of the other order sees the magic word reversed and refuses.
 *
 * ```
 * word  0 magic "SHNT"   1 version   2 words in all   3 checksum   4 mode   5 seed
 *       6 flags of loopback addresses, IPv4   7 the same, IPv6   8 action for blocked sources   9-15 zero
 *      16 section table: for each section its word offset and its count of records
 *      64 sections, in this order, each aligned to 16 words (a cache line)
 *
 * section            record                                                             words
 * podRanges4, 6      interval: first address, last address                              2, 8
 * localAddresses4, 6 set entry: address, address flags (0: empty)                       2, 8
 * clusterIPs4, 6     set entry: address, 1 (0: empty)                                   2, 8
 * serviceRanges4, 6  interval: first address, last address                              2, 8
 * frontendIndex4, 6  index entry: tag (0: empty), frontend index                        2, 2
 * frontends          line, see below; line 0 is all zero                                16
 * servicePorts       affinity timeout in seconds (0: none)                              1
 * sourceRanges4, 6   interval: first address, last address                              2, 8
 * slots              slots of all pools, packed; a pool begins at a word                1
 * backends4, 6       address, port; record 0 is all zero                                2, 8
 * ```
 *
 * A frontend's line:
 *
 * ```
 *   0-3 address (IPv4 in word 0; zero for a port on the node's addresses)
 *   4   port key: port << 16 | space << 8 | protocol number
 *   5   kind (LINE_KINDS)
 *   6   actions, a byte for each: pod | node << 8 | outside << 16 | elsewhere << 24
 *   7   source ranges: index of the first interval     8  their count + 1 (0: every source is let in)
 *   9   cluster pool: slots word   10  pool word   11  index of the first backend
 *  12   local pool: the same three words
 *  15   index of the service port
 *
 * action byte   7 | 6 by source ranges | 5 final | 4 masquerade | 3 local pool | 2-0 verdict
 * pool word     31 random | 26-24 log2 of a slot's bits, 0: slot i is backend i | 23-0 slot count M
 * ```
 *
 * Both hash structures are open addressed with linear probing: capacity a power of two, the first
 * entry to look at is the top bits of the key's hash, see match-table-hash.ts. The index keeps only
 * hash tags; the key is compared in the line, which a hit reads anyway. So an entry takes 8 bytes in
 * either family, and a reader that sees a half-written entry finds no key instead of a wrong one.
 *
 * Source ranges are sorted, disjoint intervals, found by binary search, and not a prefix trie: only
 * membership is asked, never which prefix matched, and a Service has few ranges, side by side here.
 */

/** "SHNT" as a big-endian word. */
export const MATCH_TABLE_MAGIC = 0x53484e54;
export const MATCH_TABLE_VERSION = 1;

export const HEADER_WORDS = 64;
export const HEADER_MAGIC = 0;
export const HEADER_VERSION = 1;
export const HEADER_TOTAL_WORDS = 2;
export const HEADER_CHECKSUM = 3;
/** 0 iptables, 1 nftables: for people; what the modes do differently is in flags and actions. */
export const HEADER_MODE = 4;
export const HEADER_SEED = 5;
export const HEADER_LOOPBACK_FLAGS4 = 6;
export const HEADER_LOOPBACK_FLAGS6 = 7;
export const HEADER_BLOCKED_ACTION = 8;
export const HEADER_SECTIONS = 16;

export const SECTION_ALIGNMENT_WORDS = 16;

export const INTERVAL4_WORDS = 2;
export const INTERVAL6_WORDS = 8;
export const SET_ENTRY4_WORDS = 2;
export const SET_ENTRY6_WORDS = 8;
export const SET_ENTRY4_FLAGS = 1;
export const SET_ENTRY6_FLAGS = 4;
export const INDEX_ENTRY_WORDS = 2;
export const LINE_WORDS = 16;
export const BACKEND4_WORDS = 2;
export const BACKEND4_PORT = 1;
export const BACKEND6_WORDS = 8;
export const BACKEND6_PORT = 4;

/** The sections in the order of the section table and of the image, with the words of one record. */
export const SECTIONS = [
  { name: 'podRanges4', recordWords: INTERVAL4_WORDS },
  { name: 'podRanges6', recordWords: INTERVAL6_WORDS },
  { name: 'localAddresses4', recordWords: SET_ENTRY4_WORDS },
  { name: 'localAddresses6', recordWords: SET_ENTRY6_WORDS },
  { name: 'clusterIPs4', recordWords: SET_ENTRY4_WORDS },
  { name: 'clusterIPs6', recordWords: SET_ENTRY6_WORDS },
  { name: 'serviceRanges4', recordWords: INTERVAL4_WORDS },
  { name: 'serviceRanges6', recordWords: INTERVAL6_WORDS },
  { name: 'frontendIndex4', recordWords: INDEX_ENTRY_WORDS },
  { name: 'frontendIndex6', recordWords: INDEX_ENTRY_WORDS },
  { name: 'frontends', recordWords: LINE_WORDS },
  { name: 'servicePorts', recordWords: 1 },
  { name: 'sourceRanges4', recordWords: INTERVAL4_WORDS },
  { name: 'sourceRanges6', recordWords: INTERVAL6_WORDS },
  { name: 'slots', recordWords: 1 },
  { name: 'backends4', recordWords: BACKEND4_WORDS },
  { name: 'backends6', recordWords: BACKEND6_WORDS },
] as const;

export type SectionName = (typeof SECTIONS)[number]['name'];

/** Where the header keeps a section's word offset; its count of records is in the word behind. */
export const SECTION_POSITION: Readonly<Record<SectionName, number>> = Object.fromEntries(
  SECTIONS.map(({ name }, index) => [name, HEADER_SECTIONS + 2 * index]),
) as Record<SectionName, number>;

/** Flags of an address in the set of local addresses. */
export const ADDRESS_LOCAL = 1;
/** Node ports are served on it. */
export const ADDRESS_SERVES_NODE_PORTS = 2;
/** Node ports that it does not serve, but that have no usable endpoints, refuse on it all the same. */
export const ADDRESS_REFUSES_NODE_PORTS = 4;
/** Dropped when it comes from elsewhere: 127.0.0.0/8 beside node ports on localhost. */
export const ADDRESS_LOCALNET = 8;

/** Frontend kinds by their number in a line; 0 is line 0, no frontend. */
export const LINE_KINDS = [
  'none',
  'clusterIP',
  'externalIP',
  'loadBalancerIP',
  'nodePort',
  'healthCheckNodePort',
] as const;

export const LINE_ADDRESS = 0;
export const LINE_PORT_KEY = 4;
export const LINE_KIND = 5;
export const LINE_ACTIONS = 6;
export const LINE_RANGES_FIRST = 7;
export const LINE_RANGES_COUNT = 8;
export const LINE_CLUSTER_POOL = 9;
export const LINE_LOCAL_POOL = 12;
export const LINE_SERVICE_PORT = 15;

/** Words of a pool in a line, from LINE_CLUSTER_POOL or LINE_LOCAL_POOL. */
export const POOL_SLOTS = 0;
export const POOL_WORD = 1;
export const POOL_BACKEND = 2;
export const POOL_WORDS = 3;

export const POOL_COUNT_MASK = 0xffffff;
export const POOL_WIDTH_SHIFT = 24;
export const POOL_RANDOM = 0x80000000;
/** The largest slot count that `reciprocalScale` maps without loss. */
export const POOL_SLOTS_MAX = 1 << 21;

/** Bits of an action byte. The verdict is the index in VERDICTS. */
export const ACTION_VERDICT_MASK = 7;
export const ACTION_LOCAL_POOL = 1 << 3;
export const ACTION_MASQUERADE = 1 << 4;
/** A refusal that no node-port rule behind it can overturn (nftables mode). */
export const ACTION_FINAL = 1 << 5;
/** The source ranges refuse, and not the frontend's action. */
export const ACTION_BY_SOURCE_RANGES = 1 << 6;
/** Which byte of a line's actions holds for a local address that does not serve node ports; the others: ORIGINS. */
export const ACTION_ELSEWHERE_BYTE = 3;

/**
 * The spaces that frontends share one index by. No packet carries the bits: a port key built from a
 * packet is in the address space.
 */
export const SPACE_ADDRESS = 0;
export const SPACE_NODE_PORT = 1 << 8;
export const SPACE_HEALTH_CHECK = 2 << 8;

/** The word offset of a section. */
export function sectionOffset(image: Uint32Array, name: SectionName): number {
  return image[SECTION_POSITION[name]] as number;
}

/** The records of a section; for sets and indexes its capacity. */
export function sectionCount(image: Uint32Array, name: SectionName): number {
  return image[SECTION_POSITION[name] + 1] as number;
}
