import type { BalanceChoice, Strategy } from '../ruleset/types.js';

export const STRATEGIES: readonly Strategy[] = ['even', 'maglev', 'random', 'rendezvous', 'ring', 'jump'];

export function chooseStrategy(choice: BalanceChoice, reachableFromOutside: boolean): Strategy {
  if (choice !== 'auto') return choice;
  return reachableFromOutside ? 'maglev' : 'even';
}

export function parseBalanceChoice(text: string): BalanceChoice | null {
  return text === 'auto' || (STRATEGIES as readonly string[]).includes(text) ? (text as BalanceChoice) : null;
}
