/**
 * What an update keeps of the stored Service although the client did not send it, so that the manifest
 * a Service was made of can be sent again.
 * Source: pkg/registry/core/service/storage/storage.go, patchAllocatedValues and normalizeClusterIPs.
 */
import type { Service, ServicePortSpec, ServiceSpec } from '@shunt/model';
import { isSame, needsClusterIPs, needsNodePorts, nodePortsOf } from '../allocation/service-needs.js';
import { isEmpty, needsHealthCheck } from './service-kind.js';

/** Fills in what was allocated to the stored Service and the new one leaves open (semantics 8.1). */
export function carryAllocatedOver(service: Service, stored: Service): Service {
  const spec: { -readonly [Key in keyof ServiceSpec]: ServiceSpec[Key] } = { ...service.spec };
  const before = stored.spec;
  if (needsClusterIPs(spec) && needsClusterIPs(before)) {
    if (!spec.clusterIP && before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
    if (isEmpty(spec.clusterIPs) && before.clusterIPs !== undefined) spec.clusterIPs = before.clusterIPs;
  }
  if (needsNodePorts(spec) && needsNodePorts(before) && spec.ports !== undefined) {
    spec.ports = carryNodePortsOver(spec, before);
  }
  if (needsHealthCheck(spec) && needsHealthCheck(before) && !spec.healthCheckNodePort) {
    if (before.healthCheckNodePort) spec.healthCheckNodePort = before.healthCheckNodePort;
  }
  return { ...service, spec };
}

/** By name; a number that both objects name is somewhere already. */
function carryNodePortsOver(spec: ServiceSpec, before: ServiceSpec): readonly ServicePortSpec[] {
  const named = new Set(nodePortsOf(spec));
  const byName = new Map((before.ports ?? []).map((port) => [port.name ?? '', port.nodePort ?? 0]));
  return (spec.ports ?? []).map((port) => {
    const nodePort = byName.get(port.name ?? '') ?? 0;
    return port.nodePort || nodePort === 0 || named.has(nodePort) ? port : { ...port, nodePort };
  });
}

/**
 * Makes one of `clusterIP`, which older clients know, and `clusterIPs` (semantics 8.2).
 * @param stored - the Service before the update, `null` on create
 */
export function alignClusterIPs(service: Service, stored: Service | null): Service {
  const { clusterIP = '', clusterIPs } = service.spec;
  if (stored === null) {
    const isSingularAlone = clusterIP !== '' && isEmpty(clusterIPs);
    return isSingularAlone ? withClusterIPs(service, [clusterIP]) : service;
  }
  const { clusterIP: before = '', clusterIPs: listBefore } = stored.spec;
  if (clusterIP === before) {
    return isEmpty(clusterIPs) && !isEmpty(listBefore) ? withClusterIPs(service, listBefore) : service;
  }
  // The singular changed: where the list was left as it was, it follows.
  if (!isSame(clusterIPs, listBefore)) return service;
  return withClusterIPs(service, clusterIP === '' ? undefined : [clusterIP]);
}

function withClusterIPs(service: Service, clusterIPs: readonly string[] | undefined): Service {
  const { clusterIPs: _, ...spec } = service.spec;
  return { ...service, spec: clusterIPs === undefined ? spec : { ...spec, clusterIPs } };
}
