import {
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  BACKEND4_PORT,
  BACKEND4_WORDS,
  BACKEND6_PORT,
  BACKEND6_WORDS,
  backendNumber,
  type Family,
  HEAP_START,
  LINE_CLUSTER_POOL,
  LINE_LOCAL_POOL,
  LINE_SERVICE_PORT,
  lineOffset,
  ORIGINS,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_SLOTS,
  POOL_WORD,
  SERVICE_PORT_AFFINITY,
  SERVICE_PORT_NUMBER,
  slotPlace,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
} from '@shunt/model';
import { type FlowLayout, flowLayout } from '../conntrack/flow-layout.js';
import { translationOutcome } from '../decide.js';
import { actionOf } from '../node-frontend.js';
import type { FamilyRules } from './family-rules.js';

/** A match table that answers packets of both families: what a `Dataplane` is. */
export interface LookupTable {
  /** The table's words as they are now. */
  readonly image: Uint32Array;
  /** IPv4 packets to verdicts. */
  lookupBatch(packets: Uint32Array, verdicts: Uint32Array, count: number): void;
  /** IPv6 packets to verdicts. */
  lookupBatch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void;
  /**
   * The table stays readable as it is until `endBatch`, whoever writes patches into it. Around calls of the
   * others, which may do the same for themselves. Only needed where a table is shared with a writer.
   */
  beginBatch?(): void;
  endBatch?(): void;
}

/** A match table as the rules of one family. Numbers are those of the table. */
export class TableRules implements FamilyRules {
  readonly #table: LookupTable;
  readonly #layout: FlowLayout;
  readonly #isIPv4: boolean;
  readonly #backendWords: number;
  readonly #backendPort: number;

  constructor(table: LookupTable, family: Family) {
    this.#table = table;
    this.#layout = flowLayout(family);
    this.#isIPv4 = family === 'IPv4';
    this.#backendWords = this.#isIPv4 ? BACKEND4_WORDS : BACKEND6_WORDS;
    this.#backendPort = this.#isIPv4 ? BACKEND4_PORT : BACKEND6_PORT;
  }

  beginBatch(): void {
    this.#table.beginBatch?.();
  }

  endBatch(): void {
    this.#table.endBatch?.();
  }

  lookup(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    if (this.#isIPv4) this.#table.lookupBatch(packets, verdicts, count);
    else this.#table.lookupBatch6(packets, verdicts, count);
  }

  servicePort(frontend: number): number {
    return this.#ofServicePort(frontend, SERVICE_PORT_NUMBER);
  }

  affinitySeconds(frontend: number): number {
    return this.#ofServicePort(frontend, SERVICE_PORT_AFFINITY);
  }

  /** See {@link FamilyRules.redirect}: a backend may be picked if a slot of the action's pool names it. */
  redirect(
    packets: Uint32Array,
    packet: number,
    verdicts: Uint32Array,
    verdict: number,
    backend: number,
    words: Uint32Array,
    address: number,
    port: number,
  ): boolean {
    const { image } = this.#table;
    const line = verdicts[verdict + VERDICT_FRONTEND] as number;
    const origin = ((verdicts[verdict + VERDICT_OUTCOME] as number) >>> OUTCOME_ORIGIN_SHIFT) & 3;
    if (line === 0 || origin >= ORIGINS.length) return false;
    const action = actionOf(image, line, origin);
    const pool =
      lineOffset(line) + ((action & ACTION_LOCAL_POOL) === 0 ? LINE_CLUSTER_POOL : LINE_LOCAL_POOL);
    const record = this.#findBackend(image, pool, backend, words, address, port);
    if (record === 0) return false;
    const isHairpin = this.#isAddress(image, record, packets, packet);
    const masquerade = (action & ACTION_MASQUERADE) !== 0 || isHairpin ? OUTCOME_MASQUERADE : 0;
    verdicts[verdict + VERDICT_OUTCOME] =
      translationOutcome(masquerade, port) | (origin << OUTCOME_ORIGIN_SHIFT);
    verdicts[verdict + VERDICT_BACKEND] = backendNumber(record, this.#backendWords);
    const { addressWords, verdictAddress } = this.#layout;
    for (let word = 0; word < addressWords; word++) {
      verdicts[verdict + verdictAddress + word] = image[record + word] as number;
    }
    return true;
  }

  /**
   * The record of a backend that a slot of a pool names, or 0. What no slot names may be in the pool's block
   * all the same: places of backends that are gone. About as many slots are read as the pool has backends,
   * all of them if it is not there.
   * @param pool - word offset of the pool's words in a line
   * @param backend - the number that it had; where it still has it, no other backend is looked at
   */
  #findBackend(
    image: Uint32Array,
    pool: number,
    backend: number,
    words: Uint32Array,
    address: number,
    port: number,
  ): number {
    const first = image[pool + POOL_BACKEND] as number;
    const poolWord = image[pool + POOL_WORD] as number;
    const count = poolWord & POOL_COUNT_MASK;
    const slots = image[pool + POOL_SLOTS] as number;
    const hinted = HEAP_START + backend * this.#backendWords - first;
    const isHintRight = hinted >= 0 && this.#isBackend(image, first + hinted, words, address, port);
    for (let slot = 0; slot < count; slot++) {
      const record = first + slotPlace(image, slots, poolWord, slot) * this.#backendWords;
      if (isHintRight ? record === first + hinted : this.#isBackend(image, record, words, address, port)) {
        return record;
      }
    }
    // Two places may have one address and port, and only the other one be named.
    return isHintRight ? this.#findBackend(image, pool, 0, words, address, port) : 0;
  }

  #isBackend(image: Uint32Array, record: number, words: Uint32Array, address: number, port: number): boolean {
    return image[record + this.#backendPort] === port && this.#isAddress(image, record, words, address);
  }

  #isAddress(image: Uint32Array, record: number, words: Uint32Array, address: number): boolean {
    for (let word = 0; word < this.#layout.addressWords; word++) {
      if (image[record + word] !== words[address + word]) return false;
    }
    return true;
  }

  #ofServicePort(frontend: number, field: number): number {
    if (frontend === 0) return 0;
    const { image } = this.#table;
    const record = image[lineOffset(frontend) + LINE_SERVICE_PORT] as number;
    return record === 0 ? 0 : (image[record + field] as number);
  }
}
