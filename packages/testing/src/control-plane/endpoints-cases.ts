import {
  endpointsFor,
  mirrorEndpoints,
  reconcileSlices,
  selects,
  TRIGGER_TIME_ANNOTATION,
  withoutNulls,
} from '@shunt/cluster';
import {
  checkStructure,
  type EndpointSlice,
  type Endpoints,
  type KubernetesObject,
  type Node,
  type Pod,
  type Service,
} from '@shunt/model';
import type { CaseKind, Check } from './case-kind.js';
import { asSet, canonicalText, differenceOf } from './compare.js';
import {
  type EndpointsCase,
  type EndpointsExpectation,
  type ExpectedEndpoints,
  type ExpectedSlice,
  endpointsCaseShape,
} from './endpoints-case-shape.js';
import { packingChecks } from './packing-case.js';

export const endpointsCases: CaseKind<EndpointsCase> = {
  kind: 'endpoints',
  marks: ['packing', 'objects'],
  shape: endpointsCaseShape,
  run: runEndpointsCase,
};

function runEndpointsCase({ objects, packing, expect }: EndpointsCase): readonly Check[] {
  if (Object.keys(expect).length === 0) return [wrong('expect', 'nothing is expected')];
  if ((objects === undefined) === (packing === undefined)) {
    return [wrong('packing', 'a case has either objects or a packing')];
  }
  if (packing !== undefined) return packingChecks(packing, expect);
  const read = (objects ?? []).map((it) => checkStructure(withoutNulls({ apiVersion: 'v1', ...it })));
  const unreadable = read.flatMap(({ object, diagnostics }) => (object === null ? diagnostics : []));
  if (unreadable.length > 0) return unreadable.map(({ message }) => wrong('objects', message));
  const cluster = clusterOf(read.flatMap(({ object }) => object ?? []));
  return typeof cluster === 'string' ? [wrong('objects', cluster)] : clusterChecks(cluster, expect);
}

function wrong(what: string, difference: string): Check {
  return { what, difference };
}

interface Cluster {
  readonly service: Service | undefined;
  readonly endpoints: Endpoints | undefined;
  /** Those that the Service selects. */
  readonly pods: readonly Pod[];
  readonly nodes: ReadonlyMap<string, Node>;
}

function clusterOf(objects: readonly KubernetesObject[]): Cluster | string {
  const ofKind = <Kind extends KubernetesObject>(kind: Kind['kind']): Kind[] =>
    objects.filter((it): it is Kind => it.kind === kind);
  const [service, secondService] = ofKind<Service>('Service');
  const [endpoints, secondEndpoints] = ofKind<Endpoints>('Endpoints');
  if (secondService !== undefined || secondEndpoints !== undefined) {
    return 'there is more than one Service or Endpoints object';
  }
  const pods = ofKind<Pod>('Pod').filter((pod) => service !== undefined && selects(service, pod));
  const nodes = new Map(ofKind<Node>('Node').map((node) => [node.metadata.name, node]));
  return { service, endpoints, pods, nodes };
}

function clusterChecks(cluster: Cluster, expect: EndpointsExpectation): Check[] {
  return Object.keys(expect).map((what): Check => {
    switch (what) {
      case 'endpointSlices':
        return { what, difference: slicesDifference(expect.endpointSlices ?? [], slicesOf(cluster)) };
      case 'mirroredSlices':
        return { what, difference: slicesDifference(expect.mirroredSlices ?? [], mirroredOf(cluster)) };
      case 'endpoints':
        return { what, difference: endpointsDifference(expect.endpoints ?? null, cluster) };
      default:
        return wrong(what, 'belongs to a packing');
    }
  });
}

function slicesOf({ service, pods, nodes }: Cluster): readonly EndpointSlice[] {
  if (service === undefined) return [];
  const nodeOf = (name: string): Node | undefined => nodes.get(name);
  const input = { service, pods, nodeOf, nodes: () => nodes.values(), existing: [], newName: namer() };
  return reconcileSlices(input).changes.create;
}

function mirroredOf({ service, endpoints }: Cluster): readonly EndpointSlice[] {
  return mirrorEndpoints({ service, endpoints, existing: [], newName: namer() }).changes.create;
}

function namer(): (prefix: string) => string {
  let number = 0;
  return (prefix) => `${prefix}${number++}`;
}

/** Names, owners and times are not compared; labels, annotations and uids only where a case lists some. */
function slicesDifference(
  expected: readonly ExpectedSlice[],
  slices: readonly EndpointSlice[],
): string | null {
  const found = slices.map(({ addressType, metadata, ports, endpoints }) => {
    const { [TRIGGER_TIME_ANNOTATION]: _, ...annotations } = metadata.annotations ?? {};
    const hinted = endpoints?.map(({ hints, ...endpoint }) => ({
      ...endpoint,
      hints: hints && { forZones: hints.forZones?.map(nameOf), forNodes: hints.forNodes?.map(nameOf) },
    }));
    return { addressType, labels: metadata.labels, annotations, ports, endpoints: hinted };
  });
  return listedDifference(expected, found);
}

function endpointsDifference(expected: ExpectedEndpoints | null, { service, pods }: Cluster): string | null {
  const endpoints = service === undefined ? null : endpointsFor(service, pods);
  if (expected === null || endpoints === null) return differenceOf(expected, endpoints);
  const { labels, annotations } = endpoints.metadata;
  return listedDifference(expected, { labels, annotations, subsets: endpoints.subsets });
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

const ONLY_IF_LISTED = ['labels', 'annotations', 'uid'];

function listedDifference(expected: unknown, found: unknown): string | null {
  const text = canonicalText(expected);
  const unlisted = ONLY_IF_LISTED.filter((key) => !text.includes(`"${key}":`));
  return differenceOf(comparable(withoutNulls(expected), []), comparable(found, unlisted));
}

/** Lists as sets, nothing that is empty, and some keys left out. */
function comparable(value: unknown, leftOut: readonly string[]): unknown {
  if (Array.isArray(value)) return asSet(value.map((item) => comparable(item, leftOut)));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key, field]) => !leftOut.includes(key) && !isEmpty(field));
  return Object.fromEntries(fields.map(([key, field]) => [key, comparable(field, leftOut)]));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && (value === null || Object.keys(value).length === 0);
}
