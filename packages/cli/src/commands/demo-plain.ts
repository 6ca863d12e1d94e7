import { type LoadBalancerPool, selects } from '@shunt/cluster';
import { type Trace, Tracer } from '@shunt/compiler';
import {
  address,
  type ClusterState,
  type Family,
  familyOf,
  namespaceOf,
  parseAddress,
  type Service,
} from '@shunt/model';
import type { LoadedInput } from '../input/load-input.js';
import { membershipOf } from '../input/load-manifests.js';
import { columns } from '../print/columns.js';
import { backendText } from '../print/packet-text.js';
import { portsText } from '../print/service-ports.js';
import type { Style } from '../print/style.js';
import { traceLine } from '../print/trace-line.js';
import { ownerText } from '../print/trace-text.js';
import { wrap } from '../print/wrap.js';

/** What the demonstration gives to load balancers. */
export const DEMO_POOL: LoadBalancerPool = {
  name: 'public',
  ranges: [
    { first: address('203.0.113.10'), last: address('203.0.113.99') },
    { first: address('2001:db8:20::10'), last: address('2001:db8:20::99') },
  ],
};

const NAMESPACE = 'shop';
/** A Pod that is no endpoint has its labels, too. */
const TRACED = 'orders';
const SOURCE = { source: address('10.244.1.99'), sourcePort: 40001 } as const;
const LABEL_WIDTH = 10;

/** What the control plane makes of manifests without addresses, and where a packet to one of them goes. */
export function plainShopText({ input, manifests }: LoadedInput, style: Style, width: number): string {
  const { state } = input;
  const shown = state.list('Service').filter((it) => namespaceOf(it) === NAMESPACE);
  shown.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const head = ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'READY'];
  const table = columns(
    head,
    shown.flatMap((service) => familyRows(service, state)),
  );
  const tracer = new Tracer(input, { membership: membershipOf(manifests) });
  const traced = shown.find(({ metadata }) => metadata.name === TRACED);
  const destination = parseAddress(traced?.spec.clusterIPs?.[0] ?? '');
  const port = traced?.spec.ports?.[0]?.port;
  if (destination === null || port === undefined) return table;
  const trace = tracer.trace({ protocol: 'TCP', ...SOURCE, destination, destinationPort: port });
  return `${table}\n${traceLine(trace, style)}\n${podLines(trace, width).join('\n')}\n`;
}

/** A row for each family that a Service has: all that kubectl shows is of the first. */
function familyRows(service: Service, state: ClusterState): string[][] {
  const { clusterIPs = [], ipFamilies = [], type = 'ClusterIP' } = service.spec;
  const external = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  return ipFamilies.map((family, i) => [
    i === 0 ? service.metadata.name : '',
    i === 0 ? type : '',
    clusterIPs[i] ?? '<none>',
    external.find((it) => isOf(family, it)) ?? '<none>',
    i === 0 ? portsText(service) : '',
    readyText(service, family, state),
  ]);
}

function isOf(family: Family, text: string): boolean {
  const parsed = parseAddress(text);
  return parsed !== null && familyOf(parsed) === family;
}

/** How many ready endpoints there are for how many Pods that the selector matches. */
function readyText(service: Service, family: Family, state: ClusterState): string {
  const slices = state.slicesOf(namespaceOf(service), service.metadata.name);
  const endpoints = slices.flatMap((it) => (it.addressType === family ? (it.endpoints ?? []) : []));
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  const pods = state.list('Pod').filter((pod) => selects(service, pod));
  return `${ready.length} of ${pods.length}`;
}

/** Which Pods there are, which one takes the flow, and which is none of the endpoints. */
function podLines({ reasons, endpoint, endpoints }: Trace, width: number): string[] {
  const picked = endpoints.find((it) => endpoint !== null && it.endpoint.key === backendText(endpoint));
  const texts: [string, string | undefined][] = [
    ['selector', reasons.find(({ step }) => step === 'selector')?.text.replace(/^selector /, '')],
    ['endpoint', picked === undefined ? undefined : `${ownerText(picked)} takes this flow`],
    ['pod', reasons.find(({ step }) => step === 'pod')?.text.replace(/^Pod /, '')],
  ];
  return texts.flatMap(([label, text]) => {
    if (text === undefined) return [];
    const lines = wrap(text, width - LABEL_WIDTH - 2);
    return lines.map((line, i) => `  ${(i === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`);
  });
}
