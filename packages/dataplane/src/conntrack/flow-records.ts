/** Flows and translations as objects, for people and for plans. */
import {
  type Address,
  ipv6FromWords,
  OUTCOME_DESTINATION,
  OUTCOME_PORT_SHIFT,
  OUTCOME_SOURCE,
  type Protocol,
  protocolFromNumber,
  type RewrittenPacket,
} from '@shunt/model';
import { type FlowLayout, REWRITE_BACKEND, REWRITE_FRONTEND, REWRITE_OUTCOME } from './flow-layout.js';
import type { FlowState } from './flow-state.js';

/** One flow. */
export interface FlowRecord {
  readonly protocol: Protocol;
  readonly state: FlowState;
  /** The client's packets as they come. */
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
  /** The same as they go to the backend. */
  readonly rewritten: RewrittenPacket;
  readonly servicePort: number;
  /** As in the verdict that the flow began with. */
  readonly frontendIndex: number;
  readonly backendIndex: number;
  /** Since the last packet of either direction. */
  readonly idleSeconds: number;
  /** Its backend gets no new flows; a plan has said so. */
  readonly draining: boolean;
}

/** What flows from one frontend to one backend have in common. */
export interface TranslationRecord {
  readonly protocol: Protocol;
  readonly servicePort: number;
  /** As in the verdict that its first flow began with. */
  readonly frontendIndex: number;
  readonly backendIndex: number;
  /** Where the clients' packets go. */
  readonly vip: Address;
  readonly port: number;
  readonly backendAddress: Address;
  readonly backendPort: number;
  /** Flows that are rewritten so. */
  readonly flows: number;
  readonly draining: boolean;
}

type FlowFacts = 'state' | 'servicePort' | 'idleSeconds' | 'draining';

/**
 * Reads a flow.
 * @param key - of the entry of the client's packets
 * @param rewrite - word offset of its rewrite in `words`
 */
export function flowRecord(
  layout: FlowLayout,
  key: Uint32Array,
  words: Uint32Array,
  rewrite: number,
): Omit<FlowRecord, FlowFacts> {
  const { addressWords, rewriteDestination, rewriteSource, rewritePorts, rewriteKept } = layout;
  const outcome = words[rewrite + REWRITE_OUTCOME] as number;
  const ports = key[2 * addressWords] as number;
  const kept = ports & (words[rewrite + rewriteKept] as number);
  const newPorts = kept | (words[rewrite + rewritePorts] as number);
  const source = readAddress(layout, key, 0);
  const destination = readAddress(layout, key, addressWords);
  const isSourceNew = (outcome & OUTCOME_SOURCE) !== 0;
  const isDestinationNew = (outcome & OUTCOME_DESTINATION) !== 0;
  return {
    protocol: protocolOf(key[2 * addressWords + 1] as number),
    source,
    sourcePort: ports >>> 16,
    destination,
    destinationPort: ports & 0xffff,
    rewritten: {
      source: isSourceNew ? readAddress(layout, words, rewrite + rewriteSource) : source,
      sourcePort: newPorts >>> 16,
      destination: isDestinationNew ? readAddress(layout, words, rewrite + rewriteDestination) : destination,
      destinationPort: newPorts & 0xffff,
    },
    frontendIndex: words[rewrite + REWRITE_FRONTEND] as number,
    backendIndex: words[rewrite + REWRITE_BACKEND] as number,
  };
}

/**
 * Reads a translation.
 * @param forward, back - word offsets of the rewrite to the backend, and of the one of replies
 */
export function translationRecord(
  layout: FlowLayout,
  words: Uint32Array,
  forward: number,
  back: number,
  protocol: number,
): Omit<TranslationRecord, 'servicePort' | 'flows' | 'draining'> {
  return {
    protocol: protocolOf(protocol),
    frontendIndex: words[forward + REWRITE_FRONTEND] as number,
    backendIndex: words[forward + REWRITE_BACKEND] as number,
    vip: readAddress(layout, words, back + layout.rewriteSource),
    port: (words[back + layout.rewritePorts] as number) >>> 16,
    backendAddress: readAddress(layout, words, forward + layout.rewriteDestination),
    backendPort: (words[forward + REWRITE_OUTCOME] as number) >>> OUTCOME_PORT_SHIFT,
  };
}

function protocolOf(number: number): Protocol {
  const protocol = protocolFromNumber(number);
  if (protocol === null) throw new RangeError(`"protocol" expected one that has flows, got ${number}`);
  return protocol;
}

/** The address at a word offset. */
export function readAddress(layout: FlowLayout, words: Uint32Array, at: number): Address {
  const word = (index: number): number => words[at + index] as number;
  return layout.addressWords === 1 ? word(0) : ipv6FromWords(word(0), word(1), word(2), word(3));
}
