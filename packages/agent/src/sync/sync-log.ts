/** What is said of the sync loop: what is wrong once, what is well hardly ever. */
import { type Difference, DriverError } from '@shunt/kernel';
import { type Diagnostic, formatDiagnostic, type ObjectReference, type SourcePosition } from '@shunt/model';
import type { Log } from '../log/log.js';
import { StandingProblem } from '../log/standing-problem.js';
import type { RunReason } from './bounded-runner.js';
import type { SyncReport } from './syncer.js';

/** In a cluster that changes, a slice outlives its Service for a moment: that is no reason to worry. */
const PASSING: ReadonlySet<Diagnostic['code']> = new Set(['orphan-slice']);
/** How many differences one line of the log names. */
const MOST_NAMED = 10;

export class SyncLog {
  readonly #log: Log;
  readonly #locate: (object: ObjectReference) => SourcePosition | null;
  readonly #rules: StandingProblem;
  readonly #flows: StandingProblem;
  readonly #wholeSync: StandingProblem;
  readonly #readBack: Readonly<Record<'glance' | 'all', StandingProblem>>;

  /** @param locate - where an object is written; `null`: nobody knows */
  constructor(log: Log, locate: (object: ObjectReference) => SourcePosition | null) {
    this.#log = log;
    this.#locate = locate;
    this.#rules = new StandingProblem(log, 'the rules are written again');
    this.#flows = new StandingProblem(log, 'tracked flows are cleaned again');
    this.#wholeSync = new StandingProblem(log, 'syncs go through to their end again');
    this.#readBack = {
      glance: new StandingProblem(log, 'it can be seen again whether the rules are there'),
      all: new StandingProblem(log, 'the rules are read back again'),
    };
  }

  /** A sync failed. */
  failed(error: unknown): void {
    const { message } = error instanceof Error ? error : new Error(String(error));
    const fields =
      error instanceof DriverError ? { statement: error.statement, servicePort: error.servicePort } : {};
    const culprit =
      error instanceof DriverError && error.servicePort !== null ? ` (rules of ${error.servicePort})` : '';
    this.#rules.met(
      `the rules cannot be written, those of before stay in force: ${message}${culprit}`,
      fields,
    );
  }

  /** Something failed around the rules: before them, or once they were written. */
  brokeOff(error: unknown): void {
    const { message } = error instanceof Error ? error : new Error(String(error));
    this.#wholeSync.met(`a sync broke off and is tried again: ${message}`);
  }

  /** A sync went through to its end. */
  ended(): void {
    this.#wholeSync.over();
  }

  succeeded(report: SyncReport, reasons: ReadonlySet<RunReason>): void {
    const { driver, loaded, drift, deletedFlows, flowProblem } = report;
    const log = this.#log;
    this.#rules.over();
    if (driver !== null) {
      const { statements, duration } = driver;
      const fields = { statements, milliseconds: Math.round(duration), reasons: [...reasons] };
      if (loaded) log.info(fields, 'all rules are in the kernel');
      else log.debug(fields, 'the rules follow a change');
    }
    if (drift.length > 0) log.warn(driftFields(drift), 'somebody had changed the rules; they are mended');
    this.#readBackEnded(report);
    if (deletedFlows !== null) log.debug({ deletedFlows }, 'flows to endpoints that are gone are deleted');
    if (flowProblem === null) this.#flows.over();
    else this.#flows.met(`tracked flows cannot be cleaned: ${flowProblem.message}`);
  }

  #readBackEnded({ readBack, readBackProblem }: SyncReport): void {
    if (readBack === 'nothing') return;
    const problem = this.#readBack[readBack];
    if (readBackProblem === null) problem.over();
    else {
      problem.met(
        `the rules cannot be compared with what they should be, but follow changes: ${readBackProblem.message}`,
      );
    }
  }

  /** The compiler has something to say of the objects. */
  warn(diagnostic: Diagnostic): void {
    const log = this.#log;
    const { object } = diagnostic;
    const position = object === undefined ? null : this.#locate(object);
    const { code } = diagnostic;
    const text = formatDiagnostic(position === null ? diagnostic : { ...diagnostic, position });
    if (PASSING.has(code)) log.debug({ code }, text);
    else log.warn({ code }, text);
  }
}

function driftFields(drift: readonly Difference[]): object {
  const named = drift
    .slice(0, MOST_NAMED)
    .map(({ servicePort, kind, what }) => ({ servicePort, kind, what }));
  return { count: drift.length, differences: named };
}
