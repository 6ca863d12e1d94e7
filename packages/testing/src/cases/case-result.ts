import type { Mode } from '@shunt/model';

/** The forms of the rules that a case can be run on without a kernel. */
export type CaseTarget = 'evaluate' | 'table';

export const CASE_TARGETS: readonly CaseTarget[] = ['evaluate', 'table'];

/** One check of a case. */
export interface CaseResult {
  /** The case's name. */
  readonly case: string;
  readonly mode: Mode;
  /** A target's name, or `rules`: a check of the rules themselves, whatever target they go to. */
  readonly target: string;
  /** 0 for the case's own objects, then the number of the step. */
  readonly step: number;
  /** The name of the packet, fact or flow. */
  readonly what: string;
  readonly passed: boolean;
  /** What was expected and what came instead, and why; empty if passed. */
  readonly message: string;
}

/** One result in a line, with the message below it if it failed. */
export function formatResult(result: CaseResult): string {
  const step = result.step === 0 ? '' : `, step ${result.step}`;
  const place = `${result.case} (${result.mode}, ${result.target}${step})`;
  const message = result.message.split('\n').filter((line) => line !== '');
  const head = `${result.passed ? 'ok' : 'FAILED'} ${place}: ${result.what}`;
  return [head, ...message.map((line) => `    ${line}`)].join('\n');
}
