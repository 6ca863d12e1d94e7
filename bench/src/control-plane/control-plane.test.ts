import { describe, expect, it } from 'vitest';
import { generateManifests } from '../workload/manifests.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { changesScenario } from './changes.js';
import { fromNothingScenario } from './from-nothing.js';
import { resultHash, runCluster } from './run-cluster.js';

const ONCE = { rounds: 1, milliseconds: 0 };
const SIZE = { services: 200, podsPerService: 5 };

const manifests = generateManifests(seededRandom(SEEDS.cluster), SIZE);

describe('a cluster made from manifests', () => {
  it('has an address for each Service that wants one, and all Pods in slices', () => {
    const { state } = runCluster(manifests);
    const services = state.list('Service');
    const types = new Set(services.map(({ spec }) => (spec.clusterIP === 'None' ? 'headless' : spec.type)));
    expect(types).toEqual(new Set(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName', 'headless']));
    for (const { spec } of services) expect(spec.clusterIP === undefined).toBe(spec.type === 'ExternalName');
    const shown = new Set(
      state
        .list('EndpointSlice')
        .flatMap(({ endpoints }) => (endpoints ?? []).map((it) => it.targetRef?.name)),
    );
    const selected = services.filter(({ spec }) => spec.selector !== undefined);
    expect(shown.size).toBe(selected.length * SIZE.podsPerService);
  });

  it('is the same each time, as its hash says', () => {
    expect(resultHash(runCluster(manifests))).toBe(fromNothingScenario(SIZE, ONCE).hash);
  });

  it('has another hash when one Pod less is ready', () => {
    const [pod, ...others] = manifests.pods;
    const notReady = { ...pod, status: { ...pod?.status, conditions: [] } } as typeof pod & object;
    expect(resultHash(runCluster({ ...manifests, pods: [notReady, ...others] }))).not.toBe(
      resultHash(runCluster(manifests)),
    );
  });
});

describe('single changes', () => {
  it('are all taken back: however many were timed, the same is left', () => {
    const size = { ...SIZE, podsOfLargeService: 120 };
    expect(changesScenario(size, { rounds: 4, milliseconds: 5 }).hash).toBe(changesScenario(size, ONCE).hash);
  });
});
