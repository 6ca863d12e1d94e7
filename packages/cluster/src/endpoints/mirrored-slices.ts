/** What mirrored slices hold. Source: pkg/controller/endpointslicemirroring/{reconciler_helpers,utils}.go. */
import {
  type EndpointAddress,
  type EndpointPort,
  type EndpointSlice,
  type EndpointSlicePort,
  type EndpointSubset,
  type Endpoints,
  FAMILIES,
  type Family,
  familyOf,
  formatAddress,
  MANAGED_BY_LABEL,
  type ObjectMeta,
  parseAddress,
  SERVICE_NAME_LABEL,
  type SliceEndpoint,
} from '@shunt/model';
import { sameTarget } from './same-endpoints.js';
import type { ControllerEvent } from './slice-changes.js';

export const MIRRORING_CONTROLLER = 'endpointslicemirroring-controller.k8s.io';

const NOT_MIRRORED_ANNOTATIONS: ReadonlySet<string> = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** A slice that Endpoints ask for. */
export interface MirroredSlice {
  /** Of its family and ports, see {@link mirroredKey}. */
  readonly key: string;
  readonly addressType: Family;
  readonly ports: readonly EndpointSlicePort[];
  /** At least one; none twice. */
  readonly endpoints: readonly SliceEndpoint[];
}

/** @returns the slices, no two of the same key, and what was left out as Warning events */
export function mirroredSlices(
  { subsets = [] }: Endpoints,
  maxPerSubset: number,
): { slices: readonly MirroredSlice[]; events: readonly ControllerEvent[] } {
  const byKey = new Map<
    string,
    Omit<MirroredSlice, 'endpoints'> & { endpoints: Map<string, SliceEndpoint> }
  >();
  const skipped = { invalid: 0, total: 0 };
  for (const subset of subsets) {
    const ports = (subset.ports ?? []).map(slicePort);
    const { added, invalid, total } = endpointsOf(subset, maxPerSubset);
    skipped.invalid += invalid;
    skipped.total += total - added.length;
    for (const addressType of FAMILIES) {
      const key = mirroredKey(addressType, ports);
      const slice = byKey.get(key) ?? { key, addressType, ports, endpoints: new Map() };
      for (const { family, endpoint } of added) {
        if (family === addressType) slice.endpoints.set(identityOf(endpoint), endpoint);
      }
      if (slice.endpoints.size > 0) byKey.set(key, slice);
    }
  }
  const slices = [...byKey.values()].map(({ endpoints, ...slice }) => ({
    ...slice,
    endpoints: [...endpoints.values()].slice(0, maxPerSubset),
  }));
  return { slices, events: skippedEvents(skipped.invalid, skipped.total, maxPerSubset) };
}

/** An endpoint of a subset, and the family whose slice it goes to, whatever families the Service has. */
interface Mirrored {
  readonly family: Family;
  readonly endpoint: SliceEndpoint;
}

// Addresses that are none take no room; those behind the last that has room are not even looked at.
function endpointsOf(subset: EndpointSubset, max: number) {
  const { addresses = [], notReadyAddresses = [] } = subset;
  const added: Mirrored[] = [];
  let invalid = 0;
  const add = (list: readonly EndpointAddress[], ready: boolean): void => {
    for (const written of list) {
      if (added.length >= max) return;
      const { ip = '' }: Partial<EndpointAddress> = written;
      const address = parseAddress(ip);
      if (address === null) invalid++;
      else {
        const endpoint = sliceEndpoint(formatAddress(address), written, ready);
        added.push({ family: familyOf(address), endpoint });
      }
    }
  };
  add(addresses, true);
  add(notReadyAddresses, false);
  return { added, invalid, total: addresses.length + notReadyAddresses.length };
}

function sliceEndpoint(ip: string, { hostname, nodeName, targetRef }: EndpointAddress, ready: boolean) {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}

function slicePort({ name = '', port, protocol = 'TCP', appProtocol }: EndpointPort): EndpointSlicePort {
  return { name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) };
}

function skippedEvents(invalid: number, skipped: number, max: number): ControllerEvent[] {
  const events: ControllerEvent[] = [];
  if (invalid > 0) {
    const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
    events.push({ type: 'Warning', reason: 'InvalidIPAddress', message });
  }
  if (skipped > invalid) {
    const limit = `A max of ${max} addresses can be mirrored to EndpointSlices per Endpoints subset.`;
    const message = `${limit} ${skipped} addresses were skipped`;
    events.push({ type: 'Warning', reason: 'TooManyAddressesToMirror', message });
  }
  return events;
}

/** What slices have in common that one slice is kept of: family and ports, in whatever order. */
export function mirroredKey(
  addressType: EndpointSlice['addressType'],
  ports: readonly EndpointSlicePort[],
): string {
  const texts = ports.map(({ name = '', protocol = 'TCP', port, appProtocol }) =>
    JSON.stringify([name, protocol, port ?? null, appProtocol ?? null]),
  );
  return [addressType, ...texts.sort()].join('\n');
}

/** Labels and annotations of mirrored slices: those of the Endpoints, and the controller's own. */
export function mirroredMetadata({ metadata }: Endpoints): Pick<ObjectMeta, 'labels' | 'annotations'> {
  const { name, labels, annotations = {} } = metadata;
  const copied = Object.entries(annotations).filter(([key]) => !NOT_MIRRORED_ANNOTATIONS.has(key));
  return {
    labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MIRRORING_CONTROLLER },
    ...(copied.length === 0 ? {} : { annotations: Object.fromEntries(copied) }),
  };
}

/** Whether a slice has the endpoints that it should, in any order, and they are as they should be. */
export function sameMirroredEndpoints(
  endpoints: readonly SliceEndpoint[],
  wanted: readonly SliceEndpoint[],
): boolean {
  const found = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  return (
    endpoints.length === wanted.length &&
    wanted.every((endpoint) => {
      const other = found.get(identityOf(endpoint));
      return other !== undefined && sameBeyondIdentity(endpoint, other);
    })
  );
}

function identityOf({ addresses = [], hostname, targetRef }: SliceEndpoint): string {
  return [...[...addresses].sort(), hostname ?? '', targetRef?.namespace ?? '', targetRef?.name ?? ''].join(
    '\n',
  );
}

function sameBeyondIdentity(a: SliceEndpoint, b: SliceEndpoint): boolean {
  const conditionsOf = ({ conditions }: SliceEndpoint): (boolean | null)[] => [
    conditions?.ready ?? null,
    conditions?.serving ?? null,
    conditions?.terminating ?? null,
  ];
  const other = conditionsOf(b);
  return (
    conditionsOf(a).every((condition, index) => condition === other[index]) &&
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    sameTarget(a.targetRef, b.targetRef)
  );
}
