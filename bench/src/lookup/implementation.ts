import type { Ruleset } from '@shunt/compiler';
import type { Address, Family, Verdict } from '@shunt/model';
import type { Packets } from '../workload/packets.js';

/** What implementations are held to, for one packet: all that the packet's sender could notice. */
export interface Answer {
  readonly verdict: Verdict;
  /** Of the backend; 0 unless the verdict is `dnat`. */
  readonly address: Address;
  /** Of the backend; 0 unless the verdict is `dnat`. */
  readonly port: number;
  readonly masquerade: boolean;
}

/** Answers by the packet's number. */
export type Answers = (index: number) => Answer;

/** One way to answer packets. A new one is a file beside this one and a line in implementations.ts. */
export interface Implementation {
  readonly name: string;
  readonly families: readonly Family[];
  /** Builds what it looks packets up in, from a ruleset. Not timed. */
  prepare(ruleset: Ruleset, packets: Packets, seed: number): PreparedLookup;
}

export interface PreparedLookup {
  /** Answers `count` packets from number `first` on, into room of its own. This is what is timed. */
  run(first: number, count: number): void;
  /** Answers all packets by the same way, and keeps the answers. Not timed. */
  answers(): Answers;
  /** What it looks packets up in takes; `null` where JavaScript does not tell. */
  readonly bytes: number | null;
}

export const BOTH_FAMILIES: readonly Family[] = ['IPv4', 'IPv6'];
