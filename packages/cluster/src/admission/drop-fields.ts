/**
 * What an update takes out of a Service because its new type has no use for it. A value that was changed
 * together with the type stays, and validation refuses it.
 * Source: pkg/registry/core/service/strategy.go, dropTypeDependentFields.
 */
import type { Service, ServiceSpec } from '@shunt/model';
import { isSame, needsClusterIPs, needsNodePorts, nodePortsOf } from '../allocation/service-needs.js';
import { isExternallyAccessible, needsHealthCheck } from './service-kind.js';

/** Takes the fields out that go with the old type alone (semantics 8.3). */
export function dropTypeDependentFields(service: Service, stored: Service): Service {
  const { spec } = service;
  const dropped = new Set(unusedFields(spec, stored.spec));
  const dropsNodePorts =
    needsNodePorts(stored.spec) && !needsNodePorts(spec) && namesNoNewNodePort(spec, stored.spec);
  const entries = Object.entries(spec).filter(([field]) => !dropped.has(field as keyof ServiceSpec));
  const kept = Object.fromEntries(entries) as ServiceSpec;
  if (!dropsNodePorts || kept.ports === undefined) return { ...service, spec: kept };
  const ports = kept.ports.map(({ nodePort: _, ...port }) => port);
  return { ...service, spec: { ...kept, ports } };
}

function unusedFields(spec: ServiceSpec, before: ServiceSpec): (keyof ServiceSpec)[] {
  const fields: (keyof ServiceSpec)[] = [];
  const isLeft = (is: (spec: ServiceSpec) => boolean): boolean => is(before) && !is(spec);
  const isKept = (field: keyof ServiceSpec): boolean => (spec[field] || '') === (before[field] || '');
  if (isLeft(needsClusterIPs)) {
    if (isKept('clusterIP') && isSame(spec.clusterIPs, before.clusterIPs)) {
      fields.push('clusterIP', 'clusterIPs');
    }
    if (isSame(spec.ipFamilies, before.ipFamilies)) fields.push('ipFamilies');
    if (isKept('ipFamilyPolicy')) fields.push('ipFamilyPolicy');
  }
  if (isLeft(needsHealthCheck) && isKept('healthCheckNodePort')) fields.push('healthCheckNodePort');
  if (isLeft(({ type }) => type === 'LoadBalancer')) {
    if (spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) {
      fields.push('allocateLoadBalancerNodePorts');
    }
    if (spec.loadBalancerClass === before.loadBalancerClass) fields.push('loadBalancerClass');
  }
  if (isLeft(isExternallyAccessible) && isKept('externalTrafficPolicy')) fields.push('externalTrafficPolicy');
  return fields;
}

/** Ports may come, go and change, as long as no node port is asked for that was not there. */
function namesNoNewNodePort(spec: ServiceSpec, before: ServiceSpec): boolean {
  const known = new Set(nodePortsOf(before));
  return nodePortsOf(spec).every((port) => known.has(port));
}
