import type { Action, Backend, Frontend, Pool, PoolName, ServicePort } from '@shunt/compiler';
import { servicePortName } from '@shunt/compiler';
import { formatAddress, formatCidr, ORIGINS } from '@shunt/model';
import { columns } from '../print/columns.js';
import { listNames } from '../print/list-names.js';
import { backendText } from '../print/packet-text.js';

/** A table to be read, and the same as data. */
export interface Listing {
  readonly text: () => string;
  readonly data: () => unknown;
}

/** What packets can match. */
export function frontendTable(ports: readonly ServicePort[]): Listing {
  const rows = ports.flatMap((port) => port.frontends.map((frontend) => ({ port, frontend })));
  return {
    text: () =>
      columns(
        ['SERVICE', 'KIND', 'ADDRESS', 'PORT', 'FROM POD', 'FROM NODE', 'FROM OUTSIDE', 'SOURCE RANGES'],
        rows.map(({ port, frontend }) => [
          servicePortName(port),
          frontend.kind,
          addressText(port, frontend),
          `${frontend.port}/${port.protocol}`,
          ...ORIGINS.map((origin) => actionText(frontend.actions[origin], port)),
          frontend.sourceRanges?.map(formatCidr).join(',') ?? '<all>',
        ]),
      ),
    data: () =>
      rows.map(({ port, frontend: { kind, address, port: number, sourceRanges, actions } }) => ({
        service: servicePortName(port),
        family: port.family,
        kind,
        address: address === null ? null : formatAddress(address),
        port: number,
        protocol: port.protocol,
        sourceRanges: sourceRanges?.map(formatCidr) ?? null,
        actions,
      })),
  };
}

/** Where they can go. */
export function poolTable(ports: readonly ServicePort[]): Listing {
  const rows = ports.flatMap((port) => poolsOf(port).map(([name, pool]) => ({ port, name, pool })));
  return {
    text: () =>
      columns(
        ['SERVICE', 'PROTOCOL', 'FAMILY', 'POOL', 'BALANCE', 'SLOTS', 'BACKENDS'],
        rows.map(({ port, name, pool }) => [
          servicePortName(port),
          port.protocol,
          port.family,
          name,
          pool.strategy,
          String(pool.slots.length),
          pool.backends.length === 0 ? '<none>' : listNames(pool.backends.map(weightedText), 4),
        ]),
      ),
    data: () =>
      rows.map(({ port, name, pool }) => ({
        service: servicePortName(port),
        family: port.family,
        protocol: port.protocol,
        pool: name,
        strategy: pool.strategy,
        slotCount: pool.slots.length,
        backends: pool.backends.map((it) => ({
          endpoint: backendText(it),
          local: it.local,
          weight: it.weight,
        })),
      })),
  };
}

function poolsOf(port: ServicePort): [PoolName, Pool][] {
  const pools: [PoolName, Pool][] = [];
  if (port.clusterPool !== null) pools.push(['cluster', port.clusterPool]);
  if (port.localPool !== null) pools.push(['local', port.localPool]);
  return pools;
}

/** `10.244.1.5:8080`, with its weight if it is not 1. */
function weightedText(backend: Backend): string {
  return backend.weight === 1 ? backendText(backend) : `${backendText(backend)} weight ${backend.weight}`;
}

function addressText(port: ServicePort, { address }: Frontend): string {
  return address === null ? `<node ${port.family}>` : formatAddress(address);
}

/** `cluster(3)`, with a + when the flow is masqueraded. */
function actionText(action: Action, port: ServicePort): string {
  if (action.verdict !== 'forward') return action.verdict;
  const pool = action.pool === 'cluster' ? port.clusterPool : port.localPool;
  return `${action.pool}(${pool?.backends.length ?? 0})${action.masquerade === 'always' ? '+masq' : ''}`;
}
