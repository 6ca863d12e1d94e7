import {
  OUTCOME_DESTINATION,
  OUTCOME_ESTABLISHED,
  OUTCOME_MASQUERADE,
  OUTCOME_PORT_SHIFT,
  OUTCOME_REPLY,
  OUTCOME_SOURCE,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
} from '@shunt/model';
import { type FlowLayout, REWRITE_BACKEND, REWRITE_FRONTEND, REWRITE_OUTCOME } from './flow-layout.js';

/** A flow that is about to begin: what its replies will look like, and both of its rewrites. */
export class FlowDraft {
  /** Source, destination, ports and protocol of a reply as the backend sends it. */
  readonly replyKey: Uint32Array;
  /** To the backend, then back. */
  readonly rewrites: Uint32Array;
  readonly #layout: FlowLayout;
  #isMasqueraded = false;

  constructor(layout: FlowLayout) {
    this.#layout = layout;
    this.replyKey = new Uint32Array(layout.packetWords);
    this.rewrites = new Uint32Array(2 * layout.rewriteWords);
  }

  /** Whether replies come to an address of the node. */
  get isMasqueraded(): boolean {
    return this.#isMasqueraded;
  }

  /**
   * Writes the reply's key, to the packet's own source port.
   * @param verdict - word offset of the packet's verdict, a `dnat`
   * @param masquerade - where the address to masquerade with is, at the word `address`
   */
  writeReply(
    packets: Uint32Array,
    packet: number,
    verdicts: Uint32Array,
    verdict: number,
    masquerade: Uint32Array,
    address: number,
  ): void {
    const { addressWords, verdictAddress } = this.#layout;
    const outcome = verdicts[verdict + VERDICT_OUTCOME] as number;
    this.#isMasqueraded = (outcome & OUTCOME_MASQUERADE) !== 0;
    // Without masquerade the source address stays the client's, even where its port may not.
    const receivers = this.#isMasqueraded ? masquerade : packets;
    const receiver = this.#isMasqueraded ? address : packet;
    for (let word = 0; word < addressWords; word++) {
      this.replyKey[word] = verdicts[verdict + verdictAddress + word] as number;
      this.replyKey[addressWords + word] = receivers[receiver + word] as number;
    }
    const clientPort = (packets[packet + 2 * addressWords] as number) >>> 16;
    this.replyKey[2 * addressWords] = ((outcome >>> OUTCOME_PORT_SHIFT) << 16) | clientPort;
    this.replyKey[2 * addressWords + 1] = (packets[packet + 2 * addressWords + 1] as number) & 0xff;
  }

  /** Lets replies come to another port. */
  setReplyPort(port: number): void {
    const at = 2 * this.#layout.addressWords;
    this.replyKey[at] = ((this.replyKey[at] as number) & 0xffff0000) | port;
  }

  /** Whether a packet has the reply's key. */
  isReply(packets: Uint32Array, packet: number): boolean {
    const fields = 2 * this.#layout.addressWords + 1;
    for (let field = 0; field < fields; field++) {
      if (this.replyKey[field] !== packets[packet + field]) return false;
    }
    return true;
  }

  /** Writes both rewrites, when the reply's key is settled. */
  writeRewrites(packets: Uint32Array, packet: number, verdicts: Uint32Array, verdict: number): void {
    const { addressWords, rewriteWords, verdictAddress } = this.#layout;
    const ports = packets[packet + 2 * addressWords] as number;
    const replyPorts = this.replyKey[2 * addressWords] as number;
    const hasNewPort = (replyPorts & 0xffff) !== ports >>> 16;
    const isSourceNew = this.#isMasqueraded || hasNewPort;
    const backendPort = replyPorts >>> 16;
    const outcome = (verdicts[verdict + VERDICT_OUTCOME] as number) | OUTCOME_ESTABLISHED;
    this.rewrites.fill(0);
    this.#writeRewrite(
      0,
      outcome | OUTCOME_DESTINATION | (isSourceNew ? OUTCOME_SOURCE : 0),
      backendPort | (hasNewPort ? replyPorts << 16 : 0),
      hasNewPort ? 0 : 0xffff0000,
    );
    this.#writeRewrite(
      rewriteWords,
      outcome | OUTCOME_REPLY | OUTCOME_SOURCE | (isSourceNew ? OUTCOME_DESTINATION : 0),
      (ports << 16) | (hasNewPort ? ports >>> 16 : 0),
      hasNewPort ? 0 : 0x0000ffff,
    );
    this.#copyIndexes(verdicts, verdict);
    const { rewriteDestination, rewriteSource } = this.#layout;
    this.#copyAddress(rewriteDestination, verdicts, verdict + verdictAddress);
    this.#copyAddress(rewriteWords + rewriteSource, packets, packet + addressWords);
    if (!isSourceNew) return;
    this.#copyAddress(rewriteSource, this.replyKey, addressWords);
    this.#copyAddress(rewriteWords + rewriteDestination, packets, packet);
  }

  #writeRewrite(at: number, outcome: number, ports: number, kept: number): void {
    this.rewrites[at + REWRITE_OUTCOME] = outcome;
    this.rewrites[at + this.#layout.rewritePorts] = ports;
    this.rewrites[at + this.#layout.rewriteKept] = kept;
  }

  #copyIndexes(verdicts: Uint32Array, verdict: number): void {
    const backend = verdicts[verdict + VERDICT_BACKEND] as number;
    const frontend = verdicts[verdict + VERDICT_FRONTEND] as number;
    for (let at = 0; at < this.rewrites.length; at += this.#layout.rewriteWords) {
      this.rewrites[at + REWRITE_BACKEND] = backend;
      this.rewrites[at + REWRITE_FRONTEND] = frontend;
    }
  }

  #copyAddress(at: number, words: Uint32Array, address: number): void {
    for (let word = 0; word < this.#layout.addressWords; word++) {
      this.rewrites[at + word] = words[address + word] as number;
    }
  }
}
