import {
  type CompileInput,
  Compiler,
  diffRulesets,
  printDiff,
  type RulesetChange,
  type RulesetUpdate,
  resolve,
  Tracer,
  udpEndpointsChanged,
} from '@shunt/compiler';
import {
  address,
  type ChangeEvent,
  ClusterState,
  formatDiagnostic,
  type Mode,
  type Packet,
} from '@shunt/model';
import { AffinityCheck } from './affinity-check.js';
import { caseNodeView, caseProxyConfig } from './case-input.js';
import { CASE_TARGETS, type CaseResult, type CaseTarget } from './case-result.js';
import { type Compiled, checkFacts, familyOfCase } from './check-facts.js';
import { checkFlows } from './check-flows.js';
import { differenceFrom } from './expectations.js';
import type { CaseFacts, CasePacket, CaseStep, PacketFlowCase } from './packet-flow-case.js';
import { BUILT_IN_RULES, type RulesFactory, type RulesUnderTest } from './rules-under-test.js';

export interface RunCaseOptions {
  /** Built-in targets by name, others by what makes their rules. Default: all built-in ones. */
  readonly targets?: readonly (CaseTarget | RulesFactory)[];
  /** Default: both. Modes that the case is not about are left out. */
  readonly modes?: readonly Mode[];
}

const MODES: readonly Mode[] = ['iptables', 'nftables'];

/** The modes that a case is about. */
export function modesOf(flowCase: PacketFlowCase): readonly Mode[] {
  return MODES.filter((mode) => flowCase.modes === undefined || flowCase.modes.includes(mode));
}

/**
 * Runs a case: every packet in every mode on every target, every fact and flow in every mode, and
 * after each step whether the rules are those of a compile from nothing. Each check is one result; no
 * result at all means that the case says nothing about the modes asked for.
 */
export function runCase(flowCase: PacketFlowCase, options: RunCaseOptions = {}): CaseResult[] {
  const { targets = CASE_TARGETS, modes = MODES } = options;
  const factories = targets.map((target) => (typeof target === 'string' ? BUILT_IN_RULES[target] : target));
  return modesOf(flowCase)
    .filter((mode) => modes.includes(mode))
    .flatMap((mode) => {
      const rules = factories.map((make) => make(mode));
      return new CaseRun(flowCase, mode, rules).run();
    });
}

/** One run of one case in one mode. The state is one and the same through all steps, and so are the rules. */
class CaseRun {
  readonly #case: PacketFlowCase;
  readonly #mode: Mode;
  readonly #targets: readonly { readonly rules: RulesUnderTest; readonly affinity: AffinityCheck }[];
  readonly #state = new ClusterState();
  readonly #events: ChangeEvent[] = [];
  readonly #compiler: Compiler;
  readonly #results: CaseResult[] = [];
  #step = 0;

  constructor(flowCase: PacketFlowCase, mode: Mode, rules: readonly RulesUnderTest[]) {
    this.#case = flowCase;
    this.#mode = mode;
    this.#targets = rules.map((each) => ({ rules: each, affinity: new AffinityCheck() }));
    this.#state.subscribe((event) => void this.#events.push(event));
    this.#compiler = new Compiler({
      state: this.#state,
      node: (state) => caseNodeView(flowCase, state),
      config: caseProxyConfig(flowCase, mode),
    });
  }

  run(): CaseResult[] {
    const { steps = [], objects, packets, facts } = this.#case;
    const nothing = this.#compileFromNothing();
    for (const object of objects) this.#state.upsert(object);
    let now = this.#check(nothing, packets, facts, steps.length === 0);
    steps.forEach((step, index) => {
      this.#step = index + 1;
      this.#apply(step);
      now = this.#check(now, step.packets, step.facts, index + 1 === steps.length);
    });
    return this.#results;
  }

  #apply({ delete: gone = [], change = [] }: CaseStep): void {
    for (const reference of gone) this.#state.delete(reference);
    for (const object of change) this.#state.upsert(object);
  }

  #check(
    before: Compiled,
    packets: readonly CasePacket[] | undefined,
    facts: CaseFacts | undefined,
    isLast: boolean,
  ): Compiled {
    const update = this.#compiler.update(this.#events.splice(0));
    const now = this.#compiled();
    const fromNothing = this.#compileFromNothing();
    if (this.#step > 0) this.#compareWithRebuilt(before, now, update, fromNothing);
    this.#checkPackets(now, this.#step === 0 ? null : update, packets ?? []);
    const family = familyOfCase(this.#packetAddresses(), this.#case.node.ips);
    for (const { fact, difference } of checkFacts(facts ?? {}, before, now, family)) {
      this.#report('rules', `fact ${fact}`, difference);
    }
    if (isLast) {
      for (const { flow, difference } of checkFlows(this.#case.conntrackFlows ?? [], before, now)) {
        this.#report('rules', `tracked flow ${flow}`, difference);
      }
    }
    // The state goes on changing; what comes after is compared with a copy of what is here now.
    return fromNothing;
  }

  /** What the compiler has made of all that happened. */
  #compiled(): Compiled {
    const { ruleset, node } = this.#compiler;
    return { input: { state: this.#state, node, config: caseProxyConfig(this.#case, this.#mode) }, ruleset };
  }

  // In the opposite order too, since the order of objects must not matter.
  #compileFromNothing(): Compiled {
    const state = new ClusterState([...this.#state].reverse());
    const node = caseNodeView(this.#case, state);
    const input: CompileInput = { state, node, config: caseProxyConfig(this.#case, this.#mode) };
    return { input, ruleset: resolve(input).ruleset };
  }

  #compareWithRebuilt(before: Compiled, now: Compiled, update: RulesetUpdate, fromNothing: Compiled): void {
    const warnings = this.#compiler.diagnostics.map(formatDiagnostic).join('\n');
    const warningsFromNothing = resolve(fromNothing.input).diagnostics.map(formatDiagnostic).join('\n');
    const cleans = udpEndpointsChanged(before.input, fromNothing.input);
    const differences = [
      printDiff(diffRulesets(fromNothing.ruleset, now.ruleset)),
      warnings === warningsFromNothing ? '' : `- ${warningsFromNothing}\n+ ${warnings}\n`,
      cleans === update.udpEndpointsChanged ? '' : `- UDP endpoints changed: ${cleans}\n`,
    ].join('');
    const difference =
      differences === '' ? null : `compiled from nothing (-), step by step (+)\n${differences}`;
    this.#report('rules', 'the same rules as from nothing', difference);
  }

  #checkPackets(
    { input, ruleset }: Compiled,
    change: RulesetChange | null,
    packets: readonly CasePacket[],
  ): void {
    for (const { rules } of this.#targets) rules.load(ruleset, change);
    // All packets take part, those of which no affinity is said as well: they are remembered, too.
    for (const casePacket of packets) {
      if (casePacket.modes !== undefined && !casePacket.modes.includes(this.#mode)) continue;
      const packet = packetOf(casePacket);
      const { expect, name } = casePacket;
      for (const { rules, affinity } of this.#targets) {
        const answer = rules.answer(packet, expect.to?.length ?? 1);
        const bound = affinity.check(packet, rules.reach(packet), casePacket.affinity);
        const differences = [differenceFrom(expect, answer), bound];
        const difference = differences.filter((text) => text !== null).join('\n');
        this.#report(
          rules.target,
          name,
          difference === '' ? null : `${difference}\n${explain(input, packet)}`,
        );
      }
    }
  }

  #packetAddresses(): string[] {
    const { packets = [], steps = [] } = this.#case;
    const all = [...packets, ...steps.flatMap((step) => step.packets ?? [])];
    return all.map((packet) => packet.to);
  }

  #report(target: CaseResult['target'], what: string, difference: string | null): void {
    this.#results.push({
      case: this.#case.name,
      mode: this.#mode,
      target,
      step: this.#step,
      what,
      passed: difference === null,
      message: difference ?? '',
    });
  }
}

function packetOf({ protocol, from, to, port }: CasePacket): Packet {
  return { protocol, source: address(from), destination: address(to), destinationPort: port };
}

function explain(input: CompileInput, packet: Packet): string {
  const { reasons } = new Tracer(input).trace(packet);
  return reasons.map(({ step, text }) => `${step}: ${text}`).join('\n');
}
