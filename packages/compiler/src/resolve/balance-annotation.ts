import { type Diagnostic, referenceTo, type Service } from '@shunt/model';
import { parseBalanceChoice } from '../balance/choose-strategy.js';
import type { ProxyConfig } from '../config.js';
import type { BalanceChoice } from '../ruleset/types.js';

/** On a Service: how its pools are balanced, over the configuration's choice. */
export const BALANCE_ANNOTATION = 'shunt.dev/balance';

/** The balance of a Service: its annotation, else the configuration's. */
export function balanceOf(service: Service, config: ProxyConfig, diagnostics: Diagnostic[]): BalanceChoice {
  const written = service.metadata.annotations?.[BALANCE_ANNOTATION];
  if (written === undefined) return config.balance;
  const choice = parseBalanceChoice(written);
  if (choice !== null) return choice;
  diagnostics.push({
    severity: 'warning',
    code: 'value',
    message: `${JSON.stringify(written)} is no balancing strategy; ${config.balance} is used. Known: auto, even, maglev, random, rendezvous, ring, jump`,
    object: referenceTo(service, `metadata.annotations["${BALANCE_ANNOTATION}"]`),
  });
  return config.balance;
}
