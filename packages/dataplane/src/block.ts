/**
 * What the passes of a lookup share. The compiler folds what a module's own constants are: numbers,
 * functions, and where these arrays lie and how long they are. Of what is imported it loads and checks
 * at each use, and of an argument it checks the kind for every packet. So the passes have constants of
 * their own for what they import, and hand results on in arrays that are no arguments: 1.2x.
 */

/**
 * Packets that go through the passes together: enough for their cache misses to overlap, few enough for
 * all that they touch to stay in the first-level cache.
 */
export const BLOCK_PACKETS = 64;

/**
 * Places are taken `& LAST_PLACE`, which changes none of them: the compiler then knows that they are inside the
 * arrays.
 */
export const LAST_PLACE = BLOCK_PACKETS - 1;

/**
 * Word offsets of records are taken `& WORD_OFFSET`, which changes none of them, either, and those of a record's words
 * with `|`, since records begin at a multiple of their size: the compiler then knows that they are not negative and do
 * not overflow, and checks neither at each use: an eighth of all instructions.
 */
export const WORD_OFFSET = 0x7fffffff;

/*
 * What one pass hands on to the next, a word for each place. Lookups leave nothing in them for the next.
 */
export const KEY_HASHES = new Int32Array(BLOCK_PACKETS);
export const PORT_KEYS = new Int32Array(BLOCK_PACKETS);
export const FLOW_HASHES = new Uint32Array(BLOCK_PACKETS);
/** By their numbers, see `ORIGINS`. */
export const PACKET_ORIGINS = new Uint32Array(BLOCK_PACKETS);
/** The first line of each packet's bucket whose tag is its own, which is most probably its frontend's. */
export const CANDIDATES = new Uint32Array(BLOCK_PACKETS);
/** Word offsets of where the slots are that the flow hashes pick, the bits that they begin with, and their masks. */
export const SLOT_WORDS = new Uint32Array(BLOCK_PACKETS);
export const SLOT_BITS = new Int32Array(BLOCK_PACKETS);
export const SLOT_MASKS = new Int32Array(BLOCK_PACKETS);
/** Word offsets of the backends that the slots name; before, of their pools' first ones, or where there are no slots. */
export const PICKED_BACKENDS = new Uint32Array(BLOCK_PACKETS);
/** Outcomes of the translations to them, without the port. */
export const PICKED_OUTCOMES = new Uint32Array(BLOCK_PACKETS);
/** The places that a pass leaves to the slower function behind it. */
export const LISTED = new Uint32Array(BLOCK_PACKETS);
/** The places with the key of a node port. */
export const NODE_PORT_PLACES = new Uint32Array(BLOCK_PACKETS);
/** Where the keys of their addresses are looked for. */
export const PROBED_BUCKETS = new Uint32Array(BLOCK_PACKETS);
export const PROBED_HASHES = new Int32Array(BLOCK_PACKETS);
