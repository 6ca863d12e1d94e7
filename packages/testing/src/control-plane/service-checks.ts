import type { FieldError, ServicePools } from '@shunt/cluster';
import type { Service } from '@shunt/model';
import type { AllocationStep, ExpectedError, ServiceExpectation } from './allocation-case.js';
import type { Check } from './case-kind.js';
import { canonicalText } from './compare.js';
import { PickedValues } from './picked-values.js';

/** What one step did. */
export interface StepOutcome {
  readonly name: string;
  readonly errors: readonly FieldError[];
  /** What is wrong with the step itself. */
  readonly problem: string | null;
  /** The Service that a create or update was answered with. */
  readonly answer: Service | null;
  readonly allocatedIPs: readonly string[];
  readonly releasedIPs: readonly string[];
  readonly allocatedPorts: readonly number[];
  readonly releasedPorts: readonly number[];
}

type Effects = Pick<StepOutcome, 'allocatedIPs' | 'releasedIPs' | 'allocatedPorts' | 'releasedPorts'>;

const NO_EFFECTS: Effects = { allocatedIPs: [], releasedIPs: [], allocatedPorts: [], releasedPorts: [] };

interface StepError extends FieldError {
  readonly step: number;
}

/** Fields of a Service by their name in a case; what is not there is null or an empty list. */
const FIELDS: Readonly<Record<string, (service: Service) => unknown>> = {
  type: ({ spec }) => spec.type ?? null,
  clusterIP: ({ spec }) => spec.clusterIP || null,
  clusterIPs: ({ spec }) => spec.clusterIPs ?? [],
  ipFamilies: ({ spec }) => spec.ipFamilies ?? [],
  ipFamilyPolicy: ({ spec }) => spec.ipFamilyPolicy ?? null,
  nodePorts: ({ spec }) => (spec.ports ?? []).map(({ nodePort }) => nodePort ?? 0),
  healthCheckNodePort: ({ spec }) => spec.healthCheckNodePort ?? 0,
  externalTrafficPolicy: ({ spec }) => spec.externalTrafficPolicy ?? null,
  internalTrafficPolicy: ({ spec }) => spec.internalTrafficPolicy ?? null,
  allocateLoadBalancerNodePorts: ({ spec }) => spec.allocateLoadBalancerNodePorts ?? null,
  loadBalancerClass: ({ spec }) => spec.loadBalancerClass ?? null,
  externalName: ({ spec }) => spec.externalName ?? null,
  loadBalancerStatus: ({ status }) => (status?.loadBalancer?.ingress?.length ? 'kept' : 'cleared'),
};

const REASONS: Readonly<Record<NonNullable<ExpectedError['why']>, RegExp>> = {
  allocated: /already allocated/,
  notInRange: /not in the valid range/,
  full: /is full/,
  notReady: /not ready|is ready/,
};

/** Compares what the steps of a case did with what it expects, step by step and at the end. */
export class ServiceChecks {
  readonly #pools: ServicePools;
  readonly #expect: ServiceExpectation;
  readonly #picked: PickedValues;
  readonly #checks: Check[] = [];
  readonly #errors: StepError[] = [];
  /** Errors that no step of its own expected. */
  readonly #unexpected: StepError[] = [];
  readonly #heldByOthers = { ips: new Set<string>(), ports: new Set<number>() };
  #effects: Effects = NO_EFFECTS;
  #services: ReadonlyMap<string, Service> = new Map();
  #last: Pick<StepOutcome, 'name' | 'answer'> = { name: '', answer: null };

  constructor(pools: ServicePools, expect: ServiceExpectation) {
    this.#pools = pools;
    this.#expect = expect;
    this.#picked = new PickedValues(pools);
  }

  /** @param services - those that there are now, by name */
  checkStep(
    index: number,
    step: AllocationStep,
    outcome: StepOutcome,
    services: ReadonlyMap<string, Service>,
  ): void {
    const what = `step ${index}`;
    this.#services = services;
    if (step.do === 'hold') {
      for (const ip of outcome.allocatedIPs) this.#heldByOthers.ips.add(ip);
      for (const port of outcome.allocatedPorts) this.#heldByOthers.ports.add(port);
    } else {
      this.#last = outcome;
      if (step.do !== 'stored') this.#effects = together(this.#effects, outcome);
    }
    if (outcome.problem !== null) this.#checks.push({ what, difference: outcome.problem });
    const errors = outcome.errors.map((error) => ({ ...error, step: index }));
    this.#errors.push(...errors);
    if (step.expect?.errors === undefined) this.#unexpected.push(...errors);
    else this.#checkErrors(what, step.expect.errors, errors);
    if (step.expect !== undefined) this.#checkState(what, step.expect, together(NO_EFFECTS, outcome));
  }

  finish(): readonly Check[] {
    const { errors = [] } = this.#expect;
    // At the end, a case may say all errors, or those that its steps have not said.
    const isAll = errorsDifference(errors, this.#errors) === null;
    this.#checkErrors('expect', errors, isAll ? this.#errors : this.#unexpected);
    this.#checkState('expect', this.#expect, this.#effects);
    return this.#checks;
  }

  #checkErrors(what: string, expected: readonly ExpectedError[], errors: readonly StepError[]): void {
    this.#checks.push({ what: `${what} errors`, difference: errorsDifference(expected, errors) });
  }

  #checkState(what: string, expect: ServiceExpectation, effects: Effects): void {
    for (const [name, expected] of Object.entries(expect)) {
      if (FIELDS[name] !== undefined) this.#checkField(what, name, expected);
    }
    const ipsHeld = this.#pools.clusterIPs.held().map(([address]) => address);
    const portsHeld = [...this.#pools.nodePorts.held()].map(([port]) => port);
    const sets: Readonly<Record<string, readonly unknown[]>> = {
      ...effects,
      ipsHeld,
      portsHeld,
      newIPsHeld: ipsHeld.filter((it) => !this.#heldByOthers.ips.has(it)),
      newPortsHeld: portsHeld.filter((it) => !this.#heldByOthers.ports.has(it)),
    };
    for (const [name, expected] of Object.entries(expect)) {
      const actual = sets[name];
      if (name === 'errors' || FIELDS[name] !== undefined) continue;
      if (actual === undefined || !Array.isArray(expected)) {
        this.#checks.push({ what: `${what} ${name}`, difference: 'expected nothing: only a range has it' });
        continue;
      }
      const difference = this.#picked.setDifference(expected, actual);
      this.#checks.push({ what: `${what} ${name}`, difference });
    }
  }

  #checkField(what: string, field: string, expected: unknown): void {
    const byName =
      typeof expected === 'object' && expected !== null && !Array.isArray(expected)
        ? Object.entries(expected)
        : [[this.#last.name, expected] as const];
    for (const [name, wanted] of byName) {
      const isLast = name === this.#last.name;
      const service = (isLast ? this.#last.answer : null) ?? this.#services.get(name);
      const actual = service === undefined ? undefined : FIELDS[field]?.(service);
      const difference =
        actual === undefined
          ? `expected ${canonicalText(wanted)}\ngot      no Service ${name}`
          : this.#picked.listDifference(listOf(wanted), listOf(actual));
      this.#checks.push({ what: `${what} ${field}${byName.length > 1 ? ` of ${name}` : ''}`, difference });
    }
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function together(a: Effects, b: Effects): Effects {
  return {
    allocatedIPs: [...a.allocatedIPs, ...b.allocatedIPs],
    releasedIPs: [...a.releasedIPs, ...b.releasedIPs],
    allocatedPorts: [...a.allocatedPorts, ...b.allocatedPorts],
    releasedPorts: [...a.releasedPorts, ...b.releasedPorts],
  };
}

function errorsDifference(expected: readonly ExpectedError[], errors: readonly StepError[]): string | null {
  const left = [...errors];
  const isEqual =
    expected.every((wanted) => {
      const at = left.findIndex((error) => isMeant(wanted, error));
      if (at >= 0) left.splice(at, 1);
      return at >= 0;
    }) && left.length === 0;
  if (isEqual) return null;
  const got = errors.map(({ step, type, field, detail }) => ({ step, type, field, detail }));
  return `expected ${canonicalText(expected)}\ngot      ${canonicalText(got)}`;
}

function isMeant({ type, field, step, why }: ExpectedError, error: StepError): boolean {
  return (
    type === error.type &&
    (field === undefined || field === error.field || type === 'InternalError') &&
    (step === undefined || step === error.step) &&
    (why === undefined || REASONS[why].test(error.detail))
  );
}
