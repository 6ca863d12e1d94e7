/** What all drivers do for who keeps a node's rules: the agent, `shunt apply`, tests. */
import type { Ruleset, RulesetChange } from '@shunt/compiler';

/** One thing that the kernel holds otherwise than it should. */
export interface Difference {
  /** The service port's key (`servicePortKey`); `null`: it belongs to no one service port. */
  readonly servicePort: string | null;
  /** `missing` from the kernel, `unexpected` in it, or `changed`. */
  readonly kind: 'missing' | 'unexpected' | 'changed';
  /** What it is, in the tool's words: an element of a map, a rule of a chain. */
  readonly what: string;
}

/** What a load would do. */
export interface LoadPlan {
  /** What the kernel holds otherwise than it should. */
  readonly differences: readonly Difference[];
  /** What would be written to mend that, one text for each run of the tool; empty if nothing differs. */
  readonly texts: readonly string[];
}

/** What one transaction, or one per family, did. */
export interface DriverReport {
  /** Lines of the text that the kernel took. */
  readonly statements: number;
  /** Milliseconds from the call until the kernel had all of it. */
  readonly duration: number;
  /** The whole of the rules was written, not a difference. */
  readonly full: boolean;
}

/**
 * Puts rulesets into the kernel. Calls must not overlap. A call that fails leaves the rules that were in force,
 * throws a `DriverError`, and the next call starts from what the kernel holds then. A ruleset that the target cannot
 * say is an `UnsupportedFeatureError` of the compiler, before anything is written. A `verify`, `repair` or `isInPlace`
 * that throws a `ReadBackError` has changed nothing: the next `apply` goes on as if it had not been called.
 */
export interface RuleDriver {
  readonly target: 'nftables' | 'iptables';
  /**
   * Brings the kernel to a ruleset, whatever it holds: nothing, rules of an earlier process, or damaged ones.
   * What is right already stays as it is, and keeps its ids. Where that cannot be read, all is replaced.
   */
  load(ruleset: Ruleset): Promise<DriverReport>;
  /**
   * Brings the kernel from the ruleset of the last successful call to the next one, at the cost of the change.
   * @param change - all that differs from the last ruleset that was applied
   */
  apply(ruleset: Ruleset, change: RulesetChange): Promise<DriverReport>;
  /** Reads the kernel's rules back and compares; empty when all is as it should be. */
  verify(): Promise<readonly Difference[]>;
  /** Verifies, and writes what differs; the differences that were found. */
  repair(): Promise<readonly Difference[]>;
  /**
   * Whether what leads packets to the rules is there: `false` once somebody has flushed or deleted them, or if nothing
   * was loaded. A few milliseconds, however many rules there are; that all of them are right, only `verify` knows.
   */
  isInPlace?(): Promise<boolean>;
  /** Removes everything of this driver's from the kernel, whoever loaded it, and nothing else. */
  remove(): Promise<void>;
}

/** A tool or the kernel refused. The rules that were in force before still are. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  constructor(
    message: string,
    /** The statement that was refused, where the tool said which. */
    readonly statement: string | null = null,
    /** The service port's key (`servicePortKey`) that the statement was written for. */
    readonly servicePort: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The kernel's rules could not be read. Whoever only wanted to compare them knows no more than before, and nothing
 * is worse than before: what a driver knows of the kernel still holds.
 */
export class ReadBackError extends DriverError {}
