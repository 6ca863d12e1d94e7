import { type ControlPlane, endpointsFor, reconcileSlices, selects } from '@shunt/cluster';
import type { KubernetesObject, Node, Pod, Service } from '@shunt/model';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import {
  generateManifests,
  generateService,
  type Manifests,
  type ManifestsSize,
  withReadiness,
} from '../workload/manifests.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { resultHash, runCluster } from './run-cluster.js';

export interface ChangesSize extends ManifestsSize {
  /** Of one more Service. */
  readonly podsOfLargeService: number;
}

const BASELINE = 'a scan of all pods';

/**
 * Times single changes of a cluster that is reconciled: each is applied, and the controllers run. All are
 * undone, so that every run finds the same. The baseline makes one Service's endpoints without an index.
 */
export function changesScenario(size: ChangesSize, options: RoundOptions): ScenarioResult {
  const random = seededRandom(SEEDS.cluster);
  const small = generateManifests(random, size);
  const large = generateService(random, 'large', size.podsOfLargeService);
  const other = generateService(random, 'other', size.podsPerService);
  const controlPlane = runCluster({
    nodes: small.nodes,
    services: [...small.services, large.service],
    pods: [...small.pods, ...large.pods, ...other.pods],
  });
  const contestants = [
    scan(controlPlane, small),
    change(`a pod's readiness, ${count(size.podsPerService)} pods`, controlPlane, flipped(small.pods)),
    change(`a pod's readiness, ${count(size.podsOfLargeService)} pods`, controlPlane, flipped(large.pods)),
    creation(controlPlane, other.service),
    change("a node's zone", controlPlane, small.nodes.map(moved)),
  ];
  const timings = timeRounds(contestants, BASELINE, options);
  return {
    suite: 'control-plane',
    title: `${count(size.services)} services, ${count(small.pods.length)} pods, one change`,
    parameters: { services: size.services, pods: small.pods.length, large: large.pods.length },
    unit: 'change',
    baseline: BASELINE,
    timings,
    hash: resultHash(controlPlane),
    facts: { "a node's zone": { 'objects written': writtenBy(controlPlane, small.nodes.map(moved)[0]) } },
  };
}

/** An object, and the same one as something about it has changed. */
type Change = readonly [before: KubernetesObject, after: KubernetesObject];

// Far apart, so that no two changes one after the other are of one Service.
const STRIDE = 7_919;

/** Applies changes, one after the other and again from the first on, and takes each of them back. */
function change(name: string, controlPlane: ControlPlane, changes: readonly Change[]): Contestant {
  let next = 0;
  return {
    name,
    unitsPerRun: 2,
    run() {
      const [before, after] = changes[next] as Change;
      next = (next + STRIDE) % changes.length;
      for (const object of [after, before]) {
        controlPlane.applyChecked(object);
        controlPlane.reconcile();
      }
    },
  };
}

function flipped(pods: readonly Pod[]): Change[] {
  return pods.map((pod) => {
    const isReady = pod.status?.conditions?.[0]?.status === 'True';
    return [pod, withReadiness(pod, !isReady)];
  });
}

function moved(node: Node): Change {
  const labels = { 'topology.kubernetes.io/zone': 'zone-new' };
  return [node, { ...node, metadata: { ...node.metadata, labels } }];
}

function writtenBy(controlPlane: ControlPlane, [before, after]: Change = [] as never): number {
  const written = [after, before].map((object) => {
    controlPlane.applyChecked(object);
    return controlPlane.reconcile().changes.length;
  });
  return written[0] ?? 0;
}

function creation(controlPlane: ControlPlane, service: Service): Contestant {
  const { namespace = 'default', name } = service.metadata;
  return {
    name: 'a service created or deleted',
    unitsPerRun: 2,
    run() {
      controlPlane.applyChecked(service);
      controlPlane.reconcile();
      controlPlane.delete({ kind: 'Service', namespace, name });
      controlPlane.reconcile();
    },
  };
}

/** What one writes first: of all Pods those that the Service selects, then its endpoints. Writes nothing. */
function scan({ state }: ControlPlane, { services }: Manifests): Contestant {
  let next = 0;
  return {
    name: BASELINE,
    unitsPerRun: 1,
    run() {
      const { namespace = 'default', name } = (services[next] as Service).metadata;
      next = (next + STRIDE) % services.length;
      const service = state.service(namespace, name) as Service;
      const pods = state.list('Pod').filter((pod) => selects(service, pod));
      reconcileSlices({
        service,
        pods,
        nodeOf: (node) => state.node(node),
        nodes: () => state.list('Node'),
        existing: state.slicesOf(namespace, name),
        newName: (prefix) => `${prefix}new`,
      });
      endpointsFor(service, pods);
    },
  };
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
