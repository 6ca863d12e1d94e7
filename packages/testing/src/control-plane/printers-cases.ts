import {
  describeEndpointSlice,
  describeEndpoints,
  describeService,
  getEndpointSlices,
  getEndpoints,
  getPods,
  getServices,
  type KubectlErrorClass,
  type Table,
  translatePodPortForward,
  translatePortForward,
} from '@shunt/cluster';
import {
  type EndpointSlice,
  type Endpoints,
  type KubernetesObject,
  type Pod,
  type Service,
  shape,
} from '@shunt/model';
import type { CaseKind, Check, ControlPlaneCase } from './case-kind.js';
import { differenceOf } from './compare.js';
import {
  endpointsOf,
  objectOf,
  type ReadObject,
  type ShortService,
  type ShortSlice,
  type ShortSubset,
  serviceOf,
  sliceOf,
} from './printed-objects.js';

/** What kubectl prints of an object, or what it forwards a port to. */
export interface PrintersCase extends ControlPlaneCase {
  /** `get service -o wide`, `describe endpoints`, `port-forward service`. */
  readonly print: string;
  readonly object?: KubernetesObject;
  /** Instead of an object: of Endpoints. */
  readonly subsets?: readonly ShortSubset[];
  /** Of an EndpointSlice, or the slices of the described Service. */
  readonly slices?: readonly ShortSlice[];
  /** The name of the described Service's port. */
  readonly servicePort?: string;
  /** The columns without AGE. */
  readonly columns?: readonly string[];
  readonly cells?: readonly string[];
  /** The cells ENDPOINTS and PORTS. */
  readonly endpointsCell?: string;
  readonly portsCell?: string;
  /** The field Endpoints of a described Service. */
  readonly endpointsField?: string;
  /** The whole description. */
  readonly text?: string;
  readonly service?: ShortService;
  /** The numbers of the Pod's named ports. */
  readonly podPorts?: Readonly<Record<string, number>>;
  readonly arg?: string | number;
  readonly forward?: string | number;
  /** What is wrong, in the case's words or in kubectl's. */
  readonly error?: string;
}

const { anything, integer, intOrString, list, mapOf, object, string, text } = shape;

const PRINTS = /^(get|describe) (services?|endpoints|endpointslices?|pods?)( -o wide)?$/;
const kubernetesObject = object(
  { kind: string(), metadata: object({ name: string() }, { required: ['name'], open: true }) },
  { required: ['kind', 'metadata'], open: true },
);
const port = intOrString(0, 65535);
const items = list(anything());
const caseShape = object(
  {
    name: string(),
    source: string(),
    note: string(),
    print: text(
      'a command of kubectl',
      (value) => PRINTS.test(value) || /^port-forward (service|pod)$/.test(value),
    ),
    object: kubernetesObject,
    subsets: list(object({ addresses: items, notReadyAddresses: items, ports: items })),
    slices: list(object({ addressType: string(), port: anything(), ports: items, endpoints: items })),
    servicePort: string(),
    columns: list(string()),
    cells: list(string()),
    endpointsCell: string(),
    portsCell: string(),
    endpointsField: string(),
    text: string(),
    service: object({
      name: string(),
      clusterIP: string(),
      ports: list(
        object(
          { name: string(), port: integer(0, 65535), targetPort: port, protocol: string() },
          { required: ['port'] },
        ),
      ),
    }),
    podPorts: mapOf(integer(0, 65535)),
    arg: port,
    forward: port,
    error: string(),
  },
  { required: ['name', 'print'] },
);

/** Cases of what kubectl prints. */
export const printersCases: CaseKind<PrintersCase> = {
  kind: 'printers',
  marks: ['print'],
  shape: caseShape,
  run: (written) => {
    const fields = Object.entries(written).filter(([, value]) => value !== null);
    const each = Object.fromEntries(fields) as unknown as PrintersCase;
    const checks = each.print.startsWith('port-forward') ? runForward(each) : runPrint(each);
    return checks.length > 0 ? checks : [{ what: 'case', difference: 'the case expects nothing' }];
  },
};

const ERROR_WORDS: { readonly [errorClass in KubectlErrorClass]?: string } = {
  serviceHasNoSuchPort: 'service has no such port',
  podHasNoSuchPort: 'pod has no such named port',
  podNotRunning: 'pod is not running',
  udpNotSupported: 'UDP is not supported',
};

function runForward(each: PrintersCase): Check[] {
  const { print, arg = '', service, podPorts = {}, object, forward, error } = each;
  const isPod = print === 'port-forward pod';
  const read = isPod ? (object === undefined ? null : objectOf(object)) : serviceOf(service ?? {});
  if (read === null || 'problem' in read) {
    return [{ what: 'object', difference: read?.problem ?? 'the case has no Pod' }];
  }
  const result = isPod
    ? translatePodPortForward(String(arg), read.object as Pod)
    : translatePortForward(String(arg), read.object as Service, podPorts);
  if (result.error === null) {
    const wanted = forward === undefined ? undefined : String(forward);
    return [
      { what: 'forward', difference: differenceOf(wanted, result.forward) },
      { what: 'error', difference: differenceOf(error, undefined) },
    ];
  }
  const { class: errorClass, message } = result.error;
  const said = error === message ? message : (ERROR_WORDS[errorClass] ?? message);
  return [{ what: 'error', difference: differenceOf(error, said) }];
}

function runPrint(each: PrintersCase): Check[] {
  const [, verb, kindWord = '', wide] = PRINTS.exec(each.print) ?? [];
  const kind = kindWord === 'endpoints' ? kindWord : kindWord.replace(/s$/, '');
  const slices = (each.slices ?? []).map(sliceOf);
  const read = each.object ? objectOf(each.object) : shortObject(kind, each, slices);
  for (const each of [read, ...slices]) {
    if (each !== null && 'problem' in each) return [{ what: 'object', difference: each.problem }];
  }
  if (read === null || 'problem' in read || read.object.kind.toLowerCase() !== kind) {
    return [{ what: 'object', difference: `the case has no ${kindWord}` }];
  }
  if (verb === 'get') return checkTable(each, tableOf(kind, read.object, wide !== undefined));
  const own = slices.flatMap((slice) => ('object' in slice ? [slice.object as EndpointSlice] : []));
  return checkText(each, textOf(kind, read.object, own));
}

function shortObject(
  kind: string,
  { subsets, servicePort, service }: PrintersCase,
  slices: readonly ReadObject[],
): ReadObject | null {
  switch (kind) {
    case 'endpoints':
      return subsets === undefined ? null : endpointsOf(subsets);
    case 'endpointslice':
      return slices[0] ?? null;
    case 'service': {
      const ports = servicePort === undefined ? [] : [{ name: servicePort, port: 80 }];
      return serviceOf(service ?? { ports });
    }
    default:
      return null;
  }
}

function tableOf(kind: string, object: KubernetesObject, wide: boolean): Table {
  switch (kind) {
    case 'service':
      return getServices([object as Service], { wide });
    case 'endpoints':
      return getEndpoints([object as Endpoints], { wide });
    case 'endpointslice':
      return getEndpointSlices([object as EndpointSlice], { wide });
    default:
      return getPods([object as Pod], { wide });
  }
}

function textOf(kind: string, object: KubernetesObject, slices: readonly EndpointSlice[]): string | null {
  switch (kind) {
    case 'service':
      return describeService(object as Service, slices);
    case 'endpoints':
      return describeEndpoints(object as Endpoints);
    case 'endpointslice':
      return describeEndpointSlice(object as EndpointSlice);
    default:
      return null;
  }
}

function checkTable({ columns, cells, endpointsCell, portsCell }: PrintersCase, table: Table): Check[] {
  const withoutAge = (list: readonly string[]): string[] => list.filter((_, i) => table.columns[i] !== 'AGE');
  const [row = []] = table.rows;
  const cellOf = (column: string): string | undefined => row[table.columns.indexOf(column)];
  return [
    ...checkOf('columns', columns, withoutAge(table.columns)),
    ...checkOf('cells', cells, withoutAge(row)),
    ...checkOf('endpointsCell', endpointsCell, cellOf('ENDPOINTS')),
    ...checkOf('portsCell', portsCell, cellOf('PORTS')),
  ];
}

function checkText({ text, endpointsField }: PrintersCase, described: string | null): Check[] {
  if (described === null) return [{ what: 'text', difference: 'Pods are not described' }];
  return [
    ...checkOf('text', text, described),
    ...checkOf('endpointsField', endpointsField, /^Endpoints: *(.*)$/m.exec(described)?.[1]),
  ];
}

function checkOf(what: string, expected: unknown, actual: unknown): Check[] {
  return expected === undefined ? [] : [{ what, difference: differenceOf(expected, actual) }];
}
