import { type BalanceChoice, parseBalanceChoice, STRATEGIES } from '@shunt/compiler';
import { InvalidArgumentError } from 'commander';

export const BALANCE_CHOICES: readonly BalanceChoice[] = ['auto', ...STRATEGIES];

export function balanceOption(text: string): BalanceChoice {
  const choice = parseBalanceChoice(text);
  if (choice !== null) return choice;
  throw new InvalidArgumentError(`Expected one of ${BALANCE_CHOICES.join(', ')}.`);
}
