/**
 * The match table: a ruleset as one flat image of 32-bit words, which a dataplane looks packets up in
 * without allocating. It can be saved, put into shared or WebAssembly memory, and compared. It is
 * changed in place while others read it. Words are in the machine's byte order, little-endian wherever
 * Shunt writes files; a reader of the other order sees the magic word reversed and refuses.
 *
 * ```
 * word  0 magic "SHNT"   1 version   2 words in all   3 checksum   4 mode   5 seed   6 table id
 *       7 generation: patches applied   8 word offset of the root   9 end of the used heap   10-63 zero
 *      64 heap: 64 is the zero line, then blocks in no promised order
 * ```
 *
 * Everything behind the header is a block of the heap. Blocks of 16 words and more begin at a multiple of
 * 16 (a cache line), smaller ones have 2, 4 or 8 words and begin at a multiple of their size. Offsets are
 * words from the start of the image, and 0 where there is no block; records that verdicts name are
 * counted from the heap's start, so that number 0 is all zero and a miss needs no branch.
 *
 * The root is a block of 32 words that says where the shared structures are, see ROOT_POSITION: for each
 * its word offset and its count of records (of hash structures: the capacity).
 *
 * ```
 * structure          record                                                             words
 * podRanges4, 6      interval: first address, last address                              2, 8
 * serviceRanges4, 6  interval: first address, last address                              2, 8
 * localAddresses4, 6 set entry: address, flags                                          2, 8
 * clusterIPs4, 6     set entry: address, the number of the first root that it is in the set of  2, 8
 * frontendIndex4, 6  tag bucket                                                         16, 16
 * ```
 *
 * A tag bucket holds up to 8 frontends: the first bucket to look at is the top bits of the key's hash,
 * a frontend that finds it full goes to the next one with room.
 *
 * ```
 *   0-3 eight tags of 16 bits, tag 0 in the low half of word 0: (hash & 0xffff) | 1, 0 is no entry
 *   4-11 the lines of the eight      12 how many frontends went past this bucket: 0 ends a search
 *   13-15 zero
 * ```
 *
 * A frontend's line, a block of 16 words:
 *
 * ```
 *   0-3 address (IPv4 in word 0; zero for a port on the node's addresses)
 *   4   port key: port << 16 | space << 8 | protocol number
 *   5   kind (LINE_KINDS)
 *   6   actions, a byte for each: pod | node << 8 | outside << 16 | elsewhere << 24
 *   7   source ranges: offset of the intervals        8  their count + 1 (0: every source is let in)
 *   9   cluster pool: offset of the slots   10  pool word   11  offset of the backends
 *  12   local pool: the same three words
 *  15   offset of the service port
 *
 * action byte   7 | 6 by source ranges | 5 final | 4 masquerade | 3 local pool | 2-0 verdict
 * pool word     31 random | 26-24 log2 of a slot's bits, 0: slot i is backend i | 23-0 slot count M
 *
 * service port  number | affinity timeout in seconds (0: none) | 0 | 0                    4 words
 * backend       address | port | spare                                                    2, 8 words
 * ```
 *
 * The backends of a pool are one block; a slot names one of them by its place in it. After a removal
 * places may be empty, so that the slots of those who stay need no change.
 *
 * Address sets are open addressed with linear probing: capacity a power of two, the first entry to look
 * at is the top bits of the address's hash. An entry whose flags are 0 ends a search; SET_ENTRY_DELETED
 * does not. See match-table-hash.ts.
 *
 * Roots are numbered. A cluster IP comes into the set that is in force together with its frontends, and is there for
 * who has the root that comes with it, or a later one: an entry with a higher number than the reader's root is none.
 *
 * How it is changed while it is read: a line, a service port, an interval list and a root are never
 * written once they can be found. A change writes new blocks, then replaces the one word by which the
 * old ones are found: the line in its bucket, the root in the header. Slots may be written in place, one
 * word at a time, to name a backend that is there already. A packet therefore sees the rules before or
 * those after. What cannot be found any more is used again only when every reader has begun a new batch
 * since. Of an entry with a key and a value, the part that says "empty" (tag, flags) is written last, and
 * cleared first.
 *
 * Source ranges are sorted, disjoint intervals, found by binary search, and not a prefix trie: only
 * membership is asked, never which prefix matched, and a Service has few ranges, side by side here.
 */

/** "SHNT" as a big-endian word. */
export const MATCH_TABLE_MAGIC = 0x53484e54;
export const MATCH_TABLE_VERSION = 3;

export const HEADER_WORDS = 64;
export const HEADER_MAGIC = 0;
export const HEADER_VERSION = 1;
export const HEADER_TOTAL_WORDS = 2;
export const HEADER_CHECKSUM = 3;
/** 0 iptables, 1 nftables: for people; what the modes do differently is in flags and actions. */
export const HEADER_MODE = 4;
export const HEADER_SEED = 5;
/** Tells tables apart that patches must not be mixed up between; its patches keep it. */
export const HEADER_TABLE_ID = 6;
export const HEADER_GENERATION = 7;
export const HEADER_ROOT = 8;
/** The first word that no block has ever had. */
export const HEADER_HEAP_END = 9;

/** Where blocks begin. Lines and backends are numbered from here. */
export const HEAP_START = HEADER_WORDS;
/** Blocks of this many words and more begin at a multiple of it: the words of a cache line. */
export const BLOCK_ALIGNMENT_WORDS = 16;

export const INTERVAL4_WORDS = 2;
export const INTERVAL6_WORDS = 8;
export const SET_ENTRY4_WORDS = 2;
export const SET_ENTRY6_WORDS = 8;
export const SET_ENTRY4_FLAGS = 1;
export const SET_ENTRY6_FLAGS = 4;
/** Flags of an entry that was taken out: a search goes on behind it. */
export const SET_ENTRY_DELETED = 0x80000000;
export const BUCKET_WORDS = 16;
export const BUCKET_ENTRIES = 8;
export const BUCKET_TAGS = 0;
export const BUCKET_LINES = 4;
export const BUCKET_PASSED = 12;
export const LINE_WORDS = 16;
export const SERVICE_PORT_WORDS = 4;
export const SERVICE_PORT_NUMBER = 0;
export const SERVICE_PORT_AFFINITY = 1;
export const BACKEND4_WORDS = 2;
export const BACKEND4_PORT = 1;
export const BACKEND6_WORDS = 8;
export const BACKEND6_PORT = 4;

/** The structures of the root, in its order, with the words of one record. */
export const STRUCTURES = [
  { name: 'podRanges4', recordWords: INTERVAL4_WORDS },
  { name: 'podRanges6', recordWords: INTERVAL6_WORDS },
  { name: 'serviceRanges4', recordWords: INTERVAL4_WORDS },
  { name: 'serviceRanges6', recordWords: INTERVAL6_WORDS },
  { name: 'localAddresses4', recordWords: SET_ENTRY4_WORDS },
  { name: 'localAddresses6', recordWords: SET_ENTRY6_WORDS },
  { name: 'clusterIPs4', recordWords: SET_ENTRY4_WORDS },
  { name: 'clusterIPs6', recordWords: SET_ENTRY6_WORDS },
  { name: 'frontendIndex4', recordWords: BUCKET_WORDS },
  { name: 'frontendIndex6', recordWords: BUCKET_WORDS },
] as const;

export type StructureName = (typeof STRUCTURES)[number]['name'];

export const ROOT_WORDS = 32;

/** Where the root keeps a structure's word offset; its count of records is in the word behind. */
export const ROOT_POSITION: Readonly<Record<StructureName, number>> = Object.fromEntries(
  STRUCTURES.map(({ name }, index) => [name, 2 * index]),
) as Record<StructureName, number>;

/** Flags of loopback addresses, by family. */
export const ROOT_LOOPBACK_FLAGS4 = 20;
export const ROOT_LOOPBACK_FLAGS6 = 21;
/** The action byte for blocked sources. */
export const ROOT_BLOCKED_ACTION = 22;
/** From 1 to {@link ROOT_NUMBER_MAX}: which entries of the sets of cluster IPs are there for who has this root. */
export const ROOT_NUMBER = 23;
export const ROOT_NUMBER_MAX = 0x7fffffff;

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

/** The word offset of a structure of the root in force. */
export function structureOffset(image: Uint32Array, name: StructureName): number {
  return image[(image[HEADER_ROOT] as number) + ROOT_POSITION[name]] as number;
}

/** The records of a structure; for sets and indexes its capacity. */
export function structureCount(image: Uint32Array, name: StructureName): number {
  return image[(image[HEADER_ROOT] as number) + ROOT_POSITION[name] + 1] as number;
}

/**
 * The words of the smallest block that holds so many: 2, 4, 8 or a multiple of 16.
 * @param words - from 1
 */
export function blockWords(words: number): number {
  if (words > 8) return Math.ceil(words / BLOCK_ALIGNMENT_WORDS) * BLOCK_ALIGNMENT_WORDS;
  return words > 4 ? 8 : words > 2 ? 4 : 2;
}

/** Whether a block for `words` words may begin at `offset`: aligned, in the heap, not on its zero line. */
export function isBlock(image: Uint32Array, offset: number, words: number): boolean {
  const inBlock = blockWords(words);
  return (
    offset >= HEAP_START + BLOCK_ALIGNMENT_WORDS &&
    offset % Math.min(inBlock, BLOCK_ALIGNMENT_WORDS) === 0 &&
    offset + inBlock <= (image[HEADER_HEAP_END] as number)
  );
}

/** The word offset of a line, by the number that buckets and verdicts have for it. */
export function lineOffset(line: number): number {
  return HEAP_START + line * LINE_WORDS;
}

/** The number of a backend that begins at a word, as verdicts name it. */
export function backendNumber(offset: number, recordWords: number): number {
  return (offset - HEAP_START) / recordWords;
}

/** One of the eight tags of the bucket at a word offset; 0 for no entry. */
export function bucketTag(image: Uint32Array, bucket: number, entry: number): number {
  const tags = image[bucket + BUCKET_TAGS + (entry >>> 1)] as number;
  return (entry & 1) === 0 ? tags & 0xffff : tags >>> 16;
}

/** The words that the slots of a pool take, by its pool word; 0 where slot i is backend i. */
export function slotsWords(poolWord: number): number {
  const width = (poolWord >>> POOL_WIDTH_SHIFT) & 7;
  return width === 0 ? 0 : (((poolWord & POOL_COUNT_MASK) << width) + 31) >>> 5;
}

/**
 * The place, in a pool's block of backends, that a slot names.
 * @param slots - word offset of the pool's slots
 */
export function slotPlace(image: Uint32Array, slots: number, poolWord: number, slot: number): number {
  const width = (poolWord >>> POOL_WIDTH_SHIFT) & 7;
  if (width === 0) return slot;
  const bit = slot << width;
  const word = image[slots + (bit >>> 5)] as number;
  return ((word >>> (bit & 31)) & (0xffffffff >>> (32 - (1 << width)))) >>> 0;
}
