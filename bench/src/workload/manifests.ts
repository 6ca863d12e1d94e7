/**
 * Manifests as people write them, and the Pods and Nodes of a running cluster: Services without any
 * address, node port or slice. Always the same for the same generator. Of the Services
 * one in ten is reached from outside, as NodePort and LoadBalancer in turn, one of those in four with
 * `externalTrafficPolicy: Local`; one in twenty is headless; one in twenty prefers two stacks; one in a
 * hundred is an ExternalName; one in four has two ports; one in three names its target ports, and of its
 * Pods one in four has another number under the name, as while a new version is rolled out.
 * One Pod in fifty is not ready.
 */
import {
  address,
  formatAddress,
  type KubernetesObject,
  type Node,
  type Pod,
  type Service,
  type ServicePortSpec,
  type ServiceSpec,
} from '@shunt/model';
import { below, oneIn, type Random } from './random.js';

export interface Manifests {
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  /** Those of the first Service, then those of the second, and so on. */
  readonly pods: readonly Pod[];
}

export interface ManifestsSize {
  readonly services: number;
  readonly podsPerService: number;
}

/** How many Nodes there are, whatever the number of Pods. */
export const NODES = 50;
const ZONES = 3;
const NAMESPACES = 20;
const POD_BASE = 0x0a800000; // 10.128.0.0/9, a /15 for each node
const POD_SPACE = 2 ** 17;
const POD_BASE_IPV6 = address('fd00:10:128::') as bigint;
const TIME = '2025-01-01T00:00:00Z';

/** Generates Services with their Pods, and the Nodes that these run on. */
export function generateManifests(random: Random, { services, podsPerService }: ManifestsSize): Manifests {
  const podsOfNode = new Array<number>(NODES).fill(0);
  const made = Array.from({ length: services }, (_, index) => makeService(random, index));
  const pods = made.flatMap((service) =>
    Array.from({ length: podsPerService }, (_, index) => makePod(random, service, index, podsOfNode)),
  );
  return { nodes: Array.from({ length: NODES }, (_, index) => makeNode(index)), services: made, pods };
}

/** All objects, in the order in which a cluster gets them. */
export function objectsOf({ nodes, services, pods }: Manifests): KubernetesObject[] {
  return [...nodes, ...services, ...pods];
}

/** One more Service with its Pods, in the namespace of the others. */
export function generateService(
  random: Random,
  name: string,
  podCount: number,
): { readonly service: Service; readonly pods: readonly Pod[] } {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'team-0', labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  // Behind the Pods of all other Services, which begin at each node's first address.
  const podsOfNode = new Array<number>(NODES).fill(POD_SPACE / 2);
  const pods = Array.from({ length: podCount }, (_, index) => makePod(random, service, index, podsOfNode));
  return { service, pods };
}

/** A Pod as it is when its readiness has changed. */
export function withReadiness(pod: Pod, ready: boolean): Pod {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: TIME }];
  return { ...pod, status: { ...pod.status, conditions } };
}

function makeService(random: Random, index: number): Service {
  const name = `service-${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: `team-${index % NAMESPACES}`, labels: { app: name } },
    spec: oneIn(random, 100)
      ? { type: 'ExternalName', externalName: `${name}.example.com` }
      : { selector: { app: name }, ports: makePorts(random), ...makeExposure(random, index) },
  };
}

function makePorts(random: Random): ServicePortSpec[] {
  const named = oneIn(random, 3);
  const http = { name: 'http', port: 80, targetPort: named ? 'http' : 8080 };
  return oneIn(random, 4)
    ? [http, { name: 'metrics', port: 9090, targetPort: named ? 'metrics' : 9090 }]
    : [http];
}

function makeExposure(random: Random, index: number): Partial<ServiceSpec> {
  if (oneIn(random, 20)) return { clusterIP: 'None' };
  if (oneIn(random, 20)) return { ipFamilyPolicy: 'PreferDualStack' };
  if (!oneIn(random, 10)) return {};
  const policy = oneIn(random, 4) ? { externalTrafficPolicy: 'Local' as const } : {};
  return { type: index % 2 === 0 ? 'NodePort' : 'LoadBalancer', ...policy };
}

function makePod(random: Random, service: Service, index: number, podsOfNode: number[]): Pod {
  const { name, namespace = 'default' } = service.metadata;
  const node = below(random, NODES);
  const number = (podsOfNode[node] = (podsOfNode[node] ?? 0) + 1);
  const offset = node * POD_SPACE + number;
  const podIP = formatAddress(POD_BASE + offset);
  const containerPort = oneIn(random, 4) ? 8081 : 8080;
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${index}`,
      namespace,
      uid: `00000000-0000-4000-8000-${offset.toString(16).padStart(12, '0')}`,
      labels: { app: name, 'pod-template-hash': `${index}` },
    },
    spec: {
      nodeName: `node-${node}`,
      containers: [
        {
          name: 'main',
          ports: [
            { name: 'http', containerPort },
            { name: 'metrics', containerPort: 9090 },
          ],
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }, { ip: formatAddress(POD_BASE_IPV6 | BigInt(offset)) }],
    },
  };
  return withReadiness(pod, !oneIn(random, 50));
}

function makeNode(index: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${index}`, labels: { 'topology.kubernetes.io/zone': `zone-${index % ZONES}` } },
    status: { addresses: [{ type: 'InternalIP', address: formatAddress(0xac100001 + index) }] },
  };
}
