// What the passes of a lookup hand on to each other: columns of one word for each place, in a region of the reader's
// own. Passes take four places at a time: places up to a multiple of four are filled with something that can be read.

/**
 * Packets that go through the passes together: enough for their cache misses to overlap, few enough for all that they
 * touch to stay in the first-level cache. A word of 64 bits has one for each.
 */
export const BLOCK_PACKETS: u32 = 64;

export const COLUMN_BYTES: usize = 4 * BLOCK_PACKETS;

/** The addresses that places are looked up by, a word each or four: the destination, 0 for a node port. */
export const KEY_ADDRESSES: usize = 0;
export const PORT_KEYS: usize = 4 * COLUMN_BYTES;
/** In the low half the tag of a key: those of its hash, but never 0. */
export const KEY_TAGS: usize = 5 * COLUMN_BYTES;
/** Where the bucket is that a key is looked for in. */
export const BUCKETS: usize = 6 * COLUMN_BYTES;
export const FLOW_HASHES: usize = 7 * COLUMN_BYTES;
/** By their numbers, see ORIGIN_POD and the others. */
export const ORIGINS: usize = 8 * COLUMN_BYTES;
/** Where the candidate is: the first line of the bucket whose tag is the packet's, most probably its frontend's. */
export const CANDIDATES: usize = 9 * COLUMN_BYTES;
/** Outcomes of the translations, without port and hairpin. */
export const OUTCOMES: usize = 10 * COLUMN_BYTES;
/** Where the slot is: the word at its byte, the bit in it, and which bits are the slot's. */
export const SLOT_WORDS: usize = 11 * COLUMN_BYTES;
export const SLOT_BITS: usize = 12 * COLUMN_BYTES;
export const SLOT_MASKS: usize = 13 * COLUMN_BYTES;
/** Where the backend is that a slot of 0 names, and then the one that the slot does name. */
export const BACKENDS: usize = 14 * COLUMN_BYTES;
// Lists of packets of several blocks, as long as a column: those with the key of a node port, by their numbers in the
// batch; then those that are settled one by one, with what the passes have found out about them.
export const LISTED_NODE_PORTS: usize = 15 * COLUMN_BYTES;
export const LISTED_PACKETS: usize = 16 * COLUMN_BYTES;
export const LISTED_CANDIDATES: usize = 17 * COLUMN_BYTES;
export const LISTED_BUCKETS: usize = 18 * COLUMN_BYTES;
export const LISTED_ORIGINS: usize = 19 * COLUMN_BYTES;
export const LISTED_PORT_KEYS: usize = 20 * COLUMN_BYTES;
export const LISTED_FLOW_HASHES: usize = 21 * COLUMN_BYTES;
/** Of those the flags of the destinations as local addresses. */
export const LISTED_FLAGS: usize = 22 * COLUMN_BYTES;
/** The places in that list whose packets no frontend takes, and all others. */
export const UNTAKEN: usize = 23 * COLUMN_BYTES;
export const UNSETTLED: usize = 24 * COLUMN_BYTES;
/** Words to touch: see touch.ts. */
export const PROBES: usize = 25 * COLUMN_BYTES;
/** Tags to look for there. */
export const PROBE_TAGS: usize = 26 * COLUMN_BYTES;
/**
 * A few of the node's own addresses, a vector for each: of IPv4 four times the address. All ones, too, for each if node
 * ports are served there, and its flags. See own-addresses.ts.
 */
export const OWN_ADDRESSES: usize = 27 * COLUMN_BYTES;
export const OWN_SERVES: usize = OWN_ADDRESSES + 8 * 16;
export const OWN_FLAGS: usize = OWN_SERVES + 8 * 16;
/** A word for what is read only to be in the cache: what nobody uses, an optimizer leaves out. */
export const TOUCHED: usize = OWN_FLAGS + 8 * 4;
export const SCRATCH_BYTES: usize = TOUCHED + 4;
