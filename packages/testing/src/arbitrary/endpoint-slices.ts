import { WEIGHT_ANNOTATION } from '@shunt/compiler';
import {
  type EndpointSlice,
  type EndpointSlicePort,
  SERVICE_NAME_LABEL,
  type Service,
  type SliceEndpoint,
} from '@shunt/model';
import * as fc from 'fast-check';
import { ENDPOINT_ADDRESSES, NODE_NAMES, PORT_NAMES, TARGET_PORTS, ZONES } from '../universe.js';
import { prune } from './prune.js';
import { maybe, protocols, rarely } from './services.js';

/** An EndpointSlice that is still to be told its name and Service. */
export interface SliceDraft {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  /** `null`: the ports of the Service, with its names. */
  readonly ports: readonly EndpointSlicePort[] | null;
  readonly targetPort: number;
  readonly endpoints: readonly EndpointDraft[];
  /** The value of the annotation shunt.dev/weight. */
  readonly weight: string | undefined;
}

/** An endpoint by its place in the universe's addresses, since the family is the slice's. */
export interface EndpointDraft {
  readonly addressIndex: number;
  readonly noAddress: boolean;
  readonly conditions: SliceEndpoint['conditions'] | undefined;
  readonly nodeName: string | undefined;
  readonly hints: SliceEndpoint['hints'] | undefined;
}

/** nil counts as ready and serving; ready but not serving, and terminating but ready, are legal objects. */
export const conditions: fc.Arbitrary<SliceEndpoint['conditions']> = fc
  .oneof(
    // Mostly ready, else most Services would have no endpoints.
    { weight: 3, arbitrary: fc.constant({ ready: true, serving: true, terminating: false }) },
    fc.constantFrom(
      { ready: false, serving: true, terminating: true },
      { ready: false, serving: false, terminating: true },
      { ready: false, serving: true, terminating: false },
    ),
    fc.record({
      ready: fc.constantFrom(undefined, null, true, false),
      serving: fc.constantFrom(undefined, null, true, false),
      terminating: fc.constantFrom(undefined, null, true, false),
    }),
  )
  .map((draft) => prune(draft) as NonNullable<SliceEndpoint['conditions']>);

const hints: fc.Arbitrary<SliceEndpoint['hints']> = fc
  .record({
    forZones: maybe(nameLists(ZONES)),
    forNodes: rarely(nameLists(NODE_NAMES)),
  })
  .map((draft) => prune(draft) as NonNullable<SliceEndpoint['hints']>);

function nameLists(names: readonly string[]): fc.Arbitrary<{ name: string }[]> {
  return fc.subarray([...names], { minLength: 1 }).map((picked) => picked.map((name) => ({ name })));
}

export const endpoints: fc.Arbitrary<EndpointDraft> = fc.record({
  addressIndex: fc.nat({ max: ENDPOINT_ADDRESSES.IPv4.length - 1 }),
  noAddress: fc.integer({ min: 0, max: 19 }).map((roll) => roll === 19),
  conditions: maybe(conditions),
  nodeName: fc.constantFrom(...NODE_NAMES, undefined),
  hints: maybe(hints),
});

export const slicePorts: fc.Arbitrary<EndpointSlicePort> = fc
  .record({
    name: fc.constantFrom(...PORT_NAMES, undefined),
    protocol: maybe(protocols),
    port: fc.constantFrom(...TARGET_PORTS, 0, undefined),
  })
  .map((draft) => prune(draft) as EndpointSlicePort);

/** Values of the annotation shunt.dev/weight: the last is none, and counts as 1. */
export const weights = fc.constantFrom('2', '0', '1', '9', '256', 'heavy');

export function sliceDrafts(maxEndpoints: number): fc.Arbitrary<SliceDraft> {
  return fc.record({
    addressType: fc.oneof(
      { weight: 6, arbitrary: fc.constant('IPv4' as const) },
      { weight: 5, arbitrary: fc.constant('IPv6' as const) },
      { weight: 1, arbitrary: fc.constant('FQDN' as const) },
    ),
    ports: fc.oneof(
      { weight: 5, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.array(slicePorts, { maxLength: 3 }) },
    ),
    targetPort: fc.constantFrom(...TARGET_PORTS),
    endpoints: fc.array(endpoints, { maxLength: maxEndpoints }),
    weight: rarely(weights),
  });
}

/** The slice of a draft, with the ports of the Service it belongs to. */
export function buildSlice(name: string, service: Service, draft: SliceDraft): EndpointSlice {
  return prune({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: service.metadata.namespace,
      name,
      labels: { [SERVICE_NAME_LABEL]: service.metadata.name },
      annotations: draft.weight === undefined ? undefined : { [WEIGHT_ANNOTATION]: draft.weight },
    },
    addressType: draft.addressType,
    ports: draft.ports ?? portsOf(service, draft.targetPort),
    endpoints: draft.endpoints.map((endpoint) => buildEndpoint(draft.addressType, endpoint)),
  }) as EndpointSlice;
}

/** The endpoint of a draft in a slice of this address type. */
export function buildEndpoint(addressType: SliceDraft['addressType'], draft: EndpointDraft): SliceEndpoint {
  const address =
    addressType === 'FQDN' ? 'pod.example.org' : (ENDPOINT_ADDRESSES[addressType][draft.addressIndex] ?? '');
  return prune({
    addresses: draft.noAddress ? [] : [address],
    conditions: draft.conditions,
    nodeName: draft.nodeName,
    hints: draft.hints,
  }) as SliceEndpoint;
}

function portsOf(service: Service, targetPort: number): EndpointSlicePort[] {
  const ports = service.spec.ports ?? [];
  return ports.map(({ name = '', protocol = 'TCP' }, index) => ({
    name,
    protocol,
    port: targetPort + index,
  }));
}
