import { type Diagnostic, referenceTo, type Service } from '@shunt/model';
import { BALANCERS, STRATEGIES } from '../balance/balancers.js';
import { parseBalanceChoice } from '../balance/choose-strategy.js';
import { MAX_SLOTS_PER_BACKEND, parseSlotsPerBackend } from '../balance/slot-count.js';
import type { ProxyConfig } from '../config.js';
import type { BalanceChoice } from '../ruleset/types.js';

/** On a Service: how its pools are balanced, over the configuration's choice. */
export const BALANCE_ANNOTATION = 'shunt.dev/balance';

/** On a Service: how many slots its pools have for each backend, over the configuration's number. */
export const SLOTS_PER_BACKEND_ANNOTATION = 'shunt.dev/slots-per-backend';

/** How the pools of one Service are balanced. */
export interface Balancing {
  readonly choice: BalanceChoice;
  /** 1..MAX_SLOTS_PER_BACKEND; not for strategies with one slot for each backend. */
  readonly slotsPerBackend: number;
}

/** The balancing of a Service: its annotations, else the configuration. What cannot be used is said. */
export function balancingOf(service: Service, config: ProxyConfig, diagnostics: Diagnostic[]): Balancing {
  const choice = choiceOf(service, config, diagnostics);
  return { choice, slotsPerBackend: slotsPerBackendOf(service, config, choice, diagnostics) };
}

function choiceOf(service: Service, { balance }: ProxyConfig, diagnostics: Diagnostic[]): BalanceChoice {
  const written = service.metadata.annotations?.[BALANCE_ANNOTATION];
  if (written === undefined) return balance;
  const choice = parseBalanceChoice(written);
  if (choice !== null) return choice;
  const known = ['auto', ...STRATEGIES].join(', ');
  const message = `${JSON.stringify(written)} is no balancing strategy; ${balance} is used. Known: ${known}`;
  diagnostics.push(annotationWarning(service, BALANCE_ANNOTATION, message));
  return balance;
}

function slotsPerBackendOf(
  service: Service,
  { slotsPerBackend }: ProxyConfig,
  choice: BalanceChoice,
  diagnostics: Diagnostic[],
): number {
  const written = service.metadata.annotations?.[SLOTS_PER_BACKEND_ANNOTATION];
  if (written === undefined) return slotsPerBackend;
  const warn = (message: string): void =>
    void diagnostics.push(annotationWarning(service, SLOTS_PER_BACKEND_ANNOTATION, message));
  if (choice !== 'auto' && BALANCERS[choice].table === 'oneEach') {
    warn(`has no effect: ${choice} has one slot for each backend`);
  }
  const slots = parseSlotsPerBackend(written);
  if (slots !== null) return slots;
  warn(
    `expected an integer 1..${MAX_SLOTS_PER_BACKEND}, got ${JSON.stringify(written)}; ${slotsPerBackend} is used`,
  );
  return slotsPerBackend;
}

function annotationWarning(service: Service, annotation: string, message: string): Diagnostic {
  const object = referenceTo(service, `metadata.annotations["${annotation}"]`);
  return { severity: 'warning', code: 'value', message, object };
}
