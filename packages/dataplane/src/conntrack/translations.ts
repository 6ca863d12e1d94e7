import { OUTCOME_ESTABLISHED, OUTCOME_PORT_SHIFT } from '@shunt/model';
import type { Counters } from '../counters/counters.js';
import {
  type FlowLayout,
  type FlowSections,
  REWRITE_OUTCOME,
  TRANSLATION_BACKEND,
  TRANSLATION_BEGUN,
  TRANSLATION_DELETED,
  TRANSLATION_DRAINING,
  TRANSLATION_FLAGS,
  TRANSLATION_FLOWS,
  TRANSLATION_HASH,
  TRANSLATION_NEXT,
  TRANSLATION_SERVICE_PORT,
  TRANSLATION_WORDS,
} from './flow-layout.js';

/**
 * What flows are rewritten to, each way of it once, with the count of flows that use it. This makes hits
 * cheap (few lines for many flows), counters free (they are in the line that is read anyway), and lets one
 * write delete all flows from a frontend to a backend. Numbers count from 1.
 */
export class Translations {
  readonly #words: Uint32Array;
  readonly #layout: FlowLayout;
  readonly #counters: Counters;
  readonly #rewrites: number;
  readonly #records: number;
  readonly #heads: number;
  readonly #headMask: number;
  readonly #capacity: number;
  #deletedFlows = 0;
  #free = 0;
  /** How many numbers have ever been in use: the others are free without being in the list. */
  #used = 0;

  constructor(
    words: Uint32Array,
    offset: number,
    layout: FlowLayout,
    sections: FlowSections,
    capacity: number,
    counters: Counters,
  ) {
    this.#words = words;
    this.#layout = layout;
    this.#counters = counters;
    this.#rewrites = offset + sections.rewrites;
    this.#records = offset + sections.translations;
    this.#heads = offset + sections.heads;
    this.#headMask = sections.headCount - 1;
    this.#capacity = capacity;
  }

  /** Numbers that may be in use are 1 to this. */
  get used(): number {
    return this.#used;
  }

  /** The number of a translation's rewrite of replies; that of packets to the backend is its own. */
  back(translation: number): number {
    return translation + this.#capacity + 1;
  }

  /** The translation that a rewrite is of. */
  translationOf(rewrite: number): number {
    return rewrite > this.#capacity ? rewrite - this.#capacity - 1 : rewrite;
  }

  /** The word offset of a rewrite. */
  rewrite(number: number): number {
    return this.#rewrites + number * this.#layout.rewriteWords;
  }

  /** Flows whose translation is deleted, and that nobody has noticed yet. */
  get deletedFlows(): number {
    return this.#deletedFlows;
  }

  flows(translation: number): number {
    return this.#word(translation, TRANSLATION_FLOWS);
  }

  servicePort(translation: number): number {
    return this.#word(translation, TRANSLATION_SERVICE_PORT);
  }

  /** The protocol, and what is to become of its flows. */
  flags(translation: number): number {
    return this.#word(translation, TRANSLATION_FLAGS);
  }

  /** Whether flows with this rewrite go on: a deletion takes effect by this alone. */
  isInForce(rewrite: number): boolean {
    return ((this.#words[this.rewrite(rewrite) + REWRITE_OUTCOME] as number) & OUTCOME_ESTABLISHED) !== 0;
  }

  /** Whether a number is one that flows have. */
  isInUse(translation: number): boolean {
    return translation > 0 && translation <= this.#used && this.flows(translation) > 0;
  }

  /**
   * Takes the translations that the region has, when it comes from elsewhere: what is kept beside it, and the
   * links between them, are made anew; counters have none of its backends in use before.
   * @returns how many flows they have
   */
  attach(): number {
    this.#words.fill(0, this.#heads, this.#heads + this.#headMask + 1);
    this.#used = this.#capacity;
    while (this.#used > 0 && this.flows(this.#used) === 0) this.#used--;
    this.#free = 0;
    this.#deletedFlows = 0;
    let flows = 0;
    for (let translation = 1; translation <= this.#used; translation++) {
      const count = this.flows(translation);
      flows += count;
      this.#words[this.#record(translation) + TRANSLATION_BACKEND] = 0;
      if (count === 0) {
        this.#words[this.#record(translation) + TRANSLATION_NEXT] = this.#free;
        this.#free = translation;
        continue;
      }
      const backend = this.#useBackend(translation);
      if ((this.flags(translation) & TRANSLATION_DRAINING) !== 0)
        this.#counters.setBackendGone(backend, true);
      if ((this.flags(translation) & TRANSLATION_DELETED) !== 0) {
        this.#deletedFlows += count;
        this.#putOutOfForce(translation);
        this.#putOutOfForce(this.back(translation));
      } else {
        this.#link(translation);
      }
    }
    return flows;
  }

  /**
   * Finds or makes the translation of a flow that begins.
   * @param draft - both rewrites, the one to the backend first, with 0 packets
   * @returns its number, or 0 if there is no room for one more
   */
  begin(draft: Uint32Array, servicePort: number, protocol: number): number {
    const hash = this.#hash(draft, servicePort, protocol);
    let translation = this.#find(draft, hash, servicePort, protocol);
    if (translation === 0) translation = this.#make(draft, hash, servicePort, protocol);
    if (translation === 0) return 0;
    const record = this.#record(translation);
    this.#add(record + TRANSLATION_FLOWS, 1);
    this.#add(record + TRANSLATION_BEGUN, 1);
    this.setDraining(translation, false);
    return translation;
  }

  /** Takes back a {@link begin} that led to no flow. */
  cancel(translation: number): void {
    this.#add(this.#record(translation) + TRANSLATION_BEGUN, -1);
    this.end(translation);
  }

  /** One flow less; the last one frees the number. */
  end(translation: number): void {
    const record = this.#record(translation);
    this.#add(record + TRANSLATION_FLOWS, -1);
    if ((this.flags(translation) & TRANSLATION_DELETED) !== 0) this.#deletedFlows--;
    if (this.#words[record + TRANSLATION_FLOWS] !== 0) return;
    this.collect(translation);
    this.#counters.releaseBackend(this.#word(translation, TRANSLATION_BACKEND));
    if ((this.flags(translation) & TRANSLATION_DELETED) === 0) this.#unlink(translation);
    const { rewriteWords } = this.#layout;
    const forward = this.rewrite(translation);
    const back = this.rewrite(this.back(translation));
    this.#words.fill(0, forward, forward + rewriteWords);
    this.#words.fill(0, back, back + rewriteWords);
    this.#words.fill(0, record, record + TRANSLATION_WORDS);
    this.#words[record + TRANSLATION_NEXT] = this.#free;
    this.#free = translation;
  }

  /** Lets all flows of a translation end at once. */
  delete(translation: number): void {
    const record = this.#record(translation);
    if ((this.flags(translation) & TRANSLATION_DELETED) !== 0) return;
    this.#unlink(translation);
    this.#deletedFlows += this.flows(translation);
    this.#words[record + TRANSLATION_FLAGS] = this.flags(translation) | TRANSLATION_DELETED;
    this.#counters.setBackendGone(this.#word(translation, TRANSLATION_BACKEND), true);
    this.#putOutOfForce(translation);
    this.#putOutOfForce(this.back(translation));
  }

  /** Marks that its backend gets no new flows; a flow that begins all the same takes the mark off. */
  setDraining(translation: number, isDraining: boolean): void {
    const flags = this.flags(translation);
    if (((flags & TRANSLATION_DRAINING) !== 0) === isDraining) return;
    this.#words[this.#record(translation) + TRANSLATION_FLAGS] = flags ^ TRANSLATION_DRAINING;
    this.#counters.setBackendGone(this.#word(translation, TRANSLATION_BACKEND), isDraining);
  }

  /**
   * Lets its flows count for number 0, and for no backend. It stays in the chain of its hash, where no new flow has
   * it: those are compared with the service port, too.
   */
  releaseServicePort(translation: number): void {
    this.collect(translation);
    const record = this.#record(translation);
    this.#counters.releaseBackend(this.#words[record + TRANSLATION_BACKEND] as number);
    this.#words[record + TRANSLATION_BACKEND] = 0;
    this.#words[record + TRANSLATION_SERVICE_PORT] = 0;
  }

  /** Hands over what was counted since the last time. */
  collect(translation: number): void {
    const { rewritePackets } = this.#layout;
    const forward = this.rewrite(translation);
    const packetsAt = forward + rewritePackets;
    const repliesAt = this.rewrite(this.back(translation)) + rewritePackets;
    const begunAt = this.#record(translation) + TRANSLATION_BEGUN;
    this.#counters.addFlows(
      this.servicePort(translation),
      this.#useBackend(translation),
      this.#words[begunAt] as number,
      this.#words[packetsAt] as number,
      this.#words[repliesAt] as number,
    );
    this.#words[begunAt] = 0;
    this.#words[packetsAt] = 0;
    this.#words[repliesAt] = 0;
  }

  /** What its backend is counted by. One that there was no room for may have some now. */
  #useBackend(translation: number): number {
    const at = this.#record(translation) + TRANSLATION_BACKEND;
    if (this.#words[at] === 0) {
      const forward = this.rewrite(translation);
      this.#words[at] = this.#counters.useBackend(
        this.servicePort(translation),
        this.#layout.family,
        this.#words,
        forward + this.#layout.rewriteDestination,
        (this.#words[forward + REWRITE_OUTCOME] as number) >>> OUTCOME_PORT_SHIFT,
      );
    }
    return this.#words[at] as number;
  }

  #putOutOfForce(rewrite: number): void {
    const at = this.rewrite(rewrite) + REWRITE_OUTCOME;
    this.#words[at] = (this.#words[at] as number) & ~OUTCOME_ESTABLISHED;
  }

  #make(draft: Uint32Array, hash: number, servicePort: number, protocol: number): number {
    let translation = this.#free;
    if (translation !== 0) this.#free = this.#word(translation, TRANSLATION_NEXT);
    else if (this.#used < this.#capacity) translation = ++this.#used;
    else return 0;
    const record = this.#record(translation);
    const forward = this.rewrite(translation);
    const back = this.rewrite(this.back(translation));
    const { rewriteWords } = this.#layout;
    for (let word = 0; word < rewriteWords; word++) {
      this.#words[forward + word] = draft[word] as number;
      this.#words[back + word] = draft[rewriteWords + word] as number;
    }
    this.#words[record + TRANSLATION_FLOWS] = 0;
    this.#words[record + TRANSLATION_SERVICE_PORT] = servicePort;
    this.#words[record + TRANSLATION_BEGUN] = 0;
    this.#words[record + TRANSLATION_FLAGS] = protocol;
    this.#words[record + TRANSLATION_HASH] = hash;
    this.#link(translation);
    this.#counters.setBackendGone(this.#useBackend(translation), false);
    return translation;
  }

  #link(translation: number): void {
    const record = this.#record(translation);
    const head = this.#heads + (this.#word(translation, TRANSLATION_HASH) & this.#headMask);
    this.#words[record + TRANSLATION_NEXT] = this.#words[head] as number;
    this.#words[head] = translation;
  }

  #find(draft: Uint32Array, hash: number, servicePort: number, protocol: number): number {
    let translation = this.#words[this.#heads + (hash & this.#headMask)] as number;
    while (translation !== 0) {
      const record = this.#record(translation);
      if (
        ((this.#words[record + TRANSLATION_HASH] as number) | 0) === hash &&
        this.#words[record + TRANSLATION_SERVICE_PORT] === servicePort &&
        ((this.#words[record + TRANSLATION_FLAGS] as number) & 0xff) === protocol &&
        this.#isDraft(translation, draft)
      ) {
        return translation;
      }
      translation = this.#words[record + TRANSLATION_NEXT] as number;
    }
    return 0;
  }

  #isDraft(translation: number, draft: Uint32Array): boolean {
    const { rewriteWords, rewritePackets } = this.#layout;
    const forward = this.rewrite(translation);
    const back = this.rewrite(this.back(translation));
    for (let word = 0; word < rewriteWords; word++) {
      if (word === rewritePackets) continue;
      if (this.#words[forward + word] !== draft[word]) return false;
      if (this.#words[back + word] !== draft[rewriteWords + word]) return false;
    }
    return true;
  }

  #unlink(translation: number): void {
    const hash = this.#word(translation, TRANSLATION_HASH);
    let link = this.#heads + (hash & this.#headMask);
    while (this.#words[link] !== translation) {
      link = this.#record(this.#words[link] as number) + TRANSLATION_NEXT;
    }
    this.#words[link] = this.#word(translation, TRANSLATION_NEXT);
  }

  /** FNV-1a by words, finished so that the low bits are good. Signed. */
  #hash(draft: Uint32Array, servicePort: number, protocol: number): number {
    let hash = Math.imul(servicePort ^ 0x811c9dc5, 0x01000193) ^ protocol;
    for (let word = 0; word < draft.length; word++) {
      hash = Math.imul(hash ^ (draft[word] as number), 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca77);
    return hash ^ (hash >>> 16);
  }

  #record(translation: number): number {
    return this.#records + translation * TRANSLATION_WORDS;
  }

  #word(translation: number, field: number): number {
    return this.#words[this.#record(translation) + field] as number;
  }

  #add(at: number, count: number): void {
    this.#words[at] = (this.#words[at] as number) + count;
  }
}
