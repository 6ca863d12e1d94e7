import { lookupBatch } from './lookup/lookup-batch.js';
import { stringMap } from './lookup/string-map.js';
import { lookupScenario } from './suites/lookup-suite.js';
import { generateCluster } from './workload/cluster.js';
import { SEEDS, seededRandom } from './workload/random.js';

const SERVICES = { services: 1_000, endpointsPerService: 10 };
const ROUNDS = { rounds: 5, milliseconds: 80 };

/**
 * The lookup suite in one line, after a second or two: the answers are compared here, too.
 * @throws {VerdictMismatch} if the two implementations disagree
 */
export function quick(): string {
  const cluster = generateCluster(seededRandom(SEEDS.cluster), SERVICES);
  const parameters = { ...SERVICES, flows: 65_536, popularity: 'uniform' as const };
  const { timings } = lookupScenario(cluster, parameters, ROUNDS, [stringMap, lookupBatch(4_096)]);
  const [, { median, ratio } = { median: Number.NaN, ratio: Number.NaN }] = timings;
  const speed = `${(1000 / median).toPrecision(2)} M packets/s (${median.toPrecision(2)} ns each)`;
  const size = `${SERVICES.services.toLocaleString('en-US')} services x ${SERVICES.endpointsPerService} endpoints`;
  return `lookupBatch: ${speed}, ${ratio.toPrecision(2)}x a Map with string keys, on this machine, ${size}`;
}
