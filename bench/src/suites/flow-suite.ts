import { FLOW_VERDICT4_WORDS, formatEndpoint, PACKET4_WORDS } from '@shunt/model';
import type { FlowImplementation } from '../flow/flow-implementation.js';
import { generateFlows } from '../flow/flow-workload.js';
import { bigintMapFlows, numberMapFlows, stringMapFlows } from '../flow/map-flows.js';
import { establishedAnswers, pipelineFlows } from '../flow/pipeline-flows.js';
import { VerdictMismatch } from '../lookup/verdict-hash.js';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { Suite } from './suite.js';

/** Packets of flows that are there. */
export const flowSuite: Suite = {
  name: 'flow',
  run(size, report) {
    for (const flows of size.connections) report(flowScenario(flows, FRONTENDS, size.flow));
  },
};

const FRONTENDS = 10_000;
const PACKETS_PER_RUN = 2_048;
// So many packets are one second: far less than a second has, so that clocks are written too often.
const PACKETS_PER_SECOND = 2 ** 20;
const START = 1_000;
// The last words of a flow verdict are spare.
const ANSWER_WORDS = 6;

const IMPLEMENTATIONS: readonly FlowImplementation[] = [
  stringMapFlows,
  bigintMapFlows,
  numberMapFlows,
  pipelineFlows('TypeScript', PACKETS_PER_RUN),
  pipelineFlows('WebAssembly', 64),
  pipelineFlows('WebAssembly', PACKETS_PER_RUN),
];

/**
 * Answers a packet of each flow with every implementation, compares the answers, then takes the times.
 * @throws {VerdictMismatch} if two implementations disagree
 */
export function flowScenario(flows: number, frontends: number, options: RoundOptions): ScenarioResult {
  const workload = generateFlows(seededRandom(SEEDS.packets), flows, frontends);
  const answers = establishedAnswers(workload);
  const prepared = IMPLEMENTATIONS.map((implementation) => {
    const { run, verdicts, bytesPerFlow } = implementation.prepare(workload, answers);
    for (let first = 0; first < flows; first += PACKETS_PER_RUN) run(first, PACKETS_PER_RUN, START);
    checkAnswers(implementation.name, workload.packets, verdicts, answers);
    return { name: implementation.name, run, bytesPerFlow };
  });
  const contestants = prepared.map(({ name, run }): Contestant => {
    let packets = 0;
    return {
      name,
      unitsPerRun: PACKETS_PER_RUN,
      run() {
        run(packets % flows, PACKETS_PER_RUN, START + Math.floor(packets / PACKETS_PER_SECOND));
        packets += PACKETS_PER_RUN;
      },
    };
  });
  const baseline = stringMapFlows.name;
  return {
    suite: 'flow',
    title: `${flows.toLocaleString('en-US')} flows to ${frontends.toLocaleString('en-US')} frontends`,
    parameters: { flows, frontends },
    unit: 'packet',
    baseline,
    timings: timeRounds(contestants, baseline, options),
    hash: null,
    facts: Object.fromEntries(
      prepared.map(({ name, bytesPerFlow }) => [name, { 'bytes a flow': bytesPerFlow }]),
    ),
  };
}

function checkAnswers(name: string, packets: Uint32Array, actual: Uint32Array, want: Uint32Array): void {
  for (let at = 0; at < want.length; at++) {
    if (at % FLOW_VERDICT4_WORDS >= ANSWER_WORDS || actual[at] === want[at]) continue;
    const packet = Math.floor(at / FLOW_VERDICT4_WORDS) * PACKET4_WORDS;
    const ports = packets[packet + 2] as number;
    const from = formatEndpoint(packets[packet] as number, ports >>> 16);
    const to = formatEndpoint(packets[packet + 1] as number, ports & 0xffff);
    throw new VerdictMismatch(`${name} disagrees on ${from} > ${to}, word ${at % FLOW_VERDICT4_WORDS}`);
  }
}
