import { type CompileInput, Compiler, printRuleset, resolve, type Strategy } from '@shunt/compiler';
import { type ChangeEvent, ClusterState, type EndpointSlice, type KubernetesObject } from '@shunt/model';
import { VerdictMismatch } from '../lookup/verdict-hash.js';
import { type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { type ClusterSize, generateCluster } from '../workload/cluster.js';
import { largeService } from '../workload/large-service.js';
import { SEEDS, seededRandom } from '../workload/random.js';

const FROM_NOTHING = 'resolve from nothing';
const UPDATE = 'Compiler.update';

/** One endpoint of a whole cluster changes, each time of another Service. */
export function clusterUpdate(clusterSize: ClusterSize, options: RoundOptions): ScenarioResult {
  const { services, endpointsPerService } = clusterSize;
  const { objects, node, config } = generateCluster(seededRandom(SEEDS.cluster), clusterSize);
  return updateScenario(
    `one endpoint of ${services.toLocaleString('en-US')} services x ${endpointsPerService} changes`,
    { services, endpointsPerService },
    { state: new ClusterState(objects), node, config },
    options,
  );
}

/** One endpoint of a large Service changes. */
export function largeServiceUpdate(
  endpointCount: number,
  balance: Strategy,
  options: RoundOptions,
): ScenarioResult {
  const { node, config } = generateCluster(seededRandom(SEEDS.cluster), {
    services: 1,
    endpointsPerService: 1,
  });
  const objects = largeService(seededRandom(SEEDS.cluster), endpointCount, balance);
  return updateScenario(
    `one endpoint of a service of ${endpointCount.toLocaleString('en-US')} changes, ${balance}`,
    { endpoints: endpointCount, balance },
    { state: new ClusterState(objects), node, config },
    options,
  );
}

function updateScenario(
  title: string,
  parameters: ScenarioResult['parameters'],
  input: CompileInput,
  options: RoundOptions,
): ScenarioResult {
  const { state } = input;
  const compiler = new Compiler(input);
  const flip = flips(state);
  for (let change = 0; change < 20; change++) compiler.update([flip()]);
  if (printRuleset(compiler.ruleset) !== printRuleset(resolve(input).ruleset)) {
    throw new VerdictMismatch(`${title}: ${UPDATE} gives other rules than ${FROM_NOTHING}`);
  }
  const timings = timeRounds(
    [
      { name: FROM_NOTHING, unitsPerRun: 1, run: () => void resolve(input) },
      { name: UPDATE, unitsPerRun: 1, run: () => void compiler.update([flip()]) },
    ],
    FROM_NOTHING,
    options,
  );
  return {
    suite: 'compile',
    title,
    parameters,
    unit: 'run',
    baseline: FROM_NOTHING,
    timings,
    hash: null,
    facts: {},
  };
}

/** Puts the slices in turn into the state, one endpoint of each ready no more, or ready again. */
function flips(state: ClusterState): () => ChangeEvent {
  const slices = state
    .list('EndpointSlice')
    .map((slice): [KubernetesObject, KubernetesObject] => [slice, withOneUnready(slice)]);
  let next = 0;
  return () => {
    const [ready, unready] = slices[next % slices.length] as [KubernetesObject, KubernetesObject];
    const isReady = Math.floor(next++ / slices.length) % 2 === 1;
    return state.upsert(isReady ? ready : unready);
  };
}

function withOneUnready(slice: EndpointSlice): EndpointSlice {
  const endpoints = (slice.endpoints ?? []).map((endpoint, index) =>
    index === 0 ? { ...endpoint, conditions: { ready: false, serving: true, terminating: true } } : endpoint,
  );
  return { ...slice, endpoints };
}
