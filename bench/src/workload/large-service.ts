import type { Strategy } from '@shunt/compiler';
import {
  type EndpointSlice,
  formatAddress,
  type KubernetesObject,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';
import type { Random } from './random.js';
import { below } from './random.js';

/** As many endpoints as the EndpointSlice controller puts into one slice. */
export const ENDPOINTS_PER_SLICE = 100;

const POD_BASE = 0x0a800000;
const NAME = { namespace: 'large', name: 'service' };

/** One Service with thousands of endpoints, whose addresses are in no order, as a cluster hands them out. */
export function largeService(
  random: Random,
  endpointCount: number,
  balance: Strategy,
  endpointsPerSlice = ENDPOINTS_PER_SLICE,
): readonly KubernetesObject[] {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...NAME, annotations: { 'shunt.dev/balance': balance } },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'main', port: 80 }] },
  };
  const addresses = new Set<number>();
  while (addresses.size < endpointCount) addresses.add(POD_BASE + below(random, 2 ** 22));
  const slices: EndpointSlice[] = [];
  const list = [...addresses];
  for (let first = 0; first < endpointCount; first += endpointsPerSlice) {
    slices.push({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace: NAME.namespace,
        name: `${NAME.name}-${first}`,
        labels: { [SERVICE_NAME_LABEL]: NAME.name },
      },
      addressType: 'IPv4',
      ports: [{ name: 'main', port: 8080 }],
      endpoints: list.slice(first, first + endpointsPerSlice).map((address) => ({
        addresses: [formatAddress(address)],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: `node-${below(random, 100)}`,
      })),
    });
  }
  return [service, ...slices];
}
