import { evaluator } from '../lookup/evaluator.js';
import { agreedHash } from '../lookup/verdict-hash.js';
import { WorkerTeam } from '../lookup/worker-team.js';
import { type RoundOptions, timeTurns } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { generatePackets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { verdictCounts } from './compare-lookups.js';
import { count, describeTraffic, type LookupParameters } from './lookup-parameters.js';
import type { LookupContext } from './lookup-suite.js';

const WORKERS = 2;
const ONE = 'one worker';
const TWO = 'two workers, together';

/**
 * Threads that look up in one table at once: what they do together, against what one of them does alone.
 * @throws {VerdictMismatch} if one answers other than the specification
 */
export async function workersScenario(
  parameters: LookupParameters,
  options: RoundOptions,
  { makeCluster }: Pick<LookupContext, 'makeCluster'>,
): Promise<ScenarioResult> {
  const { services, flows, traffic } = parameters;
  const { cluster, ruleset } = makeCluster(parameters);
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, flows, traffic);
  const reference = evaluator.prepare(ruleset, packets, SEEDS.flowHash).answers();
  const team = await WorkerTeam.start(ruleset, packets, SEEDS.flowHash, WORKERS);
  try {
    const answers = new Map([['Evaluator (specification)', reference]]);
    for (let index = 0; index < WORKERS; index++) {
      answers.set(`worker ${index + 1}`, await team.answers(index));
    }
    const hash = agreedHash(answers, packets.objects);
    const contestants = [team.first(1, ONE), team.first(WORKERS, TWO)];
    const timings = await timeTurns(contestants, ONE, options);
    return {
      suite: 'lookup',
      title: `workers on one table, ${count(services)} services, ${count(flows)} flows`,
      parameters: { ...parameters, traffic: describeTraffic(traffic), workers: WORKERS },
      unit: 'packet',
      baseline: ONE,
      timings,
      hash,
      verdicts: verdictCounts(reference, packets.objects),
      facts: { [ONE]: { bytes: team.bytes } },
    };
  } finally {
    await team.close();
  }
}
