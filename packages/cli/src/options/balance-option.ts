import {
  type BalanceChoice,
  MAX_SLOTS_PER_BACKEND,
  parseBalanceChoice,
  parseSlotsPerBackend,
  STRATEGIES,
} from '@shunt/compiler';
import { InvalidArgumentError } from 'commander';

export const BALANCE_CHOICES: readonly BalanceChoice[] = ['auto', ...STRATEGIES];

export function balanceOption(text: string): BalanceChoice {
  const choice = parseBalanceChoice(text);
  if (choice !== null) return choice;
  throw new InvalidArgumentError(`Expected one of ${BALANCE_CHOICES.join(', ')}.`);
}

export function slotsPerBackendOption(text: string): number {
  const slots = parseSlotsPerBackend(text);
  if (slots !== null) return slots;
  throw new InvalidArgumentError(`Expected an integer 1..${MAX_SLOTS_PER_BACKEND}.`);
}
