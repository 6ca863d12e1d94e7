import { type ObjectReference, referenceTo } from '@shunt/model';
import type { NodeView } from '../config.js';
import { type EndpointList, isAllowed, isLastResort } from '../resolve/categorize.js';
import type { Endpoint } from '../resolve/endpoint.js';
import type { ResolvedPort } from '../resolve/resolve-port.js';
import { weightReference } from '../resolve/slice-weight.js';
import type { PoolName } from '../ruleset/types.js';
import type { Reason } from './reason.js';

/** Whether one endpoint is in a pool, and why not. */
export interface EndpointExplanation {
  readonly endpoint: Endpoint;
  readonly eligible: boolean;
  readonly reason: Reason;
}

/** Every endpoint of a service port, with its reason to be in one of its pools or not. */
export function explainEndpoints(port: ResolvedPort, pool: PoolName, node: NodeView): EndpointExplanation[] {
  const list = pool === 'cluster' ? port.categories.cluster : port.categories.local;
  const members = new Set(list?.endpoints);
  return port.endpoints.map((endpoint) => {
    const eligible = members.has(endpoint);
    const { text, path } = eligible
      ? whyIncluded(endpoint, list?.fallback ?? false)
      : whyExcluded(endpoint, port, pool, list, node);
    return {
      endpoint,
      eligible,
      reason: {
        step: 'endpoint',
        text: `${nameOf(endpoint)} is ${eligible ? 'eligible' : 'not eligible'}: ${text}`,
        object: path === WEIGHT ? weightReference(endpoint.slice) : endpointReference(endpoint, path),
      },
    };
  });
}

/** Where an endpoint is written, or one of its fields. */
export function endpointReference(endpoint: Endpoint, path?: string): ObjectReference {
  const entry = `endpoints[${endpoint.index}]`;
  return referenceTo(endpoint.slice, path === undefined ? entry : `${entry}.${path}`);
}

interface Because {
  readonly text: string;
  /** Of the endpoint, but for {@link WEIGHT}. */
  readonly path: string;
}

/** Stands for the slice's weight, which is not a field of the endpoint. */
const WEIGHT = 'weight';

function whyIncluded({ weight }: Endpoint, fallback: boolean): Because {
  const weighted = weight === 1 ? '' : `, weight ${weight}`;
  if (!fallback) return { text: `ready${weighted}`, path: 'conditions.ready' };
  const text = `terminating, but still serving, and no endpoint is ready${weighted}`;
  return { text, path: 'conditions.terminating' };
}

function whyExcluded(
  endpoint: Endpoint,
  { categories }: ResolvedPort,
  pool: PoolName,
  list: EndpointList | null,
  node: NodeView,
): Because {
  if (list === null) return { text: `no traffic of the port uses the ${pool} list`, path: 'addresses' };
  if (pool === 'local' && !endpoint.local) {
    const where = endpoint.slice.endpoints?.[endpoint.index]?.nodeName;
    const text = where
      ? `it is on node ${where}, and the policy is Local`
      : 'it names no node, and the policy is Local';
    return { text, path: 'nodeName' };
  }
  if (endpoint.weight === 0) return { text: 'its slice has weight 0: no new flows', path: WEIGHT };
  if (endpoint.ready) {
    if (pool === 'cluster' && !isAllowed(endpoint, categories.topology, node))
      return otherTopology(endpoint, categories.topology, node);
    return { text: 'its address and port are listed by another slice entry', path: 'addresses' };
  }
  if (isLastResort(endpoint)) {
    return { text: 'terminating; used only when nothing is ready', path: 'conditions.terminating' };
  }
  if (endpoint.terminating) return { text: 'terminating, and it serves no more', path: 'conditions.serving' };
  return { text: 'not ready', path: 'conditions.ready' };
}

function otherTopology(endpoint: Endpoint, topology: string, node: NodeView): Because {
  if (topology === 'PreferSameNode') {
    return {
      text: `hinted for node ${endpoint.nodeHints.join(', ')}, not for ${node.name}`,
      path: 'hints.forNodes',
    };
  }
  return {
    text: `hinted for zone ${endpoint.zoneHints.join(', ')}, not for ${node.zone}`,
    path: 'hints.forZones',
  };
}

/** `10.0.1.5:8080 (Pod shop/cart-7d9f on node-a)`. */
function nameOf(endpoint: Endpoint): string {
  const written = endpoint.slice.endpoints?.[endpoint.index];
  const target = written?.targetRef;
  const pod = target?.name ? `${target.kind ?? 'Pod'} ${target.name}` : '';
  const place = written?.nodeName ? `on ${written.nodeName}` : '';
  const details = [pod, place].filter((part) => part !== '').join(' ');
  return details === '' ? endpoint.key : `${endpoint.key} (${details})`;
}
