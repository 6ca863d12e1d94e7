/**
 * Where a table of flows keeps what, in one region of 32-bit words. One table is for one IP family, and
 * for one worker: nothing here is meant to be written by two.
 *
 * ```
 * word  0 offset of the buckets    1 how far to shift a hash for its bucket    2 last bucket's number
 *       3 how many buckets a search may take    4 offset of the rewrites    5 seed of the hash
 *       6 magic "FLO" and the version by family   7 the most flows   8 the most translations   9-15 zero
 *      16 clock codes: 32 of two words, timeout << 5 | hints that stir the state (see flow-state.ts)
 *      80 buckets, rewrites, translations, heads of their chains
 * ```
 *
 * A flow has two entries in the buckets, one for packets to the backend and one for its replies, each under
 * the packet's own addresses and ports. A bucket is a cache line. Its fields stand side by side, so that
 * all of its entries are compared at once.
 *
 * ```
 * bucket, IPv4, 3 entries   0 source: 3   3 destination: 3   6 ports: 3   9 rewrite << 8 | protocol: 3
 *                          12 clock: 3   15 entries that went past
 * bucket, IPv6, 1 entry     0 source: 4   4 destination: 4   8 ports   9 rewrite << 8 | protocol
 *                          10 clock      15 entries that went past
 *
 * clock   31                                     5 4    1     0
 *        | second of the last packet, modulo 2^27 | state | reply |
 * ```
 *
 * An entry lies in its hash's bucket or in the next one that had room; `entries that went past` says whether
 * to look there, so that an entry is never moved and a search for what is not there ends at once. A search
 * takes at most the reach: 64 buckets (IPv6: 128). Nothing lies further from its place.
 *
 * The clock is in the bucket, where a hit has the line already; kept in an array of its own it would cost
 * one more cache miss a packet. Both entries of a flow have the state; its last packet is the later of both.
 *
 * A rewrite says what becomes of packets of a flow in one direction. A translation is two of them: of the same
 * number as itself, for packets to the backend, and as many behind it as there is room for and one, for replies.
 * Flows that are rewritten alike share one: all unmasqueraded flows from a frontend to a backend. A rewrite
 * begins like a flow verdict, with OUTCOME_ESTABLISHED; without it, it is not in force. Number 0 is all zero, so
 * that a miss is one, too.
 *
 * ```
 * rewrite, IPv4 (8)    | outcome | destination | backend | frontend | source | ports | ports kept | packets |
 * rewrite, IPv6 (16)   | outcome | 0 | backend | frontend | destination: 4 | source: 4
 *                      | ports | ports kept | packets | spare |
 * translation (8)      | next of its chain | flows | service port | flows begun | flags | hash
 *                      | number of its backend in the counters | spare |
 * ```
 *
 * An address counts where the outcome says that it is rewritten, else it is 0; none that is written is. The packet's ports are masked
 * by `ports kept`, then the bits of `ports` are set.
 */
import {
  type Family,
  FLOW_VERDICT4_PORTS,
  FLOW_VERDICT4_SOURCE,
  FLOW_VERDICT4_WORDS,
  FLOW_VERDICT6_PORTS,
  FLOW_VERDICT6_SOURCE,
  FLOW_VERDICT6_WORDS,
  PACKET4_WORDS,
  PACKET6_WORDS,
  VERDICT4_ADDRESS,
  VERDICT4_WORDS,
  VERDICT6_ADDRESS,
  VERDICT6_WORDS,
} from '@shunt/model';

export const FLOWS_BUCKETS = 0;
export const FLOWS_SHIFT = 1;
export const FLOWS_LAST_BUCKET = 2;
export const FLOWS_REACH = 3;
export const FLOWS_REWRITES = 4;
export const FLOWS_SEED = 5;
export const FLOWS_MAGIC = 6;
export const FLOWS_CAPACITY = 7;
export const FLOWS_TRANSLATIONS = 8;
export const FLOWS_CODES = 16;
const CODE_COUNT = 32;
const FIRST_SECTION = FLOWS_CODES + 2 * CODE_COUNT;

export const FLOW_BUCKET_WORDS = 16;
export const FLOW_BUCKET_PASSED = 15;

/** Bits of a clock. */
export const CLOCK_REPLY = 1;
export const CLOCK_STATE_SHIFT = 1;
export const CLOCK_CODE_MASK = 31;
export const CLOCK_TIME_SHIFT = 5;

export const TRANSLATION_WORDS = 8;
export const TRANSLATION_NEXT = 0;
export const TRANSLATION_FLOWS = 1;
export const TRANSLATION_SERVICE_PORT = 2;
export const TRANSLATION_BEGUN = 3;
export const TRANSLATION_FLAGS = 4;
export const TRANSLATION_HASH = 5;
export const TRANSLATION_BACKEND = 6;

/** Flags of a translation; the protocol is in the low 8 bits. */
export const TRANSLATION_DRAINING = 1 << 8;
export const TRANSLATION_DELETED = 1 << 9;

/** What differs between the families, in words. */
export interface FlowLayout {
  readonly family: Family;
  readonly addressWords: number;
  /** Entries of a bucket; also the stride from a field's word to the next field's. */
  readonly ways: number;
  /** Buckets for each flow that there is room for: at most two thirds (IPv6: half) of all entries are used. */
  readonly bucketsPerFlow: number;
  readonly reachBuckets: number;
  /** How many buckets are looked at together to make room. */
  readonly groupBuckets: number;
  readonly packetWords: number;
  readonly verdictWords: number;
  readonly verdictAddress: number;
  readonly flowVerdictWords: number;
  readonly rewriteWords: number;
  readonly rewriteDestination: number;
  readonly rewriteSource: number;
  readonly rewritePorts: number;
  readonly rewriteKept: number;
  readonly rewritePackets: number;
}

export const REWRITE_OUTCOME = 0;
export const REWRITE_BACKEND = 2;
export const REWRITE_FRONTEND = 3;

export const FLOW_LAYOUT4: FlowLayout = {
  family: 'IPv4',
  addressWords: 1,
  ways: 3,
  bucketsPerFlow: 1,
  reachBuckets: 64,
  groupBuckets: 8,
  packetWords: PACKET4_WORDS,
  verdictWords: VERDICT4_WORDS,
  verdictAddress: VERDICT4_ADDRESS,
  flowVerdictWords: FLOW_VERDICT4_WORDS,
  rewriteWords: 8,
  rewriteDestination: VERDICT4_ADDRESS,
  rewriteSource: FLOW_VERDICT4_SOURCE,
  rewritePorts: FLOW_VERDICT4_PORTS,
  rewriteKept: FLOW_VERDICT4_PORTS + 1,
  rewritePackets: FLOW_VERDICT4_PORTS + 2,
};

export const FLOW_LAYOUT6: FlowLayout = {
  family: 'IPv6',
  addressWords: 4,
  ways: 1,
  bucketsPerFlow: 4,
  reachBuckets: 128,
  groupBuckets: 32,
  packetWords: PACKET6_WORDS,
  verdictWords: VERDICT6_WORDS,
  verdictAddress: VERDICT6_ADDRESS,
  flowVerdictWords: FLOW_VERDICT6_WORDS,
  rewriteWords: 16,
  rewriteDestination: VERDICT6_ADDRESS,
  rewriteSource: FLOW_VERDICT6_SOURCE,
  rewritePorts: FLOW_VERDICT6_PORTS,
  rewriteKept: FLOW_VERDICT6_PORTS + 1,
  rewritePackets: FLOW_VERDICT6_PORTS + 2,
};

export function flowLayout(family: Family): FlowLayout {
  return family === 'IPv4' ? FLOW_LAYOUT4 : FLOW_LAYOUT6;
}

/** How large the sections of a table are, and where they begin, from the region's start. */
export interface FlowSections {
  readonly bucketCount: number;
  readonly reach: number;
  readonly headCount: number;
  readonly buckets: number;
  readonly rewrites: number;
  readonly translations: number;
  readonly heads: number;
  /** Words of the region. */
  readonly words: number;
}

/** A rewrite's number has 24 bits. */
const TRANSLATIONS_MAX = (1 << 23) - 1;
const FLOWS_MAX = 1 << 23;

/** One translation for each flow, as far as there are numbers. */
export function defaultTranslations(flows: number): number {
  return Math.min(flows, TRANSLATIONS_MAX);
}

/**
 * Lays out a table.
 * @param flows - the most flows at a time
 * @param translations - the most translations at a time
 * @throws {RangeError} if one of them is not an integer from 1 to what the layout can say
 */
export function flowSections(layout: FlowLayout, flows: number, translations: number): FlowSections {
  checkCount('flows', flows, FLOWS_MAX);
  checkCount('translations', translations, TRANSLATIONS_MAX);
  const bucketCount = powerOfTwo(flows * layout.bucketsPerFlow);
  const headCount = powerOfTwo(translations);
  const rewrites = FIRST_SECTION + bucketCount * FLOW_BUCKET_WORDS;
  const translationsAt = rewrites + 2 * (translations + 1) * layout.rewriteWords;
  const heads = translationsAt + (translations + 1) * TRANSLATION_WORDS;
  return {
    bucketCount,
    headCount,
    reach: Math.min(layout.reachBuckets, bucketCount),
    buckets: FIRST_SECTION,
    rewrites,
    translations: translationsAt,
    heads,
    words: Math.ceil((heads + headCount) / FLOW_BUCKET_WORDS) * FLOW_BUCKET_WORDS,
  };
}

/** The smallest power of two that is at least `count`, and at least 2. */
export function powerOfTwo(count: number): number {
  return count <= 2 ? 2 : 2 ** (32 - Math.clz32(count - 1));
}

function checkCount(title: string, count: number, most: number): void {
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new RangeError(`"${title}" expected an integer from 1 to ${most}, got ${count}`);
  }
}
