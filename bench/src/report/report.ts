import type { Environment } from '../measure/environment.js';
import { SEEDS } from '../workload/random.js';
import type { Report } from './result.js';

/**
 * All numbers of a run, with what they depend on.
 * @param date - when it began
 */
export function makeReport(
  date: Date,
  options: Report['options'],
  outcome: Pick<Report, 'results' | 'notices'>,
  where: Environment,
): Report {
  return { format: 'shunt-bench/1', date: date.toISOString(), ...where, options, seeds: SEEDS, ...outcome };
}

/** What to type for the same run. */
export function commandOf({ size, suites }: Report['options']): string {
  const flag = size === 'default' ? '' : ` -- --${size}`;
  return `npm run bench ${suites.join(' ')}${flag}`;
}

/** The machine and the runtime in one line. */
export function formatEnvironment({ machine, runtime, commit }: Environment): string {
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`;
  const caches = machine.caches === null ? '' : `, ${machine.caches}`;
  const where = `${machine.cpu}, ${machine.cores} cores${caches}, ${memory}, ${machine.os}`;
  const what =
    commit === null ? '' : `, ${commit.revision.slice(0, 10)}${commit.dirty ? ' and changes' : ''}`;
  return `${where}, Node ${runtime.node} (V8 ${runtime.v8}, ${runtime.arch})${what}`;
}
