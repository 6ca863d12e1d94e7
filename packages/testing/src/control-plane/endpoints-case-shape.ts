import { shape } from '@shunt/model';
import type { ControlPlaneCase } from './case-kind.js';
import type { Packing, PackingExpectation } from './packing-case.js';

/** What endpoint controllers make of a Service with its Pods and Nodes, or of Endpoints written by hand. */
export interface EndpointsCase extends ControlPlaneCase {
  readonly objects?: readonly Readonly<Record<string, unknown>>[];
  readonly packing?: Packing;
  readonly expect: EndpointsExpectation & PackingExpectation;
}

export interface EndpointsExpectation {
  /** Slices made of Pods from nothing. */
  readonly endpointSlices?: readonly ExpectedSlice[];
  /** `null`: none is written. */
  readonly endpoints?: ExpectedEndpoints | null;
  readonly mirroredSlices?: readonly ExpectedSlice[];
}

type Texts = Readonly<Record<string, string>>;
type Values = Readonly<Record<string, unknown>>;

export interface ExpectedSlice {
  readonly addressType: string;
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly ports?: readonly Values[] | null;
  readonly endpoints?: readonly ExpectedEndpoint[] | null;
}

export interface ExpectedEndpoint extends Values {
  readonly addresses?: readonly string[];
  /** Plain names. */
  readonly hints?: { readonly forZones?: readonly string[]; readonly forNodes?: readonly string[] };
}

export interface ExpectedEndpoints {
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly subsets?: readonly ExpectedSubset[];
}

export interface ExpectedSubset {
  readonly addresses?: readonly Values[];
  readonly notReadyAddresses?: readonly Values[];
  readonly ports?: readonly Values[];
}

const { boolean, integer, list, mapOf, object, oneOf, string, text } = shape;

const count = integer(0, 100_000);
const texts = mapOf(string());
const port = object({ name: string(), port: integer(), protocol: string(), appProtocol: string() });
const targetRef = object({ kind: string(), namespace: string(), name: string(), uid: string() });

const endpoint = object(
  {
    addresses: list(string()),
    conditions: object({ ready: boolean(), serving: boolean(), terminating: boolean() }),
    hostname: string(),
    nodeName: string(),
    zone: string(),
    targetRef,
    hints: object({ forZones: list(string()), forNodes: list(string()) }),
  },
  { required: ['addresses'] },
);

const slice = object(
  {
    addressType: string(),
    labels: texts,
    annotations: texts,
    ports: list(port),
    endpoints: list(endpoint),
  },
  { required: ['addressType'] },
);

const address = object(
  { ip: string(), hostname: string(), nodeName: string(), targetRef },
  { required: ['ip'] },
);

const subset = object({ addresses: list(address), notReadyAddresses: list(address), ports: list(port) });

const written = object(
  { kind: oneOf('Service', 'Pod', 'Node', 'Endpoints'), metadata: object({}, { open: true }) },
  { required: ['kind', 'metadata'], open: true },
);

const packing = object({
  maxPerSlice: integer(1, 1000),
  existing: list(count),
  kept: list(count),
  new: count,
  desired: count,
  portsChanged: boolean(),
  serviceLabelsChanged: boolean(),
  existingAddressType: text('an address type other than IPv4', (value) => value !== 'IPv4'),
  serviceDeleting: boolean(),
  legacyEndpoints: boolean(),
  ready: count,
  notReady: count,
});

export const endpointsCaseShape = object(
  {
    name: string(),
    source: string(),
    note: string(),
    objects: list(written),
    packing,
    expect: object({
      endpointSlices: list(slice),
      endpoints: object({ labels: texts, annotations: texts, subsets: list(subset) }),
      mirroredSlices: list(slice),
      lengths: list(count),
      create: count,
      update: count,
      delete: count,
      addresses: count,
      notReadyAddresses: count,
      overCapacityAnnotation: string(),
    }),
  },
  { required: ['name', 'expect'] },
);
