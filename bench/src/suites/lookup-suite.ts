import { resolve } from '@shunt/compiler';
import { ClusterState, type Verdict } from '@shunt/model';
import type { PreparedLookup } from '../lookup/implementation.js';
import { IMPLEMENTATIONS, LOOKUP_BASELINE } from '../lookup/implementations.js';
import { agreedHash } from '../lookup/verdict-hash.js';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { type Cluster, generateCluster } from '../workload/cluster.js';
import { generatePackets, type Popularity } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { Suite } from './suite.js';

/** What is measured of services and names is around 1. */
export const ZIPF_EXPONENT = 1.05;

// Packets for each sample of the clock: far above its resolution, and a whole number of batches.
const PACKETS_PER_RUN = 4_096;

/** Packets to verdicts. */
export const lookupSuite: Suite = {
  name: 'lookup',
  run(size, report) {
    const { endpointsPerService, flows } = size;
    for (const services of size.services) {
      const cluster = generateCluster(seededRandom(SEEDS.cluster), { services, endpointsPerService });
      for (const popularity of ['uniform', { zipf: ZIPF_EXPONENT }] as const) {
        report(lookupScenario(cluster, { services, endpointsPerService, flows, popularity }, size.lookup));
      }
    }
  },
};

export interface LookupParameters {
  readonly services: number;
  readonly endpointsPerService: number;
  readonly flows: number;
  readonly popularity: Popularity;
}

/**
 * Answers the same packets with every implementation, compares the answers, then takes the times.
 * @throws {VerdictMismatch} if two implementations disagree
 */
export function lookupScenario(
  cluster: Cluster,
  parameters: LookupParameters,
  options: RoundOptions,
  implementations = IMPLEMENTATIONS,
): ScenarioResult {
  const { services, endpointsPerService, flows, popularity } = parameters;
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, flows, popularity);
  const state = new ClusterState(cluster.objects);
  const { ruleset } = resolve({ state, node: cluster.node, config: cluster.config });
  const prepared = implementations.map(({ name, prepare }) => {
    return { name, ...prepare(ruleset, packets, SEEDS.flowHash) };
  });
  const packetsPerRun = Math.min(PACKETS_PER_RUN, flows);
  for (const lookup of prepared) {
    for (let first = 0; first < flows; first += packetsPerRun) lookup.run(first, packetsPerRun);
  }
  const hash = agreedHash(new Map(prepared.map((lookup) => [lookup.name, lookup.answer])), packets.objects);
  const contestants = prepared.map(({ name, run }): Contestant => {
    let first = 0;
    return {
      name,
      unitsPerRun: packetsPerRun,
      run() {
        run(first, packetsPerRun);
        first = (first + packetsPerRun) % flows;
      },
    };
  });
  const spread = popularity === 'uniform' ? 'uniform' : `Zipf ${popularity.zipf}`;
  return {
    suite: 'lookup',
    title: `${count(services)} services x ${endpointsPerService} endpoints, ${count(flows)} flows, ${spread}`,
    parameters: { services, endpointsPerService, flows, popularity: spread },
    unit: 'packet',
    baseline: LOOKUP_BASELINE.name,
    timings: timeRounds(contestants, LOOKUP_BASELINE.name, options),
    hash,
    verdicts: verdictCounts((prepared[0] as PreparedLookup).answer, flows),
    facts: {},
  };
}

function verdictCounts(answer: PreparedLookup['answer'], flows: number): Partial<Record<Verdict, number>> {
  const counts: Partial<Record<Verdict, number>> = {};
  for (let index = 0; index < flows; index++) {
    const { verdict } = answer(index);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
