import { Evaluator, type Ruleset, type RulesetChange } from '@shunt/compiler';
import { invariant, type Mode, type Packet } from '@shunt/model';
import { EvaluatedAffinity, type ReachedBackend } from './affinity-check.js';
import { type Answer, type Answerer, evaluateTarget } from './answer.js';
import type { CaseTarget } from './case-result.js';
import { TableAffinity } from './table-affinity.js';
import { tableTarget } from './table-target.js';

/** Rules in the form of one target, from the first state of a case to its last. */
export interface RulesUnderTest extends Answerer {
  /** As results name it. */
  readonly target: string;
  /**
   * Takes the rules of a state into use.
   * @param change - what differs from the rules before; `null`: there were none
   */
  load(ruleset: Ruleset, change: RulesetChange | null): void;
  /**
   * Sends a packet of a flow of its own on its way, after those before it, as ClientIP affinity remembers them.
   * @returns `null` if it reaches no backend
   */
  reach(packet: Packet): ReachedBackend | null;
}

/** Makes rules for one run of a case in a mode. */
export type RulesFactory = (mode: Mode) => RulesUnderTest;

export const BUILT_IN_RULES: Readonly<Record<CaseTarget, RulesFactory>> = {
  evaluate: () => new EvaluatedRules(),
  table: () => new TableRules(),
};

class EvaluatedRules implements RulesUnderTest {
  readonly target = 'evaluate';
  readonly #affinity = new EvaluatedAffinity();
  #loaded: { readonly evaluator: Evaluator; readonly answerer: Answerer } | null = null;

  load(ruleset: Ruleset): void {
    this.#loaded = { evaluator: new Evaluator(ruleset), answerer: evaluateTarget(ruleset) };
  }

  answer(packet: Packet, expectedBackends: number): Answer {
    return inUse(this.#loaded).answerer.answer(packet, expectedBackends);
  }

  reach(packet: Packet): ReachedBackend | null {
    return this.#affinity.reach(packet, inUse(this.#loaded).evaluator.evaluate(packet));
  }
}

class TableRules implements RulesUnderTest {
  readonly target = 'table';
  readonly #affinity = new TableAffinity();
  #answerer: Answerer | null = null;

  load(ruleset: Ruleset): void {
    this.#answerer = tableTarget(ruleset);
    this.#affinity.load(ruleset);
  }

  answer(packet: Packet, expectedBackends: number): Answer {
    return inUse(this.#answerer).answer(packet, expectedBackends);
  }

  reach(packet: Packet): ReachedBackend | null {
    return this.#affinity.reach(packet);
  }
}

function inUse<Part>(part: Part | null): Part {
  invariant(part !== null, 'rules are loaded before they are asked');
  return part;
}
