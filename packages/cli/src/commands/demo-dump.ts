import { type Trace, Tracer } from '@shunt/compiler';
import { namespaceOf, type Packet, type Service } from '@shunt/model';
import type { LoadedInput } from '../input/load-input.js';
import { columns } from '../print/columns.js';
import { portsText } from '../print/service-ports.js';
import type { Style } from '../print/style.js';
import { wrappedTraceLine } from '../print/trace-line.js';

const NAMESPACE = 'shop';
/** How many traces of a verdict are shown. */
const SHOWN = { dnat: 4, reject: 2, drop: 2, accept: 1, none: 1 } as const;

/** How many endpoints the Services of a dump can use on a node, and where some packets go there. */
export function dumpedShopText(
  { input }: LoadedInput,
  tracer: Tracer,
  packets: readonly Packet[],
  style: Style,
  width: number,
): string {
  const iptables = new Tracer({ ...input, config: { ...input.config, mode: 'iptables' } });
  const traces = [
    ...packets.map((it) => tracer.trace(it)),
    ...packets.map((it) => iptables.trace(it)).filter(isAccept),
  ];
  const lines = pickTraces(traces).map((it) => `${wrappedTraceLine(it, style, width)}\n`);
  return (
    `${serviceTable(input.state.list('Service'), tracer)}\n` +
    `${style.bold('Where packets go')} (accept exists in iptables mode only)\n\n${lines.join('')}`
  );
}

function serviceTable(services: readonly Service[], tracer: Tracer): string {
  const shown = services.filter((it) => namespaceOf(it) === NAMESPACE);
  const rows = shown.map((service) => [
    service.metadata.name,
    service.spec.type ?? 'ClusterIP',
    service.spec.clusterIPs?.[0] ?? '<none>',
    portsText(service),
    endpointsOf(service, tracer),
  ]);
  rows.sort((a, b) => (a.join('/') < b.join('/') ? -1 : 1));
  const others = new Set(services.map(namespaceOf).filter((it) => it !== NAMESPACE));
  return (
    columns(['NAME', 'TYPE', 'CLUSTER-IP', 'PORT(S)', 'USABLE HERE'], rows) +
    `and ${services.length - shown.length} in ${[...others].sort().join(', ')}\n`
  );
}

/** Of the first port in the first family: how many endpoints Cluster policy may use, and how many are local. */
function endpointsOf(service: Service, { resolution }: Tracer): string {
  const port = resolution.ruleset.servicePorts.find(
    (it) => it.namespace === namespaceOf(service) && it.name === service.metadata.name,
  );
  const resolved = port === undefined ? undefined : resolution.ports.get(port);
  if (port === undefined || resolved === undefined) return '-';
  const pool = port.clusterPool ?? port.localPool;
  const local = pool?.backends.filter((it) => it.local).length ?? 0;
  return `${pool?.backends.length ?? 0} of ${resolved.endpoints.length}${local > 0 ? `, ${local} local` : ''}`;
}

function isAccept({ evaluation }: Trace): boolean {
  return evaluation.verdict === 'accept';
}

/** A few translations of different kinds of frontends, and one or two of every other verdict. */
function pickTraces(traces: readonly Trace[]): Trace[] {
  const order = ['dnat', 'reject', 'drop', 'accept', 'none'] as const;
  return order.flatMap((verdict) => {
    const seen = new Set<unknown>();
    const different = traces.filter(({ evaluation, reasons }) => {
      const key = verdict === 'dnat' ? evaluation.frontend?.kind : reasons.at(-1)?.object.name;
      if (evaluation.verdict !== verdict || seen.has(key)) return false;
      seen.add(key);
      return true;
    });
    return different.slice(0, SHOWN[verdict]);
  });
}
