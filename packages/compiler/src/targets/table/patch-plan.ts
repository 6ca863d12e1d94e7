import type { PatchPlan, PlannedBackends, PlannedSweep } from '@shunt/model';
import type { ChangePlan } from '../../incremental/change-plan.js';
import type { RulesetChange } from '../../ruleset/change.js';
import { type Backend, type Pool, type ServicePort, servicePortKey } from '../../ruleset/types.js';

/**
 * A plan for flows in the numbers of a table.
 * @param numberOf - of a service port, by its key; those that the change removes included
 */
export function patchPlan(
  change: RulesetChange,
  { drain, sweep }: ChangePlan,
  numberOf: (key: string) => number,
  numbers: Pick<PatchPlan, 'retired' | 'reset'>,
): PatchPlan {
  const group = (servicePort: ServicePort, backends: readonly Backend[]): PlannedBackends => ({
    family: servicePort.family,
    servicePort: numberOf(servicePortKey(servicePort)),
    backends: backends.map(({ address, port }) => ({ address, port })),
  });
  return {
    drain: drain.map(({ servicePort, backends }) => group(servicePort, backends)),
    join: change.replaced.flatMap(({ before, after }) => {
      const joined = [
        ...joinedBackends(before.clusterPool, after.clusterPool),
        ...joinedBackends(before.localPool, after.localPool),
      ];
      return joined.length === 0 ? [] : [group(after, joined)];
    }),
    sweep: sweep.map((servicePort) => plannedSweep(servicePort, numberOf(servicePortKey(servicePort)))),
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

/** Backends of a pool that it did not have before. Both are in the same order. */
function joinedBackends(before: Pool | null, after: Pool | null): Backend[] {
  if (after === null || before === after) return [];
  const held = new Set(before?.backends);
  const others = after.backends.filter((backend) => !held.has(backend));
  if (others.length === 0) return others;
  const places = new Set(before?.backends.map(({ address, port }) => `${address} ${port}`));
  return others.filter(({ address, port }) => !places.has(`${address} ${port}`));
}
