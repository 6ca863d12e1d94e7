/** A trace as plain data: one JSON line of `shunt trace --packets`. */
import { formatAddress, formatEndpoint, type Packet } from '@shunt/model';
import { type Backend, type Frontend, type ServicePort, servicePortName } from '../ruleset/types.js';
import type { Reason } from './reason.js';
import type { Trace } from './tracer.js';

export interface FrontendRecord {
  readonly kind: Frontend['kind'];
  /** Of a node port: the address that the packet was sent to. */
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
}

/** `service` and `frontend` are absent where no frontend decided. */
export type TraceRecord =
  | {
      readonly verdict: 'dnat';
      /** `ip:port`, or `[ip6]:port`, each. */
      readonly candidates: readonly string[];
      /** Absent when the packet does not decide it. */
      readonly endpoint?: string;
      readonly masquerade: boolean;
      readonly masqueradeFor: readonly string[];
      readonly service: string;
      readonly frontend: FrontendRecord;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly verdict: 'reject' | 'drop' | 'accept' | 'none';
      readonly service?: string;
      readonly frontend?: FrontendRecord;
      readonly reasons: readonly Reason[];
    };

export function traceRecord(trace: Trace): TraceRecord {
  const { evaluation, packet, reasons } = trace;
  const { servicePort, frontend, verdict } = evaluation;
  const match =
    servicePort === null || frontend === null
      ? null
      : { service: servicePortName(servicePort), frontend: frontendRecord(servicePort, frontend, packet) };
  if (verdict !== 'dnat' || match === null) {
    return { verdict: verdict === 'dnat' ? 'none' : verdict, ...match, reasons };
  }
  return {
    verdict,
    candidates: evaluation.candidates.map(label),
    ...(trace.endpoint === null ? {} : { endpoint: label(trace.endpoint) }),
    masquerade: trace.masquerade,
    masqueradeFor: trace.masqueradeFor.map(label),
    ...match,
    reasons,
  };
}

function frontendRecord(servicePort: ServicePort, frontend: Frontend, packet: Packet): FrontendRecord {
  return {
    kind: frontend.kind,
    address: formatAddress(frontend.address ?? packet.destination),
    port: frontend.port,
    protocol: servicePort.protocol,
  };
}

function label(backend: Backend): string {
  return formatEndpoint(backend.address, backend.port);
}
