import { type Backend, Evaluator, masquerades, type Ruleset } from '@shunt/compiler';
import { formatEndpoint, type Packet, type Verdict } from '@shunt/model';

/** What a target does with a packet, in the terms of a case. */
export interface Answer {
  readonly verdict: Verdict;
  /** `ip:port` of the backends that the flow may reach, sorted. */
  readonly to: readonly string[];
  /** Those of `to` for which the flow is masqueraded. */
  readonly masqueradedTo: readonly string[];
}

/** Rules in the form of one target, ready to be asked. */
export interface Answerer {
  /** @param expectedBackends - how many backends to look for, where they have to be found one by one */
  answer(packet: Packet, expectedBackends: number): Answer;
}

/** The executable specification: it names all candidates at once. */
export function evaluateTarget(ruleset: Ruleset): Answerer {
  const evaluator = new Evaluator(ruleset);
  return {
    answer(packet) {
      const evaluation = evaluator.evaluate(packet);
      const { candidates, verdict } = evaluation;
      const masqueraded = candidates.filter((backend) => masquerades(evaluation, packet, backend));
      return { verdict, to: candidates.map(label).sort(), masqueradedTo: masqueraded.map(label).sort() };
    },
  };
}

function label({ address, port }: Backend): string {
  return formatEndpoint(address, port);
}
