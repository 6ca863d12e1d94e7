import type { Pod, Service } from '@shunt/model';

type Labels = Readonly<Record<string, string>>;

/** The pairs that a Service's Pods must have; `null` when it selects none, since an empty selector is none. */
export function selectorOf({ spec }: Service): Labels | null {
  const { selector } = spec;
  if (selector === undefined || selector === null) return null;
  for (const _ in selector) return selector;
  return null;
}

/** Whether labels have all pairs of a selector. */
export function matchesLabels(selector: Labels, labels: Labels | undefined): boolean {
  for (const key in selector) if (labels?.[key] !== selector[key]) return false;
  return true;
}

/** Whether a Service has its endpoints made from Pods: it has a selector and proxies (10.1). */
export function selectsPods(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && selectorOf(service) !== null;
}

/** Whether a Pod belongs to a Service by namespace and labels, whatever its state. */
export function selects(service: Service, pod: Pod): boolean {
  const selector = selectorOf(service);
  if (selector === null) return false;
  const sameNamespace = (service.metadata.namespace ?? 'default') === (pod.metadata.namespace ?? 'default');
  return sameNamespace && matchesLabels(selector, pod.metadata.labels);
}
