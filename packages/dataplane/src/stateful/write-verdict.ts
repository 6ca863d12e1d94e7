import { OUTCOME_DESTINATION, OUTCOME_SOURCE, VERDICT_FRONTEND, VERDICT_OUTCOME } from '@shunt/model';
import type { FlowLayout } from '../conntrack/flow-layout.js';

/**
 * Writes the flow verdict of a packet that a rewrite translates.
 * @param rewrite - its word offset in `words`
 * @param packet, verdict - word offsets of the records
 */
export function writeRewritten(
  layout: FlowLayout,
  words: Uint32Array,
  rewrite: number,
  packets: Uint32Array,
  packet: number,
  verdicts: Uint32Array,
  verdict: number,
): void {
  const { addressWords, rewriteSource, rewriteDestination, rewritePorts, rewriteKept } = layout;
  const outcome = words[rewrite] as number;
  // A rewrite begins like a flow verdict; what it keeps of the packet is put right below.
  copyWords(words, rewrite, verdicts, verdict, rewritePorts);
  if ((outcome & OUTCOME_SOURCE) === 0) {
    copyWords(packets, packet, verdicts, verdict + rewriteSource, addressWords);
  }
  if ((outcome & OUTCOME_DESTINATION) === 0) {
    copyWords(packets, packet + addressWords, verdicts, verdict + rewriteDestination, addressWords);
  }
  const ports = packets[packet + 2 * addressWords] as number;
  verdicts[verdict + rewritePorts] =
    (ports & (words[rewrite + rewriteKept] as number)) | (words[rewrite + rewritePorts] as number);
}

/** Writes the flow verdict of a packet that is not translated. */
export function writeUntranslated(
  layout: FlowLayout,
  outcome: number,
  frontend: number,
  verdicts: Uint32Array,
  verdict: number,
): void {
  for (let word = 0; word <= layout.rewritePorts; word++) verdicts[verdict + word] = 0;
  verdicts[verdict + VERDICT_OUTCOME] = outcome;
  verdicts[verdict + VERDICT_FRONTEND] = frontend;
}

/** Copies a few words; for so few, a loop is faster than `set` on a part of an array, which allocates. */
export function copyWords(
  from: Uint32Array,
  fromAt: number,
  to: Uint32Array,
  toAt: number,
  count: number,
): void {
  for (let word = 0; word < count; word++) to[toAt + word] = from[fromAt + word] as number;
}
