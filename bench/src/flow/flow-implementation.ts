import type { FlowWorkload } from './flow-workload.js';

/** One way to remember flows. A new one is a file beside this one and a line in the suite. */
export interface FlowImplementation {
  readonly name: string;
  /**
   * Begins all flows, in the workload's order. Not timed.
   * @param answers - the flow verdict of each flow's next packet, for who only has to remember it
   */
  prepare(workload: FlowWorkload, answers: Uint32Array): PreparedFlows;
}

export interface PreparedFlows {
  /** Answers `count` packets from number `first` on, at a time in seconds. This is what is timed. */
  run(first: number, count: number, now: number): void;
  /** The flow verdicts of all packets, once `run` has had them. */
  readonly verdicts: Uint32Array;
  /** What a flow takes, where that is known. */
  readonly bytesPerFlow: number | null;
}
