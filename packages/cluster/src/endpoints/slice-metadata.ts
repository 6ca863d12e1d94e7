/** What a Service's slices are called and labelled. Source: k8s.io/endpointslice/utils.go. */
import {
  type EndpointSlice,
  HEADLESS_LABEL,
  MANAGED_BY_LABEL,
  namespaceOf,
  type ObjectMeta,
  type OwnerReference,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';

/** The value of the managed-by label of slices that are made from Pods. */
export const SLICE_CONTROLLER = 'endpointslice-controller.k8s.io';
export const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

const RESERVED_LABELS: ReadonlySet<string> = new Set([SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL]);
const MAX_NAME_LENGTH = 253;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function hasClusterIP({ spec }: Service): boolean {
  return spec.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';
}

/** The labels of a Service's slices: its own, and those that say whose the slices are (semantics 10.16). */
export function sliceLabels(service: Service): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  const own = service.metadata.labels ?? {};
  for (const key in own) if (!RESERVED_LABELS.has(key)) labels[key] = own[key] ?? '';
  labels[SERVICE_NAME_LABEL] = service.metadata.name;
  labels[MANAGED_BY_LABEL] = SLICE_CONTROLLER;
  if (!hasClusterIP(service)) labels[HEADLESS_LABEL] = '';
  return labels;
}

/** Whether a slice has the labels that its Service gives it; those that say whose it is are not looked at. */
export function hasServiceLabels(
  { metadata }: EndpointSlice,
  wanted: Readonly<Record<string, string>>,
): boolean {
  const labels = metadata.labels ?? {};
  for (const key in labels) if (!RESERVED_LABELS.has(key) && labels[key] !== wanted[key]) return false;
  for (const key in wanted) if (!RESERVED_LABELS.has(key) && labels[key] !== wanted[key]) return false;
  return true;
}

/** `<service>-`, without the dash if names that begin so could not be right. */
export function sliceNamePrefix({ metadata: { name } }: Service): string {
  const fits = name.length < MAX_NAME_LENGTH && !name.endsWith('-') && DNS_SUBDOMAIN.test(name);
  return fits ? `${name}-` : name;
}

export function ownerReferences({ metadata }: Service): readonly OwnerReference[] {
  const { name, uid = '' } = metadata;
  return [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }];
}

/** Whether a slice belongs to this Service, not to one that had its name before (semantics 10.15). */
export function isOwnedBy({ metadata }: EndpointSlice, service: Service): boolean {
  const wanted = service.metadata.uid ?? '';
  return (metadata.ownerReferences ?? []).some(
    ({ apiVersion, kind, uid }) => apiVersion === 'v1' && kind === 'Service' && uid === wanted,
  );
}

/** The namespace, labels, owner and name prefix of a new slice. */
export function newSliceMetadata(service: Service): Omit<ObjectMeta, 'name'> {
  return {
    generateName: sliceNamePrefix(service),
    namespace: namespaceOf(service),
    labels: sliceLabels(service),
    ownerReferences: ownerReferences(service),
  };
}

/** Annotations with a new trigger time, or without one; others stay. */
export function withTriggerTime(
  annotations: ObjectMeta['annotations'],
  time: string | null,
): Pick<ObjectMeta, 'annotations'> {
  if (annotations === undefined)
    return time === null ? {} : { annotations: { [TRIGGER_TIME_ANNOTATION]: time } };
  const { [TRIGGER_TIME_ANNOTATION]: _, ...others } = annotations;
  return { annotations: time === null ? others : { ...others, [TRIGGER_TIME_ANNOTATION]: time } };
}
