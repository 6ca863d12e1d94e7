/** What a Service takes from the pools, by its type. */
import type { ServiceSpec } from '@shunt/model';

/** Whether a Service has cluster IPs; `None` counts as one. */
export function needsClusterIPs({ type }: ServiceSpec): boolean {
  return type !== 'ExternalName';
}

/** Whether a Service may have node ports, picked or named. */
export function needsNodePorts({ type }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

/** The node ports of a Service's ports, without those that have none, each as often as it is named. */
export function nodePortsOf({ ports = [] }: ServiceSpec): number[] {
  return ports.flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
}

export function isSelectorless({ selector }: ServiceSpec): boolean {
  return Object.keys(selector ?? {}).length === 0;
}

/** Whether two lists have equal items; no list is an empty one. */
export function isSame<Item>(a: readonly Item[] = [], b: readonly Item[] = []): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
