import type { Ruleset } from '@shunt/compiler';
import type { Verdict } from '@shunt/model';
import type { Packets } from '../workload/packets.js';

/** What implementations are held to, for one packet: all that the packet's sender could notice. */
export interface Answer {
  readonly verdict: Verdict;
  /** Of the backend, as u32; 0 unless the verdict is `dnat`. */
  readonly address: number;
  /** Of the backend; 0 unless the verdict is `dnat`. */
  readonly port: number;
  readonly masquerade: boolean;
}

/** One way to answer packets. A new one is a file beside this one and a line in implementations.ts. */
export interface Implementation {
  readonly name: string;
  /** Builds what it looks packets up in, from a ruleset. Not timed. */
  prepare(ruleset: Ruleset, packets: Packets, seed: number): PreparedLookup;
}

export interface PreparedLookup {
  /** Answers `count` packets from number `first` on. This is what is timed. */
  run(first: number, count: number): void;
  /** The answer to one packet, once `run` has had all packets. Not timed. */
  answer(index: number): Answer;
}
