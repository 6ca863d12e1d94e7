import type { PatchPlan, PlannedBackends, PlannedSweep } from '@shunt/model';
import type { ChangePlan } from '../../incremental/change-plan.js';
import type { RulesetChange } from '../../ruleset/change.js';
import { missingBackends, poolsOf } from '../../ruleset/missing-backends.js';
import type { Backend, ServicePort } from '../../ruleset/types.js';

/**
 * A plan for flows in the numbers of a table.
 * @param numberOf - of a service port; those that the change removes or replaces included
 */
export function patchPlan(
  change: RulesetChange,
  { drain, sweep }: ChangePlan,
  numberOf: (servicePort: ServicePort) => number,
  numbers: Pick<PatchPlan, 'retired' | 'reset'>,
): PatchPlan {
  const group = (servicePort: ServicePort, backends: readonly Backend[]): PlannedBackends => ({
    family: servicePort.family,
    servicePort: numberOf(servicePort),
    backends: backends.map(({ address, port }) => ({ address, port })),
  });
  const join: PlannedBackends[] = [];
  for (const { before, after } of change.replaced) {
    const joined = missingBackends(poolsOf(after), poolsOf(before));
    if (joined.length > 0) join.push(group(before, joined));
  }
  return {
    drain: drain.map(({ servicePort, backends }) => group(servicePort, backends)),
    join,
    sweep: sweep.map((servicePort) => plannedSweep(servicePort, numberOf(servicePort))),
    ...numbers,
  };
}

function plannedSweep(servicePort: ServicePort, number: number): PlannedSweep {
  const { family, frontends, servingEndpoints } = servicePort;
  return {
    family,
    servicePort: number,
    // The health-check node port is TCP, and nothing is translated there.
    places: frontends
      .filter(({ kind }) => kind !== 'healthCheckNodePort')
      .map(({ address, port }) => ({ address, port })),
    serving: servingEndpoints.map(({ address, port }) => ({ address, port })),
  };
}
