/** A kernel that is a variable, and a driver for it with everything that can go wrong. */
import {
  applyRulesetChange,
  changeBetween,
  isEmptyChange,
  type Ruleset,
  type RulesetChange,
  servicePortKey,
} from '@shunt/compiler';
import type { Difference, DriverReport, ReadBackError, RuleDriver } from '@shunt/kernel';

/** What stays when a driver, and its agent, is gone. */
export class FakeKernel {
  rules: Ruleset | null = null;
}

export class FakeDriver implements RuleDriver {
  readonly target = 'nftables';
  readonly kernel: FakeKernel;
  /** What was called, and with how many service ports changed. */
  readonly calls: string[] = [];
  /** Thrown by every call while it is set; nothing is changed then. */
  failure: Error | null = null;
  /** Waited for in every call. */
  pace: () => Promise<void> = async () => {};
  /** Thrown by what only reads, besides. */
  unreadable: ReadBackError | null = null;
  /** The cheap look, for drivers that have one. */
  isInPlace?: () => Promise<boolean>;
  #expected: Ruleset | null = null;
  #isBusy = false;

  constructor(kernel = new FakeKernel()) {
    this.kernel = kernel;
  }

  load(ruleset: Ruleset): Promise<DriverReport> {
    return this.#call('load', () => {
      this.#expected = this.kernel.rules = ruleset;
      return report(ruleset.servicePorts.length, true);
    });
  }

  apply(ruleset: Ruleset, change: RulesetChange): Promise<DriverReport> {
    const size = change.added.length + change.removed.length + change.replaced.length;
    return this.#call(`apply ${size}`, () => {
      if (this.#expected === null || this.kernel.rules === null) throw new Error('nothing is loaded');
      const next = applyRulesetChange(this.#expected, change);
      if (!isEmptyChange(changeBetween(next, ruleset))) throw new Error('the change does not lead there');
      this.kernel.rules = applyRulesetChange(this.kernel.rules, change);
      this.#expected = ruleset;
      return report(size, false);
    });
  }

  verify(): Promise<readonly Difference[]> {
    return this.#call('verify', () => this.#differences());
  }

  repair(): Promise<readonly Difference[]> {
    return this.#call('repair', () => {
      if (this.unreadable !== null) throw this.unreadable;
      const differences = this.#differences();
      this.kernel.rules = this.#expected;
      return differences;
    });
  }

  remove(): Promise<void> {
    return this.#call('remove', () => {
      this.kernel.rules = null;
    });
  }

  async #call<Result>(name: string, act: () => Result): Promise<Result> {
    if (this.#isBusy) throw new Error('calls overlap');
    this.#isBusy = true;
    this.calls.push(name);
    try {
      await this.pace();
      if (this.failure !== null) throw this.failure;
      return act();
    } finally {
      this.#isBusy = false;
    }
  }

  #differences(): Difference[] {
    const held = new Set((this.kernel.rules?.servicePorts ?? []).map(servicePortKey));
    const missing = (this.#expected?.servicePorts ?? []).filter((port) => !held.has(servicePortKey(port)));
    return missing.map((port) => ({ servicePort: servicePortKey(port), kind: 'missing', what: 'all rules' }));
  }
}

function report(statements: number, full: boolean): DriverReport {
  return { statements, duration: 1, full };
}
