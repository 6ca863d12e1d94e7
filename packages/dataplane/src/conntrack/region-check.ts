/**
 * Whether the words of a region are a table of flows: asked before a region from elsewhere is taken into use, so
 * that nothing that is in it can lead a search astray, or break what the code behind relies on.
 */
import {
  DECIDED_BY,
  ORIGINS,
  OUTCOME_DECIDED_BY_MASK,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_DESTINATION,
  OUTCOME_ESTABLISHED,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  OUTCOME_PORT_SHIFT,
  OUTCOME_REPLY,
  OUTCOME_SOURCE,
  OUTCOME_VERDICT_MASK,
} from '@shunt/model';
import { DNAT } from '../decide.js';
import type { FlowBuckets } from './flow-buckets.js';
import {
  CLOCK_CODE_MASK,
  CLOCK_REPLY,
  CLOCK_STATE_SHIFT,
  FLOW_BUCKET_PASSED,
  type FlowLayout,
  type FlowSections,
  REWRITE_OUTCOME,
  TRANSLATION_DELETED,
} from './flow-layout.js';
import { FLOW_STATES, firstState } from './flow-state.js';
import { peerKeyOf } from './peer-key.js';
import type { Translations } from './translations.js';

const BY_FRONTEND = DECIDED_BY.indexOf('frontend');
/** What the two rewrites of a translation differ in. */
const DIRECTION = OUTCOME_REPLY | OUTCOME_SOURCE | OUTCOME_DESTINATION;
const SPARE = 3 << 14;

/**
 * Looks at every entry, and at what it has to do with its translation and the other entry of its flow.
 * @param capacity - the most flows
 * @returns what is wrong, or `null`
 */
export function regionProblem(
  words: Uint32Array,
  layout: FlowLayout,
  sections: FlowSections,
  buckets: FlowBuckets,
  translations: Translations,
  capacity: number,
): string | null {
  const check = new RegionCheck(words, layout, buckets, translations);
  for (let bucket = 0; bucket < buckets.count; bucket++) {
    for (let way = 0; way < buckets.ways; way++) {
      const problem = check.look(bucket, buckets.offset(bucket) + way);
      if (problem !== null) return problem;
    }
  }
  return check.sums(sections, capacity);
}

class RegionCheck {
  readonly #words: Uint32Array;
  readonly #layout: FlowLayout;
  readonly #buckets: FlowBuckets;
  readonly #translations: Translations;
  readonly #passed: Uint32Array;
  readonly #flows = new Map<number, number>();
  readonly #key: Uint32Array;
  readonly #peerKey: Uint32Array;

  constructor(words: Uint32Array, layout: FlowLayout, buckets: FlowBuckets, translations: Translations) {
    this.#words = words;
    this.#layout = layout;
    this.#buckets = buckets;
    this.#translations = translations;
    this.#passed = new Uint32Array(buckets.count);
    this.#key = new Uint32Array(layout.packetWords);
    this.#peerKey = new Uint32Array(layout.packetWords);
  }

  look(bucket: number, entry: number): string | null {
    const mark = this.#buckets.mark(entry);
    if (mark === 0) return this.#isZero(entry) ? null : 'an entry that is free has words';
    const rewrite = mark >>> 8;
    const translation = this.#translations.translationOf(rewrite);
    if (!this.#translations.isInUse(translation))
      return `an entry has the rewrite ${rewrite}, which nobody has`;
    if ((mark & 0xff) !== (this.#translations.flags(translation) & 0xff))
      return 'an entry is of two protocols';
    const isReply = rewrite !== translation;
    if (!this.#hasState(entry, mark & 0xff, isReply)) return 'an entry has a state that its protocol has not';
    const problem = this.#lookAtPlace(bucket, entry) ?? this.#lookAtPeer(entry, rewrite);
    if (!isReply) this.#flows.set(translation, (this.#flows.get(translation) ?? 0) + 1);
    return problem;
  }

  /** What only all entries together tell. */
  sums(sections: FlowSections, capacity: number): string | null {
    for (let bucket = 0; bucket < sections.bucketCount; bucket++) {
      if (this.#words[this.#buckets.offset(bucket) + FLOW_BUCKET_PASSED] !== this.#passed[bucket]) {
        return `bucket ${bucket} does not know how many entries went past it`;
      }
    }
    let flows = 0;
    for (const count of this.#flows.values()) flows += count;
    if (flows > capacity) return `it has ${flows} flows`;
    for (let translation = 1; translation <= this.#translations.used; translation++) {
      if (this.#translations.flows(translation) !== (this.#flows.get(translation) ?? 0)) {
        return `translation ${translation} does not know how many flows it has`;
      }
      if (this.#translations.flows(translation) > 0 && !this.#hasOutcomes(translation)) {
        return `translation ${translation} has an outcome that no packet has`;
      }
    }
    return null;
  }

  /** Counts the buckets that the entry went past, which is not in reach of its own if there is no end of them. */
  #lookAtPlace(last: number, entry: number): string | null {
    this.#buckets.key(entry, this.#key, 0);
    let bucket = this.#buckets.home(this.#buckets.hash(this.#key, 0));
    for (let step = 0; bucket !== last; step++) {
      if (step >= this.#buckets.reach - 1) return 'an entry is out of reach';
      this.#passed[bucket] = (this.#passed[bucket] as number) + 1;
      bucket = this.#buckets.next(bucket);
    }
    return this.#buckets.find(this.#key, 0) === entry ? null : 'an entry cannot be found';
  }

  /** The two entries of a flow lead to each other, and have the same state. */
  #lookAtPeer(entry: number, rewrite: number): string | null {
    peerKeyOf(this.#layout, this.#words, this.#translations.rewrite(rewrite), this.#key, this.#peerKey);
    const peer = this.#buckets.find(this.#peerKey, 0);
    if (peer === 0 || peer === entry) return 'a flow has one entry';
    const peerRewrite = this.#buckets.mark(peer) >>> 8;
    const translation = this.#translations.translationOf(rewrite);
    const expected = rewrite === translation ? this.#translations.back(translation) : translation;
    if (peerRewrite !== expected) return 'the entries of a flow are of two translations';
    const states = (this.#buckets.clock(entry) ^ this.#buckets.clock(peer)) & CLOCK_CODE_MASK & ~CLOCK_REPLY;
    if (states !== 0) return 'the entries of a flow have two states';
    const back = peerKeyOf(
      this.#layout,
      this.#words,
      this.#translations.rewrite(peerRewrite),
      this.#peerKey,
      new Uint32Array(this.#layout.packetWords),
    );
    return this.#buckets.find(back, 0) === entry ? null : 'the entries of a flow do not lead to each other';
  }

  #hasState(entry: number, protocol: number, isReply: boolean): boolean {
    const code = this.#buckets.clock(entry) & CLOCK_CODE_MASK;
    const state = FLOW_STATES[code >>> CLOCK_STATE_SHIFT];
    const first = FLOW_STATES[firstState(protocol)];
    if (state === undefined || first === undefined || state === 'none') return false;
    // Both names begin with the protocol's.
    return state.split(' ')[0] === first.split(' ')[0] && ((code & CLOCK_REPLY) !== 0) === isReply;
  }

  /** Whether both of its rewrites say what FlowDraft has them say, and are in force unless it is deleted. */
  #hasOutcomes(translation: number): boolean {
    const words = this.#words;
    const forward = this.#translations.rewrite(translation);
    const back = this.#translations.rewrite(this.#translations.back(translation));
    const outcome = words[forward + REWRITE_OUTCOME] as number;
    const reply = words[back + REWRITE_OUTCOME] as number;
    const shared = outcome & ~(DIRECTION | SPARE);
    const isDeleted = (this.#translations.flags(translation) & TRANSLATION_DELETED) !== 0;
    const isSourceNew = (outcome & OUTCOME_SOURCE) !== 0;
    const origin = (outcome >>> OUTCOME_ORIGIN_SHIFT) & 3;
    const ports = words[forward + this.#layout.rewritePorts] as number;
    const replies = shared | OUTCOME_REPLY | OUTCOME_SOURCE | (isSourceNew ? OUTCOME_DESTINATION : 0);
    return (
      (outcome & OUTCOME_VERDICT_MASK) === DNAT &&
      origin < ORIGINS.length &&
      ((outcome >>> OUTCOME_DECIDED_BY_SHIFT) & OUTCOME_DECIDED_BY_MASK) <= BY_FRONTEND &&
      ((outcome & OUTCOME_ESTABLISHED) === 0) === isDeleted &&
      (isSourceNew || (outcome & OUTCOME_MASQUERADE) === 0) &&
      outcome >>> OUTCOME_PORT_SHIFT === (ports & 0xffff) &&
      outcome === (shared | OUTCOME_DESTINATION | (isSourceNew ? OUTCOME_SOURCE : 0)) >>> 0 &&
      reply === replies >>> 0
    );
  }

  #isZero(entry: number): boolean {
    const fields = 2 * this.#layout.addressWords + 3;
    for (let field = 0; field < fields; field++) {
      if (this.#words[entry + field * this.#layout.ways] !== 0) return false;
    }
    return true;
  }
}
