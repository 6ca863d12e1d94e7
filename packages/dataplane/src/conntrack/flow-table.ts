import { PACKET_HINT_SHIFT } from '@shunt/model';
import { FlowBuckets } from './flow-buckets.js';
import {
  CLOCK_CODE_MASK,
  CLOCK_REPLY,
  CLOCK_STATE_SHIFT,
  CLOCK_TIME_SHIFT,
  FLOWS_CODES,
  type FlowLayout,
  type FlowSections,
} from './flow-layout.js';
import { evictionClass, nextState, reopensFlow, WORTH_KEPT, WORTH_UNASSURED } from './flow-state.js';
import { peerKeyOf } from './peer-key.js';
import type { Translations } from './translations.js';

/** Why flows have ended, and why some could not begin. */
export interface FlowTally {
  /** Without a packet for as long as their state allows. */
  expired: number;
  /** By a plan, or because their connection began anew. */
  deleted: number;
  /** Without an answer, or closing, when room was needed. */
  evictedUnassured: number;
  evictedClosing: number;
}

// How far an idle time counts beside a class: idle times are below 2^27 seconds.
const CLASS_WEIGHT = 1 << 27;

/**
 * Flows as pairs of entries: found by a packet of either direction, followed through their states, ended,
 * evicted, swept. Nothing here allocates.
 */
export class FlowTable {
  readonly buckets: FlowBuckets;
  readonly tally: FlowTally = { expired: 0, deleted: 0, evictedUnassured: 0, evictedClosing: 0 };
  readonly #words: Uint32Array;
  readonly #layout: FlowLayout;
  readonly #translations: Translations;
  readonly #codes: number;
  readonly #protocolField: number;
  readonly #key: Uint32Array;
  readonly #peerKey: Uint32Array;
  #count = 0;
  #removals = 0;
  #sweep = 0;

  constructor(
    words: Uint32Array,
    offset: number,
    layout: FlowLayout,
    sections: FlowSections,
    seed: number,
    translations: Translations,
  ) {
    this.buckets = new FlowBuckets(words, offset, layout, sections, seed);
    this.#words = words;
    this.#layout = layout;
    this.#translations = translations;
    this.#codes = offset + FLOWS_CODES;
    this.#protocolField = 2 * layout.addressWords + 1;
    this.#key = new Uint32Array(layout.packetWords);
    this.#peerKey = new Uint32Array(layout.packetWords);
  }

  /** Flows that take room: those that are over, but not found out yet, too. */
  get count(): number {
    return this.#count;
  }

  /** Grows whenever an entry is taken out: what was found before may be gone. */
  get removals(): number {
    return this.#removals;
  }

  /**
   * The flow of a packet: moves its state on, and its clock.
   * @returns the word offset of its rewrite; 0: no flow, or one that this packet, time or a plan has ended
   */
  follow(packets: Uint32Array, packet: number, now: number): number {
    const entry = this.buckets.find(packets, packet);
    if (entry === 0) return 0;
    const rewrite = this.buckets.mark(entry) >>> 8;
    const clock = this.buckets.clock(entry);
    const state = (clock & CLOCK_CODE_MASK) >>> CLOCK_STATE_SHIFT;
    const isReply = (clock & CLOCK_REPLY) !== 0;
    const hint = ((packets[packet + this.#protocolField] as number) >>> PACKET_HINT_SHIFT) & 0xff;
    if (this.#endIfOver(entry, now)) return 0;
    if (reopensFlow(state, isReply, hint)) {
      this.#end(entry);
      this.tally.deleted++;
      return 0;
    }
    const next = nextState(state, isReply, hint);
    if (next !== state) {
      const peer = this.#peer(entry);
      const kept = this.buckets.clock(peer) & ~(CLOCK_CODE_MASK & ~CLOCK_REPLY);
      this.buckets.setClock(peer, kept | (next << CLOCK_STATE_SHIFT));
    }
    this.buckets.setClock(entry, this.#clock(now, next, isReply));
    return this.#translations.rewrite(rewrite);
  }

  /** Takes the flows that the buckets have, when they come from elsewhere. */
  attach(count: number): void {
    this.#count = count;
  }

  /** Whether a key can be given to a new flow. Ends a flow that has it and is over. */
  isFree(key: Uint32Array, now: number): boolean {
    const entry = this.buckets.find(key, 0);
    return entry === 0 || this.#endIfOver(entry, now);
  }

  /**
   * Puts a flow into the buckets; its translation has counted it.
   * @param packets - the key of the one direction; `replyKey` of the other
   * @returns false if there is no room for both
   */
  insert(
    packets: Uint32Array,
    packet: number,
    replyKey: Uint32Array,
    translation: number,
    protocol: number,
    state: number,
    now: number,
  ): boolean {
    const mark = (translation << 8) | protocol;
    const clock = this.#clock(now, state, false);
    let entry = this.buckets.place(packets, packet, mark, clock);
    if (entry === 0) {
      if (!this.makeRoom(this.buckets.hash(packets, packet), 0, now)) return false;
      entry = this.buckets.place(packets, packet, mark, clock);
    }
    const replyMark = (this.#translations.back(translation) << 8) | protocol;
    const replyClock = this.#clock(now, state, true);
    let reply = this.buckets.place(replyKey, 0, replyMark, replyClock);
    if (reply === 0 && this.makeRoom(this.buckets.hash(replyKey, 0), entry, now)) {
      reply = this.buckets.place(replyKey, 0, replyMark, replyClock);
    }
    if (reply === 0) {
      this.buckets.remove(entry, this.#key, 0);
      return false;
    }
    this.#count++;
    return true;
  }

  /**
   * Ends flows so that there is one more free entry in reach of a hash: all there that are over; failing that,
   * the one that has been idle longest among those without an answer; failing that, among the closing ones.
   * Others are never ended. Who goes for another is looked for nearby first, in 8 buckets at a time (IPv6: 32),
   * since a flood of new flows would pay for each look.
   * @param except - an entry that is to stay, or 0
   * @returns whether a flow has ended
   * @see early_drop in net/netfilter/nf_conntrack_core.c: 8 buckets, what is over or unassured in the first
   */
  makeRoom(hash: number, except: number, now: number): boolean {
    const { buckets } = this;
    const { groupBuckets } = this.#layout;
    const home = buckets.home(hash);
    if (this.#endOver(home, except, now)) return true;
    for (let step = 0; step < buckets.reach; step += groupBuckets) {
      const count = Math.min(groupBuckets, buckets.reach - step);
      if (this.#evict(buckets.behind(home, step), count, except, now)) return true;
    }
    return false;
  }

  /** Ends what is over in the next `bucketCount` buckets. @returns how many flows have ended */
  sweep(now: number, bucketCount: number): number {
    let ended = 0;
    for (let step = 0; step < bucketCount; step++) {
      for (let way = 0; way < this.buckets.ways; way++) {
        const entry = this.buckets.offset(this.#sweep) + way;
        if (this.buckets.mark(entry) !== 0 && this.#endIfOver(entry, now)) ended++;
      }
      this.#sweep = this.buckets.next(this.#sweep);
    }
    return ended;
  }

  /** Seconds since the last packet of an entry's flow, in either direction. */
  idleSeconds(entry: number, now: number): number {
    const peer = this.#peer(entry);
    const own = this.#age(this.buckets.clock(entry), now);
    const other = this.#age(this.buckets.clock(peer), now);
    return Math.max(0, Math.min(own, other)) >> CLOCK_TIME_SHIFT;
  }

  /** Whether an entry's flow is over, though it has not been ended. */
  isOver(entry: number, now: number): boolean {
    if (!this.#translations.isInForce(this.buckets.mark(entry) >>> 8)) return true;
    return this.#isClockOver(entry, now) && this.#isClockOver(this.#peer(entry), now);
  }

  /** Ends all that is over in reach of a bucket. */
  #endOver(home: number, except: number, now: number): boolean {
    const { buckets } = this;
    // Whether a flow is deleted is a cache miss away; its clock is not.
    const mayBeDeleted = this.#translations.deletedFlows > 0;
    let hasEnded = false;
    for (let step = 0; step < buckets.reach; step++) {
      const bucket = buckets.offset(buckets.behind(home, step));
      for (let entry = bucket; entry < bucket + buckets.ways; entry++) {
        if (entry === except || buckets.mark(entry) === 0) continue;
        if (!mayBeDeleted && !this.#isClockOver(entry, now)) continue;
        if (this.#endIfOver(entry, now)) hasEnded = true;
      }
    }
    return hasEnded;
  }

  /** Ends the flow that is worth least among those of `count` buckets, if one there may go. */
  #evict(first: number, count: number, except: number, now: number): boolean {
    const { buckets } = this;
    let victim = 0;
    let victimRank = -1;
    for (let step = 0; step < count; step++) {
      const bucket = buckets.offset(buckets.behind(first, step));
      for (let entry = bucket; entry < bucket + buckets.ways; entry++) {
        if (entry === except || buckets.mark(entry) === 0) continue;
        const rank = this.#rank(entry, victimRank, now);
        if (rank > victimRank) {
          victim = entry;
          victimRank = rank;
        }
      }
    }
    if (victim === 0) return false;
    if (victimRank >= WORTH_UNASSURED * CLASS_WEIGHT) this.tally.evictedUnassured++;
    else this.tally.evictedClosing++;
    this.#end(victim);
    return true;
  }

  #endIfOver(entry: number, now: number): boolean {
    const isDeleted = !this.#translations.isInForce(this.buckets.mark(entry) >>> 8);
    if (!isDeleted) {
      if (!this.#isClockOver(entry, now)) return false;
      const peer = this.#peer(entry);
      if (!this.#isClockOver(peer, now)) {
        // The next look is then answered by this entry alone.
        const later = this.buckets.clock(peer) & ~CLOCK_CODE_MASK;
        this.buckets.setClock(entry, later | (this.buckets.clock(entry) & CLOCK_CODE_MASK));
        return false;
      }
    }
    if (isDeleted) this.tally.deleted++;
    else this.tally.expired++;
    this.#end(entry);
    return true;
  }

  /** The larger, the sooner it may go; below 0: never. Exact where it is above `least`. */
  #rank(entry: number, least: number, now: number): number {
    const clock = this.buckets.clock(entry);
    const worth = evictionClass((clock & CLOCK_CODE_MASK) >>> CLOCK_STATE_SHIFT);
    if (worth === WORTH_KEPT) return -1;
    // A flow has been idle no longer than either of its entries; the other is a cache miss away.
    const most = worth * CLASS_WEIGHT + (Math.max(0, this.#age(clock, now)) >> CLOCK_TIME_SHIFT);
    return most <= least ? most : worth * CLASS_WEIGHT + this.idleSeconds(entry, now);
  }

  #end(entry: number): void {
    const peer = this.#peer(entry);
    const translation = this.#translations.translationOf(this.buckets.mark(entry) >>> 8);
    this.buckets.remove(entry, this.#key, 0);
    // There is always one; without it, memory was written by somebody else, and a loop would not end.
    if (peer !== 0) this.buckets.remove(peer, this.#key, 0);
    this.#translations.end(translation);
    this.#count--;
    this.#removals++;
  }

  /** The other entry of a flow: the packet that this one's rewrite makes, seen from its receiver. */
  #peer(entry: number): number {
    this.buckets.key(entry, this.#key, 0);
    const rewrite = this.#translations.rewrite(this.buckets.mark(entry) >>> 8);
    peerKeyOf(this.#layout, this.#words, rewrite, this.#key, this.#peerKey);
    return this.buckets.find(this.#peerKey, 0);
  }

  #clock(now: number, state: number, isReply: boolean): number {
    return (now << CLOCK_TIME_SHIFT) | (state << CLOCK_STATE_SHIFT) | (isReply ? CLOCK_REPLY : 0);
  }

  #isClockOver(entry: number, now: number): boolean {
    const clock = this.buckets.clock(entry);
    const timeout = (this.#words[this.#codes + 2 * (clock & CLOCK_CODE_MASK)] as number) | 0;
    return this.#age(clock, now) >= timeout;
  }

  /** Time since a clock, in its units; below 0 for one that is ahead. */
  #age(clock: number, now: number): number {
    return ((now << CLOCK_TIME_SHIFT) - (clock & ~CLOCK_CODE_MASK)) | 0;
  }
}
