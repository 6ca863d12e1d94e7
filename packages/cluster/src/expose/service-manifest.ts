import type { Service, ServicePortSpec, ServiceSpec } from '@shunt/model';
import { numberError, parseInt32, parseInt64 } from './go-number.js';
import { type Refusal, refuse } from './kubectl-error.js';
import type { Labels } from './label-text.js';

/** Flags that `kubectl expose` hands on to the Service. An empty text is none. */
export interface ServiceFlags {
  readonly protocol?: string;
  /** A number, or the name of a container port; for every port. */
  readonly targetPort?: string;
  readonly type?: string;
  readonly externalIP?: string;
  /** An address, or `None`. */
  readonly clusterIP?: string;
  readonly sessionAffinity?: string;
  /** Read with type LoadBalancer only. */
  readonly loadBalancerIP?: string;
  readonly namespace?: string;
}

export interface ServiceRequest {
  readonly name: string;
  /** Labels of the Service itself. */
  readonly labels: Labels;
  readonly selector: Labels;
  /** Port numbers as typed. */
  readonly ports: readonly string[];
  /** The protocols that the exposed object has for a port number. */
  readonly protocols: ReadonlyMap<string, readonly string[]>;
  readonly flags: ServiceFlags;
}

/**
 * The Service that kubectl sends, before the API server fills anything in: nodePort is never set, and
 * values other than ports and session affinity go unchecked.
 * Source: pkg/cmd/expose/expose.go, createService (semantics 15.13 to 15.16).
 */
export function serviceManifest(
  request: ServiceRequest,
): { readonly error: null; readonly service: Service } | Refusal {
  const { name, labels, selector, flags } = request;
  const ports: ServicePortSpec[] = [];
  for (const [index, text] of request.ports.entries()) {
    const number = parseInt64(text);
    if (number === null) return refuse('portNotNumeric', numberError('Atoi', text));
    const port = Number(BigInt.asIntN(32, number));
    const targetPort = flags.targetPort ? (parseInt32(flags.targetPort) ?? flags.targetPort) : port;
    for (const { portName, protocol } of portNames(request, index, text)) {
      const named = portName === '' ? {} : { name: portName };
      ports.push({ ...named, protocol, port, targetPort } as ServicePortSpec);
    }
  }
  const { sessionAffinity, type, namespace } = flags;
  if (sessionAffinity && sessionAffinity !== 'None' && sessionAffinity !== 'ClientIP') {
    return refuse('badSessionAffinity', `unknown session affinity: ${sessionAffinity}`);
  }
  const spec = {
    selector,
    ...(ports.length === 0 ? {} : { ports }),
    ...(flags.externalIP ? { externalIPs: [flags.externalIP] } : {}),
    ...(type ? { type } : {}),
    ...(type === 'LoadBalancer' && flags.loadBalancerIP ? { loadBalancerIP: flags.loadBalancerIP } : {}),
    ...(sessionAffinity ? { sessionAffinity } : {}),
    ...(flags.clusterIP ? { clusterIP: flags.clusterIP } : {}),
  } as ServiceSpec;
  const metadata = {
    name,
    ...(namespace ? { namespace } : {}),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return { error: null, service: { apiVersion: 'v1', kind: 'Service', metadata, spec } };
}

/** One entry for each protocol of a port; names as soon as there are several entries of one list. */
function portNames(
  { ports, protocols, flags }: ServiceRequest,
  index: number,
  text: string,
): readonly { readonly portName: string; readonly protocol: string }[] {
  const several = protocols.get(text) ?? [];
  if (!flags.protocol && several.length > 1) {
    return several.map((protocol) => ({
      portName: `port-${index + 1}-${protocol.toLowerCase()}`,
      protocol,
    }));
  }
  const portName = ports.length > 1 ? `port-${index + 1}` : '';
  return [{ portName, protocol: flags.protocol || several[0] || 'TCP' }];
}
