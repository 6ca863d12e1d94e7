/** Clusters of a single Service: of many endpoints, or of many ports. */
import type { Strategy } from '@shunt/compiler';
import { address, type EndpointSlice, type Packet, SERVICE_NAME_LABEL, type Service } from '@shunt/model';
import { generateCluster } from '../workload/cluster.js';
import { largeService } from '../workload/large-service.js';
import { type Packets, packetRecords } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { Objects } from './live-table.js';

/**
 * A Service of many endpoints.
 * @param slices - how many EndpointSlices they are in; default: as few as the controller makes
 */
export function largeServiceInput(endpoints: number, balance: Strategy, slices?: number): Objects {
  const perSlice = slices === undefined ? undefined : Math.ceil(endpoints / slices);
  const objects = largeService(seededRandom(SEEDS.cluster), endpoints, balance, perSlice);
  return { ...surroundings(), objects };
}

const PORTS_PER_SOURCE = 60_000;

/** Flows to it, all different. */
export function packetsToLargeService(count: number): Packets {
  return packetRecords(
    Array.from({ length: count }, (_, index): Packet => {
      return {
        protocol: 'TCP',
        source: (address('10.128.0.1') as number) + Math.floor(index / PORTS_PER_SOURCE),
        sourcePort: 1_024 + (index % PORTS_PER_SOURCE),
        destination: address('10.96.0.1'),
        destinationPort: 80,
      };
    }),
  );
}

const NAME = { namespace: 'large', name: 'ports' };
const FIRST_PORT = 1_000;

/** A Service of many ports, each endpoint in a slice of its own. */
export function manyPortsInput(ports: number, endpoints: number): Objects {
  const names = Array.from({ length: ports }, (_, index) => ({
    name: `port-${index}`,
    port: FIRST_PORT + index,
  }));
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: NAME,
    spec: { clusterIP: '10.96.0.1', ports: names },
  };
  const slices = Array.from(
    { length: endpoints },
    (_, index): EndpointSlice => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace: NAME.namespace,
        name: `${NAME.name}-${index}`,
        labels: { [SERVICE_NAME_LABEL]: NAME.name },
      },
      addressType: 'IPv4',
      ports: names.map(({ name, port }) => ({ name, port: port + 10_000 })),
      endpoints: [
        {
          addresses: [`10.128.1.${index + 1}`],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'node-0',
        },
      ],
    }),
  );
  return { ...surroundings(), objects: [service, ...slices] };
}

/** Flows to all of its ports. */
export function packetsToManyPorts(ports: number, count: number): Packets {
  return packetRecords(
    Array.from({ length: count }, (_, index): Packet => {
      return {
        protocol: 'TCP',
        source: address('10.128.0.1'),
        sourcePort: 1_024 + index,
        destination: address('10.96.0.1'),
        destinationPort: FIRST_PORT + (index % ports),
      };
    }),
  );
}

function surroundings(): Pick<Objects, 'node' | 'config'> {
  return generateCluster(seededRandom(SEEDS.cluster), { services: 1, endpointsPerService: 1 });
}
