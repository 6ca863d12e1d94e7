import type { Pod, ServicePortSpec } from '@shunt/model';
import { targetPortOf } from './pod.js';

/** The numbers that the ports of a Service have on a Pod, in their order; `null` for one that the Pod lacks. */
export type PortNumbers = readonly (number | null)[];

/**
 * Puts Pods into groups of which all have the same numbers.
 * @param make - makes a group when its first Pod is met
 */
export function groupByNumbers<Group>(
  ports: readonly ServicePortSpec[],
  make: (numbers: PortNumbers) => Group,
): (pod: Pod) => Group {
  const numbersOf = (pod: Pod): PortNumbers => ports.map((port) => targetPortOf(pod, port));
  const isNamed = ports.some(({ targetPort }) => typeof targetPort === 'string' && targetPort !== '');
  if (!isNamed) {
    let only: Group | undefined;
    return (pod) => (only ??= make(numbersOf(pod)));
  }
  const groups = new Map<string, Group>();
  return (pod) => {
    const numbers = numbersOf(pod);
    const key = numbers.join();
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = make(numbers)));
    return group;
  };
}
