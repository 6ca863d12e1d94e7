import { type Backend, makePool, STRATEGIES, type Strategy } from '@shunt/compiler';
import type { BalanceImplementation, BuiltBalancer } from '../balance/balance-implementation.js';
import { anchor, memento } from '../balance/bucket-balancer.js';
import { consistentHash } from '../balance/consistent-hash.js';
import { disruptionOf } from '../balance/disruption.js';
import { type FlowKeys, generateFlowKeys } from '../balance/flow-keys.js';
import { hashring } from '../balance/hashring.js';
import { slotBalancer } from '../balance/slot-balancer.js';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { Suite } from './suite.js';

/** Pools: to build one, to change it, to pick from it, how even it is, which flows a change moves. */
export const balanceSuite: Suite = {
  name: 'balance',
  run(size, report) {
    for (const backends of size.backends) {
      for (const result of balanceScenarios(balanceImplementations(), backends, size.balance)) report(result);
    }
  },
};

const KEYS = 16_384;
const KEYS_PER_RUN = 1_024;
const POD_BASE = 0x0a800000;

/** What a Service that outside can reach has by itself. */
const BASELINE: Strategy = 'maglev';

const RIVALS = [hashring.name, consistentHash().name];

/** The peers from npm, the algorithms that need their history, and every strategy of the compiler. */
export function balanceImplementations(): BalanceImplementation[] {
  return [hashring, consistentHash(), anchor, memento, ...STRATEGIES.map(slotBalancer)];
}

/** Times builds, changes and picks for one pool size. */
export function balanceScenarios(
  implementations: readonly BalanceImplementation[],
  backendCount: number,
  options: RoundOptions,
): ScenarioResult[] {
  const backends = podBackends(backendCount, 0);
  const others = podBackends(backendCount, 1);
  const keys = generateFlowKeys(seededRandom(SEEDS.packets), KEYS);
  const able = implementations.filter(({ mostBackends }) => backendCount <= mostBackends);
  const builds = able.map(({ name, build }): Contestant => {
    return { name, unitsPerRun: 1, run: () => void build(backends) };
  });
  const facts = able.map((it) => [it.name, factsOf(it, backends, others, keys)] as const);
  const built = able.map(({ name, build }) => ({ name, balancer: build(backends) }));
  const updates = built.map(({ name, balancer }) => updateContestant(name, balancer, backends));
  const picks = built.map(({ name, balancer }) => pickContestant(name, balancer, keys));
  const scenario = (title: string, unit: 'run' | 'pick', contestants: Contestant[]): ScenarioResult => ({
    suite: 'balance',
    parameters: { backends: backendCount },
    baseline: BASELINE,
    rivals: RIVALS,
    hash: null,
    title: `${backendCount.toLocaleString('en-US')} backends, ${title}`,
    unit,
    timings: timeRounds(contestants, BASELINE, options),
    facts: {},
  });
  return [
    { ...scenario('build', 'run', builds), facts: Object.fromEntries(facts) },
    scenario('one goes or comes', 'run', updates),
    scenario('pick', 'pick', picks),
  ];
}

/** In canonical order, as pools have them. The others lie between them. */
function podBackends(count: number, odd: 0 | 1): readonly Backend[] {
  const backends = Array.from({ length: count }, (_, index): Backend => {
    return { address: POD_BASE + 2 * index + odd, port: 8080, local: false, weight: 1 };
  });
  return makePool(backends, 'even').backends;
}

/** One of the backends goes and comes back, another one in each run: two units. */
function updateContestant(name: string, balancer: BuiltBalancer, backends: readonly Backend[]): Contestant {
  let next = 0;
  return {
    name,
    unitsPerRun: 2,
    run() {
      const backend = backends[next] as Backend;
      next = (next + 1) % backends.length;
      balancer.remove(backend);
      balancer.add(backend);
    },
  };
}

function pickContestant(name: string, balancer: BuiltBalancer, keys: FlowKeys): Contestant {
  const names = new Array<string>(KEYS).fill('');
  let first = 0;
  return {
    name,
    unitsPerRun: KEYS_PER_RUN,
    run() {
      balancer.pick(keys, first, KEYS_PER_RUN, names);
      first = (first + KEYS_PER_RUN) % KEYS;
    },
  };
}

function factsOf(
  implementation: BalanceImplementation,
  backends: readonly Backend[],
  others: readonly Backend[],
  keys: FlowKeys,
): Readonly<Record<string, number | null>> {
  const balancer = implementation.build(backends);
  // A random pick is not of the flow, so there is nothing that a change could move.
  const isRandom = implementation.name === 'random';
  const moves = isRandom ? null : disruptionOf(implementation, backends, others, keys);
  const percent = (share: number | null | undefined): number | null => (share == null ? null : share * 100);
  return {
    'max/mean': Math.max(...balancer.shares()) * backends.length,
    'gone %': percent(moves?.removed),
    'come %': percent(moves?.added),
    'crossed %': percent(moves?.crossed),
    'disagree %': percent(moves?.disagreed),
    bytes: balancer.bytes(),
  };
}
