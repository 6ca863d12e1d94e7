import { type Backend, STRATEGIES } from '@shunt/compiler';
import type { BalanceImplementation, BuiltBalancer } from '../balance/balance-implementation.js';
import { consistentHash } from '../balance/consistent-hash.js';
import { type FlowKeys, generateFlowKeys } from '../balance/flow-keys.js';
import { hashring } from '../balance/hashring.js';
import { slotBalancer } from '../balance/slot-balancer.js';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { Suite } from './suite.js';

/** Pools: to build one, to pick from it, how even it is, what a removal moves. */
export const balanceSuite: Suite = {
  name: 'balance',
  run(size, report) {
    const implementations = balanceImplementations(Math.max(...size.backends));
    for (const backends of size.backends) {
      for (const result of balanceScenarios(implementations, backends, size.balance)) report(result);
    }
  },
};

const KEYS = 16_384;
const KEYS_PER_RUN = 1_024;
const POD_BASE = 0x0a800001;

/** Every strategy of the compiler, and its peers from npm. */
export function balanceImplementations(mostBackends: number): BalanceImplementation[] {
  return [hashring, consistentHash(mostBackends), ...STRATEGIES.map(slotBalancer)];
}

/** Times builds and picks for one pool size. */
export function balanceScenarios(
  implementations: readonly BalanceImplementation[],
  backendCount: number,
  options: RoundOptions,
): ScenarioResult[] {
  const backends = Array.from({ length: backendCount }, (_, index): Backend => {
    return { address: POD_BASE + index, port: 8080, local: false, weight: 1 };
  });
  const keys = generateFlowKeys(seededRandom(SEEDS.packets), KEYS);
  const built = implementations.map(({ name, build }) => ({ name, balancer: build(backends) }));
  const builds = implementations.map(({ name, build }): Contestant => {
    return { name, unitsPerRun: 1, run: () => void build(backends) };
  });
  const picks = built.map(({ name, balancer }) => pickContestant(name, balancer, keys));
  const common = {
    suite: 'balance',
    parameters: { backends: backendCount },
    baseline: hashring.name,
    hash: null,
  };
  // Timed first: what is removed below is removed in place.
  const buildTimings = timeRounds(builds, hashring.name, options);
  const pickTimings = timeRounds(picks, hashring.name, options);
  const facts = Object.fromEntries(
    built.map(({ name, balancer }) => [name, factsOf(name, balancer, backends, keys)]),
  );
  const pool = `${backendCount.toLocaleString('en-US')} backends`;
  return [
    { ...common, title: `${pool}, build`, unit: 'run', timings: buildTimings, facts },
    { ...common, title: `${pool}, pick`, unit: 'pick', timings: pickTimings, facts: {} },
  ];
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

function factsOf(name: string, balancer: BuiltBalancer, backends: readonly Backend[], keys: FlowKeys) {
  const shares = balancer.shares();
  return {
    'max/mean': Math.max(...shares) * backends.length,
    // A random pick is not of the flow, so there is nothing that a removal could move.
    'moved %': name === 'random' ? null : movedShare(balancer, backends, keys) * 100,
    'slot bytes': balancer.bytes,
  };
}

/** The share of keys whose backend is still there, and that go elsewhere after the removal of another. */
function movedShare(balancer: BuiltBalancer, backends: readonly Backend[], keys: FlowKeys): number {
  const before = new Array<string>(KEYS).fill('');
  const after = new Array<string>(KEYS).fill('');
  balancer.pick(keys, 0, KEYS, before);
  balancer.without(backends[backends.length >> 1] as Backend).pick(keys, 0, KEYS, after);
  const left = new Set(after);
  return before.filter((name, index) => name !== after[index] && left.has(name)).length / KEYS;
}
