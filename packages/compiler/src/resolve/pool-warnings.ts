/** Where a pool's shares are not what was asked for, said instead of left to be measured. */
import { type Diagnostic, referenceTo, type Service } from '@shunt/model';
import { BALANCERS, STRATEGIES } from '../balance/balancers.js';
import { MAX_SLOTS } from '../balance/slot-count.js';
import { isWeighted, poolShares } from '../balance/weight.js';
import type { Pool, PoolName } from '../ruleset/types.js';
import { BALANCE_ANNOTATION, type Balancing } from './balance-annotation.js';
import type { ResolvedPort } from './resolve-port.js';

const POOL_NAMES: readonly PoolName[] = ['cluster', 'local'];

/** The warnings of all service ports of one Service. */
export function poolWarnings(
  service: Service,
  ports: readonly ResolvedPort[],
  { slotsPerBackend }: Balancing,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const ignoring = new Set<string>();
  for (const port of ports) {
    for (const name of POOL_NAMES) {
      const pool = name === 'cluster' ? port.servicePort.clusterPool : port.servicePort.localPool;
      if (pool === null || pool.backends.length < 2) continue;
      const { table, honoursWeight } = BALANCERS[pool.strategy];
      if (!honoursWeight && isWeighted(pool.backends)) ignoring.add(pool.strategy);
      if (table !== 'powerOfTwo') continue;
      const message = slotsMessage(pool, slotsPerBackend);
      if (message !== null) diagnostics.push(slotsWarning(port, name, message));
    }
  }
  return [...[...ignoring].map((strategy) => ignoredWeights(service, strategy)), ...diagnostics];
}

// Counting slots takes time, so it is for pools that give a reason.
function slotsMessage(pool: Pool, slotsPerBackend: number): string | null {
  const { backends, slots, strategy } = pool;
  const weighted = BALANCERS[strategy].honoursWeight && isWeighted(backends);
  const few = slots.length < slotsPerBackend * backends.length;
  if (!weighted && !few) return null;
  const { largestOverDue, withoutSlot } = poolShares(pool, weighted);
  const facts: string[] = [];
  if (few) {
    const each = (slots.length / backends.length).toFixed(1);
    const over = ((largestOverDue - 1) * 100).toFixed(1);
    facts.push(
      `${MAX_SLOTS} slots are the most, ${each} for each of ${backends.length} backends instead of ${slotsPerBackend}; the largest share is ${over} % over what it should be`,
    );
  }
  if (withoutSlot > 0) {
    facts.push(
      `${withoutSlot} of ${backends.length} backends get no new flows, since their part of ${slots.length} slots is less than one`,
    );
  }
  return facts.length === 0 ? null : facts.join('; ');
}

function slotsWarning({ specification }: ResolvedPort, pool: PoolName, message: string): Diagnostic {
  const { service, portPath, family } = specification;
  return {
    severity: 'warning',
    code: 'balance',
    message: `${family} pool ${pool}: ${message}`,
    object: referenceTo(service, portPath),
  };
}

function ignoredWeights(service: Service, strategy: string): Diagnostic {
  const honouring = STRATEGIES.filter((it) => BALANCERS[it].honoursWeight).join(', ');
  const annotated = service.metadata.annotations?.[BALANCE_ANNOTATION] !== undefined;
  const path = annotated ? `metadata.annotations["${BALANCE_ANNOTATION}"]` : undefined;
  return {
    severity: 'warning',
    code: 'balance',
    message: `${strategy} ignores the weights that EndpointSlices of the Service give; ${honouring} honour them`,
    object: referenceTo(service, path),
  };
}
