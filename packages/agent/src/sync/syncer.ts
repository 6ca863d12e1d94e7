/** One step of the sync loop: from what happened in the cluster to what the kernel does. */
import {
  Compiler,
  type CompilerInput,
  isEmptyChange,
  type Ruleset,
  type RulesetUpdate,
} from '@shunt/compiler';
import type { Difference, DriverReport, RuleDriver } from '@shunt/kernel';
import type { ChangeEvent } from '@shunt/model';
import type { Clock } from '../clock/clock.js';
import type { RunReason } from './bounded-runner.js';
import type { FlowCleaner } from './flow-cleaner.js';
import { FlowSweeps } from './flow-sweeps.js';
import { type PendingChanges, PendingChangesList } from './pending-changes.js';

export interface SyncerOptions extends CompilerInput {
  readonly driver: RuleDriver;
  /** `null`: flows are nobody's business here. */
  readonly flows: FlowCleaner | null;
  readonly clock: Clock;
  /** Told of each step between two rulesets, whether the kernel takes it or not. */
  readonly compiled: (update: RulesetUpdate) => void;
}

/** What one successful sync did. */
export interface SyncReport {
  /** What happened since the sync that succeeded before. */
  readonly changes: readonly PendingChanges[];
  /** `null`: the rules are what they were, and the kernel was not asked. */
  readonly driver: DriverReport | null;
  /** The kernel was looked through as a whole, not told a difference. */
  readonly loaded: boolean;
  /** What the kernel held otherwise than it should; it has been mended. */
  readonly drift: readonly Difference[];
  /** Tracked flows that were deleted; `null`: none were looked for. */
  readonly deletedFlows: number | null;
  /** Why flows could not be looked at; they will be with the next sync. */
  readonly flowProblem: Error | null;
}

/**
 * Keeps the kernel at the rules of a cluster state. After a failure the next sync starts from what the kernel
 * holds, so that nothing is lost and nothing is written twice.
 */
export class Syncer {
  readonly #options: SyncerOptions;
  readonly #compiler: Compiler;
  readonly #pending: PendingChangesList;
  readonly #sweeps = new FlowSweeps();
  #unreported: PendingChanges[] = [];
  /** What the compiler has not taken in: all that it was told when it failed. */
  #uncompiled: ChangeEvent[] = [];
  #needsLoad = true;

  constructor(options: SyncerOptions) {
    const { state, node, config, clock } = options;
    this.#options = options;
    this.#pending = new PendingChangesList(clock.now());
    this.#compiler = new Compiler({ state, node, config });
    state.subscribe((event) => this.#pending.add(event));
  }

  /** The rules that the kernel has, or is to get. */
  get ruleset(): Ruleset {
    return this.#compiler.ruleset;
  }

  /** Whether the next sync looks through the whole of the kernel's rules. */
  get needsLoad(): boolean {
    return this.#needsLoad;
  }

  get pending(): Pick<PendingChanges, 'serviceChanges' | 'endpointChanges'> {
    return this.#pending;
  }

  /**
   * Brings the kernel to where the cluster is.
   * @throws {Error} what the driver threw; the rules that were in force still are
   */
  async sync(reasons: ReadonlySet<RunReason>): Promise<SyncReport> {
    const update = this.#compile(reasons);
    const loaded = this.#needsLoad || reasons.has('full');
    const driver = await this.#write(update, loaded);
    const isVerified = driver === null && reasons.has('verify');
    const drift = isVerified ? await this.#guarded(() => this.#options.driver.repair()) : [];
    const changes = this.#unreported;
    this.#unreported = [];
    return { changes, driver, loaded, drift, ...(await this.#sweepFlows()) };
  }

  #compile(reasons: ReadonlySet<RunReason>): RulesetUpdate {
    const changes = this.#pending.take();
    this.#unreported.push(changes);
    this.#uncompiled.push(...changes.events);
    const updates = [this.#compiler.update(this.#uncompiled)];
    this.#uncompiled = [];
    // Addresses of interfaces come and go without an event.
    if (reasons.has('verify') || reasons.has('full')) updates.push(this.#compiler.refreshNode());
    for (const update of updates) {
      this.#sweeps.plan(update);
      this.#options.compiled(update);
    }
    const [first, second] = updates as [RulesetUpdate, RulesetUpdate?];
    if (second === undefined || isEmptyChange(second)) return first;
    // Two changes in a row are rare, and no driver takes them as one.
    if (!isEmptyChange(first)) this.#needsLoad = true;
    return second;
  }

  async #write(update: RulesetUpdate, loaded: boolean): Promise<DriverReport | null> {
    const { driver } = this.#options;
    const { ruleset } = this.#compiler;
    if (loaded) {
      const report = await this.#guarded(() => driver.load(ruleset));
      this.#needsLoad = false;
      return report;
    }
    if (isEmptyChange(update)) return null;
    return this.#guarded(() => driver.apply(ruleset, update));
  }

  async #guarded<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      this.#needsLoad = true;
      throw error;
    }
  }

  async #sweepFlows(): Promise<Pick<SyncReport, 'deletedFlows' | 'flowProblem'>> {
    const { flows } = this.#options;
    const due = this.#sweeps.due();
    if (flows === null || due.length === 0) return { deletedFlows: null, flowProblem: null };
    try {
      const deletedFlows = await flows.clean(due);
      this.#sweeps.done();
      return { deletedFlows, flowProblem: null };
    } catch (error) {
      return { deletedFlows: null, flowProblem: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}
