import type { Service } from '@shunt/model';
import { labelsText } from './list-text.js';
import { objectTable } from './object-table.js';
import type { Table, TableOptions } from './table.js';

const LOAD_BALANCER_WIDTH = 16;

/** `kubectl get services`. Source: printers.go, printService (semantics 15.1 to 15.4). */
export function getServices(services: readonly Service[], options: TableOptions = {}): Table {
  const wide = options.wide === true;
  return objectTable(
    services,
    options,
    {
      columns: ['TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)'],
      cells: (service) => [
        serviceType(service),
        clusterIPText(service),
        externalIPText(service, wide),
        portsText(service),
      ],
    },
    { columns: ['SELECTOR'], cells: ({ spec }) => [labelsText(spec?.selector)] },
  );
}

function serviceType({ spec }: Service): string {
  return spec?.type ?? 'ClusterIP';
}

/** The first of two; `None` of a headless Service, `<none>` of one without. */
function clusterIPText({ spec }: Service): string {
  return spec?.clusterIPs?.[0] ?? (spec?.clusterIP || '<none>');
}

function externalIPText(service: Service, wide: boolean): string {
  const { externalIPs = [], externalName = '' } = service.spec ?? {};
  switch (serviceType(service)) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIPs.join(',') || '<none>';
    case 'LoadBalancer': {
      const ingress = ingressText(service, wide);
      return [...(ingress === '' ? [] : [ingress]), ...externalIPs].join(',') || '<pending>';
    }
    case 'ExternalName':
      return externalName;
    default:
      return '<unknown>';
  }
}

function ingressText({ status }: Service, wide: boolean): string {
  const places = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  const text = [...new Set(places.filter((place) => place !== ''))].sort().join(',');
  const isCut = !wide && text.length > LOAD_BALANCER_WIDTH;
  return isCut ? `${text.slice(0, LOAD_BALANCER_WIDTH - 3)}...` : text;
}

function portsText({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map(({ port, nodePort = 0, protocol = 'TCP' }) =>
    nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.join(',') || '<none>';
}
