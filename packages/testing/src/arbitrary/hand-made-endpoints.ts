import { type EndpointAddress, type EndpointSubset, type Endpoints, SKIP_MIRROR_LABEL } from '@shunt/model';
import * as fc from 'fast-check';
import { ENDPOINT_ADDRESSES, NAMESPACES, NODE_NAMES, SERVICE_NAMES, TARGET_PORTS } from '../universe.js';
import { prune } from './prune.js';
import { maybe, protocols, rarely } from './services.js';

export interface HandMadeEndpointsOptions {
  /** Default: those of {@link writtenServices}. */
  readonly names?: readonly string[];
  /** Default: `ns1` and `ns2`. */
  readonly namespaces?: readonly string[];
}

/**
 * Endpoints objects that an API server takes, as people write them for Services without a selector: of
 * both families, with an address in several subsets, now and then not to be mirrored.
 */
export function handMadeEndpoints(options: HandMadeEndpointsOptions = {}): fc.Arbitrary<Endpoints> {
  const { names = SERVICE_NAMES, namespaces = NAMESPACES } = options;
  return fc
    .record({
      name: fc.constantFrom(...names),
      namespace: fc.constantFrom(...namespaces),
      labels: rarely(fc.constantFrom({ app: 'web' }, { [SKIP_MIRROR_LABEL]: 'true' })),
      annotations: rarely(fc.constant({ team: 'shop' })),
      subsets: fc.array(subsets, { maxLength: 3 }),
    })
    .map(
      ({ subsets: written, ...metadata }) =>
        prune({ apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: written }) as Endpoints,
    );
}

// The last addresses are a Node's own, which is as right as any other.
const endpointAddresses: fc.Arbitrary<EndpointAddress> = fc
  .record({
    ip: fc.constantFrom(...ENDPOINT_ADDRESSES.IPv4, ...ENDPOINT_ADDRESSES.IPv6),
    hostname: rarely(fc.constantFrom('host-1', 'host-2')),
    nodeName: rarely(fc.constantFrom(...NODE_NAMES)),
  })
  .map((draft) => prune(draft) as EndpointAddress);

const ports = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('http', 'dns', 'p80'),
    port: fc.constantFrom(...TARGET_PORTS),
    protocol: maybe(protocols),
  }),
  { maxLength: 2, selector: ({ name }) => name },
);

const subsets: fc.Arbitrary<EndpointSubset> = fc
  .record({
    addresses: fc.array(endpointAddresses, { minLength: 1, maxLength: 4 }),
    notReadyAddresses: rarely(fc.array(endpointAddresses, { maxLength: 2 })),
    ports: maybe(ports),
  })
  .map((draft) => prune(draft) as EndpointSubset);
