import type { BalanceChoice, Strategy } from '../ruleset/types.js';
import { STRATEGIES } from './balancers.js';

/**
 * Reads the value of the annotation `shunt.dev/balance` or of the flag `--balance`, exactly as written:
 * lower case, no spaces.
 * @returns `null` when the text is neither a strategy nor `auto`
 */
export function parseBalanceChoice(text: string): BalanceChoice | null {
  if (text === 'auto') return 'auto';
  return STRATEGIES.find((strategy) => strategy === text) ?? null;
}

/** What `auto` looks at. */
export interface PoolUse {
  /** Whether a frontend from outside reaches the pool. */
  readonly reachableFromOutside: boolean;
  /** Whether its backends differ in weight. */
  readonly weighted: boolean;
}

/**
 * Decides `auto`: `maglev` where a frontend from outside reaches the pool, since several nodes, or a
 * restarted one, may see packets of the same flow, and where weights differ, since it honours them; else
 * `even`, since connection tracking on the one node keeps the flow, and nothing is smaller or better
 * balanced.
 */
export function chooseStrategy(choice: BalanceChoice, { reachableFromOutside, weighted }: PoolUse): Strategy {
  if (choice !== 'auto') return choice;
  return reachableFromOutside || weighted ? 'maglev' : 'even';
}
