/** How much of the cluster each zone is. Source: k8s.io/endpointslice/topologycache (SetNodes). */
import { type Node, ZONE_LABEL } from '@shunt/model';
import { milliOf, quantityNanos } from './quantity.js';

const CONTROL_PLANE_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/**
 * The share that each zone has in the CPUs of all ready nodes that are not of the control plane.
 * @returns zones by name, in order; `null` when there are less than two or a node does not tell its zone
 *   and CPUs (semantics 10.19, 10.20)
 */
export function zoneShares(nodes: Iterable<Node>): ReadonlyMap<string, number> | null {
  const cpus = new Map<string, bigint>();
  let total = 0n;
  for (const node of nodes) {
    const labels = node.metadata.labels ?? {};
    if (CONTROL_PLANE_LABELS.some((label) => label in labels) || !isNodeReady(node)) continue;
    const zone = labels[ZONE_LABEL];
    const cpu = quantityNanos(node.status?.allocatable?.cpu ?? 0) ?? 0n;
    if (!zone || cpu === 0n) return null;
    cpus.set(zone, (cpus.get(zone) ?? 0n) + cpu);
    total += cpu;
  }
  if (cpus.size < 2) return null;
  const zones = [...cpus].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(zones.map(([zone, cpu]) => [zone, milliOf(cpu) / milliOf(total)]));
}

function isNodeReady({ status }: Node): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}
