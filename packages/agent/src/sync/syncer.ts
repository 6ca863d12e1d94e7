/** One step of the sync loop: from what happened in the cluster to what the kernel does. */
import {
  Compiler,
  type CompilerInput,
  isEmptyChange,
  type Ruleset,
  type RulesetUpdate,
} from '@shunt/compiler';
import { type Difference, type DriverReport, ReadBackError, type RuleDriver } from '@shunt/kernel';
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
  /** When the kernel had what changed, in milliseconds since 1970. */
  readonly written: number;
  /** What the kernel held otherwise than it should; it has been mended. */
  readonly drift: readonly Difference[];
  /** How far the rules were read back; a load has done that already. */
  readonly readBack: 'nothing' | 'glance' | 'all';
  /** Why the rules could not be read back; they are as they were, and follow changes. */
  readonly readBackProblem: ReadBackError | null;
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

  /** What is not known to be in the rules: also what a sync has taken that has not succeeded. */
  get pending(): Pick<PendingChanges, 'serviceChanges' | 'endpointChanges'> {
    const all = [this.#pending, ...this.#unreported];
    return {
      serviceChanges: all.reduce((sum, { serviceChanges }) => sum + serviceChanges, 0),
      endpointChanges: all.reduce((sum, { endpointChanges }) => sum + endpointChanges, 0),
    };
  }

  /**
   * Brings the kernel to where the cluster is.
   * @throws {Error} what the driver threw; the rules that were in force still are
   */
  async sync(reasons: ReadonlySet<RunReason>): Promise<SyncReport> {
    const loaded = this.#needsLoad;
    let driver = await this.#write(this.#compile());
    // Addresses of interfaces come and go without an event.
    if (isThorough(reasons)) {
      driver = both(driver, await this.#write(this.#take(this.#compiler.refreshNode())));
    }
    const written = this.#options.clock.now();
    const looked = loaded ? NOT_READ_BACK : await this.#readBack(reasons);
    const changes = this.#unreported;
    this.#unreported = [];
    return { changes, driver, loaded, written, ...looked, ...(await this.#sweepFlows()) };
  }

  #compile(): RulesetUpdate {
    const changes = this.#pending.take();
    this.#unreported.push(changes);
    this.#uncompiled.push(...changes.events);
    const update = this.#compiler.update(this.#uncompiled);
    this.#uncompiled = [];
    return this.#take(update);
  }

  #take(update: RulesetUpdate): RulesetUpdate {
    this.#sweeps.plan(update);
    this.#options.compiled(update);
    return update;
  }

  async #write(update: RulesetUpdate): Promise<DriverReport | null> {
    const { driver } = this.#options;
    const { ruleset } = this.#compiler;
    if (this.#needsLoad) {
      const report = await driver.load(ruleset);
      this.#needsLoad = false;
      return report;
    }
    if (isEmptyChange(update)) return null;
    // Until the kernel has it, all that is known of the kernel is in doubt.
    this.#needsLoad = true;
    const report = await driver.apply(ruleset, update);
    this.#needsLoad = false;
    return report;
  }

  async #readBack(reasons: ReadonlySet<RunReason>): Promise<ReadBack> {
    const { driver } = this.#options;
    const readBack = isThorough(reasons) ? 'all' : reasons.has('glance') ? 'glance' : 'nothing';
    if (readBack === 'nothing') return NOT_READ_BACK;
    try {
      const isGood = readBack === 'glance' && (await driver.isInPlace?.()) !== false;
      return { drift: isGood ? [] : await driver.repair(), readBack, readBackProblem: null };
    } catch (error) {
      // What is known of the kernel still holds if all that failed was to read it.
      if (error instanceof ReadBackError) return { drift: [], readBack, readBackProblem: error };
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

type ReadBack = Pick<SyncReport, 'drift' | 'readBack' | 'readBackProblem'>;

const NOT_READ_BACK: ReadBack = { drift: [], readBack: 'nothing', readBackProblem: null };

/** Whether all rules are gone through, after what may have changed without an event. */
function isThorough(reasons: ReadonlySet<RunReason>): boolean {
  return reasons.has('verify') || reasons.has('full');
}

/** What two writes in a row did. */
function both(first: DriverReport | null, second: DriverReport | null): DriverReport | null {
  if (first === null || second === null) return first ?? second;
  return {
    statements: first.statements + second.statements,
    duration: first.duration + second.duration,
    full: first.full || second.full,
  };
}
