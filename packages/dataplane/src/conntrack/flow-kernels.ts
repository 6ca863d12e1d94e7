/** The WebAssembly functions for flows that are there. Addresses are byte offsets in the memory. */
export interface FlowKernels {
  readonly processFlows4: ProcessFlows;
  readonly processFlows6: ProcessFlows;
  readonly answerFlows4: AnswerFlows;
  readonly answerFlows6: AnswerFlows;
}

/**
 * Answers packets from the first on, up to the first that is no more than the next one of a flow in force.
 * @param region - of the table of flows
 * @param now - seconds
 * @param scratch - FLOW_SCRATCH_WORDS words; they then have what was found for the block of the packet that
 *   it has stopped at
 * @returns how many packets are answered
 */
export type ProcessFlows = (
  region: number,
  packets: number,
  verdicts: number,
  count: number,
  now: number,
  scratch: number,
) => number;

/**
 * Goes on in a block whose flows are found.
 * @param packets, verdicts - where the block's begin
 * @param from, count - counted from there
 * @returns where it has stopped; `count` if all are answered
 */
export type AnswerFlows = (
  region: number,
  packets: number,
  verdicts: number,
  from: number,
  count: number,
  now: number,
  scratch: number,
) => number;
