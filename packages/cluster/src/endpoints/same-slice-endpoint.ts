/** When two endpoints are the same. Source: k8s.io/endpointslice/util/{endpointset,controller_utils}.go. */
import type { SliceEndpoint } from '@shunt/model';

/**
 * Whether two endpoints are one and the same, whatever is told of it: same addresses in any order, host
 * name, and namespace and name of the target (semantics 10.11).
 */
export function isSameEndpoint(a: SliceEndpoint, b: SliceEndpoint): boolean {
  if (a === b) return true;
  return (
    (a.targetRef?.name ?? '') === (b.targetRef?.name ?? '') &&
    (a.targetRef?.namespace ?? '') === (b.targetRef?.namespace ?? '') &&
    (a.hostname ?? '') === (b.hostname ?? '') &&
    haveSameAddresses(a.addresses ?? [], b.addresses ?? [])
  );
}

/** Whether two endpoints that are the same tell the same, hints left aside. */
export function tellsTheSame(a: SliceEndpoint, b: SliceEndpoint): boolean {
  if (a === b) return true;
  return (
    a.conditions?.ready === b.conditions?.ready &&
    a.conditions?.serving === b.conditions?.serving &&
    a.conditions?.terminating === b.conditions?.terminating &&
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    a.targetRef?.uid === b.targetRef?.uid &&
    a.targetRef?.kind === b.targetRef?.kind
  );
}

function haveSameAddresses(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  if (a.length === 1) return a[0] === b[0];
  const sorted = [...b].sort();
  return [...a].sort().every((address, index) => address === sorted[index]);
}
