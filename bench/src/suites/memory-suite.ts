import { buildSlots, emitTable, type Pool, type Ruleset, slotCount } from '@shunt/compiler';
import type { EndpointSlice } from '@shunt/model';
import { FLOW_IMPLEMENTATIONS } from '../flows/flow-implementations.js';
import { rememberFlows } from '../flows/flows.js';
import { usualLookupBatch } from '../lookup/lookup-batch.js';
import { flowJob } from '../peers/flow-job.js';
import { FLOW_PEERS, type Peer } from '../peers/peer.js';
import { type Notice, startPeers } from '../peers/start-peers.js';
import type { ScenarioResult } from '../report/result.js';
import type { Cluster, ClusterSize } from '../workload/cluster.js';
import { generatePackets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { count } from './lookup-parameters.js';
import { makeCluster } from './lookup-suite.js';
import type { Suite } from './suite.js';

/** What the tables take: by service and endpoint, by the slots of a backend, by flow. */
export const memorySuite: Suite = {
  name: 'memory',
  async run({ endpointsPerService, memory }, report, notice) {
    for (const services of memory.services) report(tableScenario({ services, endpointsPerService }));
    for (const shape of memory.shapes) report(slotsScenario(shape));
    report(await flowMemoryScenario(memory.flows, notice));
  },
};

/** The sizes of this suite. */
export interface MemorySizes {
  readonly services: readonly number[];
  /** Clusters whose pools get more and more slots. */
  readonly shapes: readonly ClusterSize[];
  readonly flows: number;
}

/** From the default to what the paper asks for to keep shares within 1 % of the mean. */
const SLOTS_PER_BACKEND = [16, 24, 32, 48, 64, 80, 100];

const UNTIMED = { suite: 'memory', unit: 'run', baseline: null, timings: [], hash: null } as const;

/** The match table of a cluster, as it is by default and with `maglev` for all. */
export function tableScenario(size: ClusterSize): ScenarioResult {
  const { services, endpointsPerService } = size;
  const facts = (['auto', 'maglev'] as const).map((balance) => {
    const { cluster, ruleset } = makeCluster({ ...size, balance });
    return [balance, sizesOf(tableBytes(ruleset), cluster, services)] as const;
  });
  return {
    ...UNTIMED,
    title: `table of ${count(services)} services x ${endpointsPerService} endpoints`,
    parameters: { services, endpointsPerService },
    facts: Object.fromEntries(facts),
  };
}

/** What evenness costs: the slots of a backend against the share of the backend that has the most. */
export function slotsScenario(size: ClusterSize): ScenarioResult {
  const { services, endpointsPerService } = size;
  const { cluster, ruleset } = makeCluster(size);
  const facts = SLOTS_PER_BACKEND.map((slotsPerBackend) => {
    const own = withMaglev(ruleset, slotsPerBackend);
    const imbalance = { 'most over mean %': (mostOverMean(own) - 1) * 100 };
    const sizes = sizesOf(tableBytes(own), cluster, services);
    return [`${slotsPerBackend} slots a backend`, { ...imbalance, ...sizes }] as const;
  });
  return {
    ...UNTIMED,
    title: `maglev, ${count(services)} services x ${count(endpointsPerService)} endpoints`,
    parameters: { services, endpointsPerService },
    facts: Object.fromEntries(facts),
  };
}

/** What a remembered flow takes, in each way to remember it that tells. */
export async function flowMemoryScenario(
  flowCount: number,
  notice: Notice,
  nativePeers: readonly Peer[] = FLOW_PEERS,
): Promise<ScenarioResult> {
  const { cluster, ruleset } = makeCluster({ services: 200, endpointsPerService: 10 });
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, flowCount, 'uniform');
  const stateless = usualLookupBatch.prepare(ruleset, packets, SEEDS.flowHash).answers();
  const flows = rememberFlows(seededRandom(SEEDS.flows), packets, stateless);
  const bytes = new Map(FLOW_IMPLEMENTATIONS.map((each) => [each.name, each.prepare(flows).bytes]));
  for (const peer of await startPeers(nativePeers, () => flowJob(flows), flows.packets.records, notice)) {
    bytes.set(peer.name, await peer.bytes());
    peer.close();
  }
  const remembered = flows.packets.count;
  const facts = [...bytes].map(([name, taken]) => {
    return [name, { bytes: taken, 'a flow': taken === null ? null : taken / remembered }] as const;
  });
  return {
    ...UNTIMED,
    title: `${count(remembered)} remembered flows`,
    parameters: { flows: remembered },
    facts: Object.fromEntries(facts),
  };
}

function tableBytes(ruleset: Ruleset): number {
  return emitTable(ruleset, { seed: SEEDS.flowHash }).image.byteLength;
}

function sizesOf(bytes: number, { objects }: Cluster, services: number) {
  const slices = objects.filter((object): object is EndpointSlice => object.kind === 'EndpointSlice');
  const endpoints = slices.reduce((sum, slice) => sum + (slice.endpoints?.length ?? 0), 0);
  return { bytes, 'a service': bytes / services, 'an endpoint': bytes / endpoints };
}

/** The ruleset with other slots in every pool. */
function withMaglev(ruleset: Ruleset, slotsPerBackend: number): Ruleset {
  const refill = (pool: Pool | null): Pool | null => {
    if (pool === null) return null;
    const slots = slotCount('maglev', pool.backends.length, slotsPerBackend);
    return { ...pool, strategy: 'maglev', slots: buildSlots('maglev', pool.backends, slots) };
  };
  const servicePorts = ruleset.servicePorts.map((port) => {
    return { ...port, clusterPool: refill(port.clusterPool), localPool: refill(port.localPool) };
  });
  return { ...ruleset, servicePorts };
}

/** The largest share of a backend in its pool, over the mean one there; of all pools the largest. */
function mostOverMean({ servicePorts }: Ruleset): number {
  let most = 1;
  for (const { clusterPool, localPool } of servicePorts) {
    for (const pool of [clusterPool, localPool]) {
      if (pool !== null && pool.backends.length > 0) most = Math.max(most, shareOverMean(pool));
    }
  }
  return most;
}

function shareOverMean({ backends, slots }: Pool): number {
  const counts = new Uint32Array(backends.length);
  for (const slot of slots) counts[slot] = (counts[slot] as number) + 1;
  return (Math.max(...counts) * backends.length) / slots.length;
}
