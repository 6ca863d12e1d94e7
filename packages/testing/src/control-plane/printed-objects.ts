/** What cases of kubectl's output write in short, as objects of the API. */
import { withoutNulls } from '@shunt/cluster';
import { checkStructure, type KubernetesObject } from '@shunt/model';

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
  readonly ports?: readonly unknown[];
}

const API_VERSIONS: Readonly<Record<string, string>> = { EndpointSlice: 'discovery.k8s.io/v1' };

export type ReadObject = { readonly object: KubernetesObject } | { readonly problem: string };

/** An object of a case, which may lack its apiVersion. @returns what is wrong with it, if anything is */
export function objectOf<T extends { readonly kind: string }>(value: T): ReadObject {
  const apiVersion = API_VERSIONS[value.kind] ?? 'v1';
  const { object, diagnostics } = checkStructure(withoutNulls({ apiVersion, ...value }));
  if (object !== null) return { object };
  return {
    problem: diagnostics.map(({ message, object: at }) => `${at?.path ?? ''}: ${message}`).join('; '),
  };
}

export function endpointsOf(subsets: readonly ShortSubset[]): ReadObject {
  return objectOf({
    kind: 'Endpoints',
    metadata: { name: 'service' },
    subsets: subsets.map(({ addresses, notReadyAddresses, ports }) => ({
      addresses: (addresses ?? []).map(addressOf),
      notReadyAddresses: (notReadyAddresses ?? []).map(addressOf),
      ports: (ports ?? []).map(portOf),
    })),
  });
}

export function sliceOf({ addressType, port, ports, endpoints }: ShortSlice): ReadObject {
  return objectOf({
    kind: 'EndpointSlice',
    metadata: { name: 'service-abcde' },
    addressType: addressType ?? 'IPv4',
    ports: (ports ?? (port == null ? [] : [port])).map(portOf),
    endpoints: (endpoints ?? []).map((item) =>
      Array.isArray(item) ? { addresses: item.slice(0, 1), conditions: { ready: item[1] } } : item,
    ),
  });
}

export function serviceOf({ name, ...spec }: ShortService): ReadObject {
  return objectOf({ kind: 'Service', metadata: { name: name ?? 'service' }, spec });
}

function addressOf(item: unknown): unknown {
  return typeof item === 'string' ? { ip: item } : item;
}

function portOf(item: unknown): unknown {
  return typeof item === 'number' ? { port: item } : item;
}
