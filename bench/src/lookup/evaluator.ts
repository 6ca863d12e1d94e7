import { Evaluator, masquerades, pick } from '@shunt/compiler';
import type { Packet } from '@shunt/model';
import { type Answer, BOTH_FAMILIES, type Implementation } from './implementation.js';

/** The executable specification, which is made to be plain and not to be fast. */
export const evaluator: Implementation = {
  name: 'Evaluator (specification)',
  families: BOTH_FAMILIES,
  prepare(ruleset, packets, seed) {
    const specification = new Evaluator(ruleset);
    let last: Answer | null = null;
    const run = (first: number, count: number): void => {
      for (let index = first; index < first + count; index++) {
        last = answerOf(specification, packets.objects[index] as Packet, seed);
      }
    };
    return {
      bytes: null,
      run,
      answers: () => (index) => {
        run(index, 1);
        return last as Answer;
      },
    };
  },
};

function answerOf(specification: Evaluator, packet: Packet, seed: number): Answer {
  const evaluation = specification.evaluate(packet);
  const backend = pick(evaluation, packet, seed);
  return {
    verdict: evaluation.verdict,
    address: backend?.address ?? 0,
    port: backend?.port ?? 0,
    masquerade: backend !== null && masquerades(evaluation, packet, backend),
  };
}
