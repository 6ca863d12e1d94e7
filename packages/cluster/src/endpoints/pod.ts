/** What endpoint controllers read of a Pod. Source: k8s.io/endpointslice/util, pkg/api/v1/endpoints. */
import {
  type Family,
  familyOf,
  namespaceOf,
  type Pod,
  parseAddress,
  type Service,
  type ServicePortSpec,
  type TargetReference,
} from '@shunt/model';

/** Phase Succeeded or Failed: it never runs again. */
export function isDone(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp != null;
}

/** Condition Ready is True; a Pod without the condition is not ready. */
export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** The addresses of a Pod as written; `podIP` stands for an empty `podIPs`. */
export function podAddresses({ status }: Pod): string[] {
  const listed: string[] = [];
  for (const { ip } of status?.podIPs ?? []) if (ip) listed.push(ip);
  if (listed.length > 0) return listed;
  return status?.podIP ? [status.podIP] : [];
}

/** Those of {@link podAddresses} that are of one family, as written. */
export function podAddressesOf(pod: Pod, family: Family): string[] {
  return podAddresses(pod).filter((text) => {
    const address = parseAddress(text);
    return address !== null && familyOf(address) === family;
  });
}

/** The Pod's DNS name below a headless Service: `spec.hostname` if `spec.subdomain` is the Service (10.6). */
export function endpointHostname(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {};
  const own = hostname && subdomain === service.metadata.name && namespaceOf(pod) === namespaceOf(service);
  return own ? hostname : undefined;
}

export function podReference(pod: Pod): TargetReference {
  const { name, uid } = pod.metadata;
  const namespace = namespaceOf(pod);
  return uid === undefined ? { kind: 'Pod', namespace, name } : { kind: 'Pod', namespace, name, uid };
}

/**
 * The port of a Pod that a Service port leads to: a number as it is, a name as the first container port
 * of that name and protocol, over containers, then sidecars (10.8).
 * @returns `null` when the Pod has no such port
 */
export function targetPortOf(pod: Pod, port: ServicePortSpec): number | null {
  const target =
    port.targetPort === undefined || port.targetPort === 0 || port.targetPort === ''
      ? port.port
      : port.targetPort;
  if (typeof target === 'number') return target;
  const protocol = port.protocol ?? 'TCP';
  const sidecars = (pod.spec?.initContainers ?? []).filter((it) => it.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((it) => it.name === target && (it.protocol ?? 'TCP') === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return null;
}
