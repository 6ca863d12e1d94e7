import {
  ClusterIps,
  endpointsFor,
  PodIndex,
  PortRange,
  reconcileSlices,
  ServiceRegistry,
  selectsPods,
} from '@shunt/cluster';
import { formatCidr, namespaceOf, type Pod, type Service } from '@shunt/model';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { generateManifests, type Manifests, type ManifestsSize, objectsOf } from '../workload/manifests.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { resultHash, runCluster, SERVICE_CIDRS } from './run-cluster.js';

const WHOLE = 'manifests to endpoints';
const YARDSTICK = 'JSON.parse of the same objects';

/** Times the whole way from manifests to endpoints, and every phase alone. */
export function fromNothingScenario(size: ManifestsSize, options: RoundOptions): ScenarioResult {
  const { services } = size;
  const manifests = generateManifests(seededRandom(SEEDS.cluster), size);
  const made = makeOnce(manifests);
  const contestants = [
    parseContestant(manifests),
    wholeContestant(manifests),
    ...phases(manifests, made.served),
  ];
  const timings = timeRounds(contestants, YARDSTICK, options);
  const whole = timings.find(({ name }) => name === WHOLE)?.median ?? 0;
  const pods = manifests.pods.length;
  return {
    suite: 'control-plane',
    title: `${count(services)} services, ${count(pods)} pods, from nothing`,
    parameters: { services, pods, nodes: manifests.nodes.length },
    unit: 'run',
    baseline: YARDSTICK,
    timings,
    hash: made.hash,
    facts: {
      [WHOLE]: {
        'us a service': whole / 1000 / services,
        'us a pod': whole / 1000 / pods,
        slices: made.sliceCount,
      },
    },
  };
}

/** What the times are taken of; the cluster itself goes, since every collection of garbage would visit it. */
function makeOnce(manifests: Manifests) {
  const controlPlane = runCluster(manifests);
  const { state } = controlPlane;
  const selecting = state.list('Service').filter(selectsPods);
  const served = selecting.map((service): Served => {
    return { service, pods: [...controlPlane.podsFor(service).matching] };
  });
  return { hash: resultHash(controlPlane), sliceCount: state.count('EndpointSlice'), served };
}

function parseContestant(manifests: Manifests): Contestant {
  const text = JSON.stringify(objectsOf(manifests));
  return once(YARDSTICK, () => JSON.parse(text));
}

// With new objects each time, since something may be kept for those that were there before.
function wholeContestant(manifests: Manifests): Contestant {
  const text = JSON.stringify(manifests);
  let fresh = manifests;
  return {
    ...once(WHOLE, () => runCluster(fresh)),
    prepare() {
      fresh = JSON.parse(text) as Manifests;
    },
  };
}

function once(name: string, run: () => unknown): Contestant {
  return { name, unitsPerRun: 1, run: () => void run() };
}

/** A Service as it was admitted, with the Pods that it selects. */
interface Served {
  readonly service: Service;
  readonly pods: readonly Pod[];
}

function phases(manifests: Manifests, served: readonly Served[]): Contestant[] {
  const nodes = new Map(manifests.nodes.map((node) => [node.metadata.name, node]));
  let made = 0;
  return [
    once('admission alone', () => admitAll(manifests.services)),
    once('index alone', () => indexAll(manifests)),
    once('EndpointSlices alone', () => {
      for (const { service, pods } of served) {
        reconcileSlices({
          service,
          pods,
          nodeOf: (name) => nodes.get(name),
          nodes: () => nodes.values(),
          existing: [],
          newName: (prefix) => `${prefix}${made++}`,
        });
      }
    }),
    once('Endpoints alone', () => {
      for (const { service, pods } of served) endpointsFor(service, pods);
    }),
  ];
}

/** Defaulting, allocation and validation, and nothing else. */
function admitAll(services: readonly Service[]): void {
  const clusterIPs = new ClusterIps();
  for (const range of SERVICE_CIDRS) clusterIPs.addCidr(formatCidr(range));
  const registry = new ServiceRegistry({ clusterIPs, nodePorts: new PortRange(30_000, 32_767) });
  const random = seededRandom(SEEDS.allocation);
  for (const service of services) registry.create(service, random);
}

function indexAll({ services, pods }: Manifests): void {
  const index = new PodIndex();
  const keyed = services.map((it) => [`${namespaceOf(it)}/${it.metadata.name}`, it] as const);
  for (const [key, service] of keyed) index.setService(key, service);
  for (const pod of pods) index.setPod(undefined, pod);
  for (const [key] of keyed) index.podsOf(key);
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
