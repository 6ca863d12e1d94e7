/** What cases of kubectl's output write in short, as objects of the API. */
import {
  checkStructure,
  type EndpointSlice,
  type Endpoints,
  type KubernetesObject,
  type Service,
} from '@shunt/model';

/** Addresses and ports as texts and numbers, or as the objects that they are. */
export interface ShortSubset {
  readonly addresses?: readonly unknown[];
  readonly notReadyAddresses?: readonly unknown[];
  readonly ports?: readonly unknown[];
}

/** `port` is a list of one; an endpoint is `[address, ready]` or the object that it is. */
export interface ShortSlice {
  readonly addressType?: string;
  readonly port?: unknown;
  readonly ports?: readonly unknown[];
  readonly endpoints?: readonly unknown[];
}

export interface ShortService {
  readonly name?: string;
  readonly clusterIP?: string;
  readonly ports?: Service['spec']['ports'];
}

const API_VERSIONS: Readonly<Record<string, string>> = { EndpointSlice: 'discovery.k8s.io/v1' };

/** An object of a case, which may lack its apiVersion. @returns what is wrong with it, if anything is */
export function objectOf(value: {
  readonly kind: string;
}): { readonly object: KubernetesObject } | { readonly problem: string } {
  const { object, diagnostics } = checkStructure({ apiVersion: API_VERSIONS[value.kind] ?? 'v1', ...value });
  if (object !== null) return { object };
  return { problem: diagnostics.map(({ message }) => message).join('; ') };
}

export function endpointsOf(subsets: readonly ShortSubset[]): ReturnType<typeof objectOf> {
  const addresses = (list: readonly unknown[] = []): unknown[] =>
    list.map((item) => (typeof item === 'string' ? { ip: item } : item));
  return objectOf({
    kind: 'Endpoints',
    metadata: { name: 'service' },
    subsets: subsets.map((subset) => ({
      addresses: addresses(subset.addresses),
      notReadyAddresses: addresses(subset.notReadyAddresses),
      ports: (subset.ports ?? []).map((item) => (typeof item === 'number' ? { port: item } : item)),
    })),
  } satisfies Short<Endpoints>);
}

export function sliceOf(slice: ShortSlice): ReturnType<typeof objectOf> {
  const { addressType = 'IPv4', port, ports = port === undefined ? [] : [port], endpoints = [] } = slice;
  return objectOf({
    kind: 'EndpointSlice',
    metadata: { name: 'service-abcde' },
    addressType,
    ports: ports.map((item) => (typeof item === 'number' ? { port: item } : item)),
    endpoints: endpoints.map((item) =>
      Array.isArray(item) ? { addresses: [item[0]], conditions: { ready: item[1] } } : item,
    ),
  } satisfies Short<EndpointSlice>);
}

export function serviceOf({ name = 'service', ...spec }: ShortService): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

/** The fields of an object, with values still to be checked. */
type Short<T> = { readonly kind: string; readonly metadata: object } & { readonly [K in keyof T]?: unknown };
