import { type GrowthSize, growthScenario, type WearSize, wearScenario } from '../churn/growth.js';
import {
  largeServiceInput,
  manyPortsInput,
  packetsToLargeService,
  packetsToManyPorts,
} from '../churn/large-input.js';
import { changeScenario } from '../churn/one-change.js';
import { type StallSize, stallScenario } from '../churn/reader-stall.js';
import { type RestartSize, rollingRestart } from '../churn/rolling-restart.js';
import type { RoundOptions } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { generateCluster } from '../workload/cluster.js';
import { generatePackets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { count } from './lookup-parameters.js';
import type { Suite } from './suite.js';

/** The sizes of this suite. */
export interface ChurnSizes {
  /** Of each cluster in which one thing changes; 40 at least. */
  readonly services: readonly number[];
  /** Of a Service in which one endpoint changes. */
  readonly largeService: number;
  /** Of a Service of many ports. */
  readonly ports: number;
  readonly changes: RoundOptions;
  /** How many changes of each kind tell what they write. */
  readonly counted: number;
  /** How many packets are asked for, to compare tables by their verdicts. */
  readonly packets: number;
  readonly restart: RestartSize;
  readonly stall: StallSize;
  readonly growth: GrowthSize;
  readonly wear: WearSize;
}

const ENDPOINTS = 10;
// As many as the controller makes for 5,000 endpoints; two for each contestant are needed.
const SLICES_OF_LARGE_SERVICE = 50;
const ENDPOINTS_OF_MANY_PORTS = 20;
const BALANCES = ['even', 'maglev'] as const;

/** Changes: from the event until packets see them, what they move, and what readers notice of them. */
export const churnSuite: Suite = {
  name: 'churn',
  async run({ churn }, report) {
    for (const services of churn.services) report(clusterChange(services, churn));
    for (const balance of BALANCES) report(largeServiceChange(churn, balance));
    report(manyPortsChange(churn));
    for (const balance of BALANCES) report(rollingRestart(churn.restart, balance));
    report(await stallScenario(churn.stall));
    report(growthScenario(churn.growth, churn.packets));
    report(wearScenario(churn.wear, churn.packets));
  },
};

function clusterChange(services: number, { changes, counted, packets }: ChurnSizes): ScenarioResult {
  const cluster = generateCluster(seededRandom(SEEDS.cluster), { services, endpointsPerService: ENDPOINTS });
  const scenario = {
    title: `one change in ${count(services)} services x ${ENDPOINTS} endpoints`,
    parameters: { services, endpointsPerService: ENDPOINTS },
    input: cluster,
    packets: generatePackets(seededRandom(SEEDS.packets), cluster, packets, 'uniform'),
    services: true,
    counted,
  };
  return changeScenario(scenario, changes);
}

function largeServiceChange(
  { largeService, changes, counted, packets }: ChurnSizes,
  balance: (typeof BALANCES)[number],
): ScenarioResult {
  const scenario = {
    title: `one change in a service of ${count(largeService)} endpoints, ${balance}`,
    parameters: { endpoints: largeService, balance },
    input: largeServiceInput(largeService, balance, SLICES_OF_LARGE_SERVICE),
    packets: packetsToLargeService(packets),
    services: false,
    counted,
  };
  return changeScenario(scenario, changes);
}

function manyPortsChange({ ports, changes, counted, packets }: ChurnSizes): ScenarioResult {
  const endpoints = ENDPOINTS_OF_MANY_PORTS;
  const scenario = {
    title: `one change in a service of ${ports} ports x ${endpoints} endpoints`,
    parameters: { ports, endpoints },
    input: manyPortsInput(ports, endpoints),
    packets: packetsToManyPorts(ports, packets),
    services: false,
    counted,
  };
  return changeScenario(scenario, changes);
}
