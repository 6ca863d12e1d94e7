import { emitTable, resolve } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { ClusterState, HEADER_CHECKSUM } from '@shunt/model';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { type Cluster, type ClusterSize, generateCluster } from '../workload/cluster.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { Suite } from './suite.js';
import { clusterUpdate, largeServiceUpdate } from './update-scenario.js';

/** Objects to a loaded table, and what one change costs. */
export const compileSuite: Suite = {
  name: 'compile',
  run(size, report) {
    const { endpointsPerService } = size;
    for (const services of size.services)
      report(compileScenario({ services, endpointsPerService }, size.compile));
    for (const services of size.services)
      report(clusterUpdate({ services, endpointsPerService }, size.compile));
    const endpoints = size.name === 'smoke' ? 200 : LARGE_SERVICE;
    for (const balance of ['even', 'maglev'] as const)
      report(largeServiceUpdate(endpoints, balance, size.compile));
  },
};

const LARGE_SERVICE = 5_000;

const WHOLE = 'objects to a loaded table';
const YARDSTICK = 'JSON.parse of the same objects';
const OPTIONS = { seed: SEEDS.flowHash };

/** Times the whole way and every phase alone. The yardstick is what reading the objects costs alone. */
export function compileScenario(clusterSize: ClusterSize, options: RoundOptions): ScenarioResult {
  const { services, endpointsPerService } = clusterSize;
  const cluster = generateCluster(seededRandom(SEEDS.cluster), clusterSize);
  const image = emitTable(rulesetOf(cluster, stateOf(cluster)), OPTIONS).image;
  const timings = timeRounds(contestants(cluster), YARDSTICK, options);
  const whole = timings.find(({ name }) => name === WHOLE)?.median ?? 0;
  return {
    suite: 'compile',
    title: `${services.toLocaleString('en-US')} services x ${endpointsPerService} endpoints`,
    parameters: { services, endpointsPerService, objects: cluster.objects.length },
    unit: 'run',
    baseline: YARDSTICK,
    timings,
    hash: (image[HEADER_CHECKSUM] as number).toString(16).padStart(8, '0'),
    facts: {
      [WHOLE]: {
        'us a service': whole / 1000 / services,
        'table bytes': image.byteLength,
        'bytes an endpoint': image.byteLength / (services * endpointsPerService),
      },
    },
  };
}

function contestants(cluster: Cluster): Contestant[] {
  const state = stateOf(cluster);
  const ruleset = rulesetOf(cluster, state);
  const { image } = emitTable(ruleset, OPTIONS);
  const text = JSON.stringify(cluster.objects);
  const once = (name: string, run: () => unknown): Contestant => ({
    name,
    unitsPerRun: 1,
    run: () => void run(),
  });
  return [
    once(YARDSTICK, () => JSON.parse(text)),
    once(WHOLE, () => Dataplane.load(emitTable(rulesetOf(cluster, stateOf(cluster)), OPTIONS).image)),
    once('ClusterState alone', () => stateOf(cluster)),
    once('resolve alone', () => rulesetOf(cluster, state)),
    once('emitTable alone', () => emitTable(ruleset, OPTIONS)),
    once('Dataplane.load alone', () => Dataplane.load(image)),
  ];
}

function stateOf(cluster: Cluster): ClusterState {
  return new ClusterState(cluster.objects);
}

function rulesetOf({ node, config }: Cluster, state: ClusterState) {
  return resolve({ state, node, config }).ruleset;
}
