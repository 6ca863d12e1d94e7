import { type Ruleset, resolve } from '@shunt/compiler';
import { ClusterState } from '@shunt/model';
import { FLOW_BASELINE, FLOW_IMPLEMENTATIONS } from '../flows/flow-implementations.js';
import { rememberFlows } from '../flows/flows.js';
import type { Implementation } from '../lookup/implementation.js';
import { implementationsFor, LOOKUP_BASELINE } from '../lookup/implementations.js';
import { usualLookupBatch } from '../lookup/lookup-batch.js';
import type { RoundOptions } from '../measure/rounds.js';
import { flowJob } from '../peers/flow-job.js';
import { lookupJob } from '../peers/lookup-job.js';
import { FLOW_PEERS, LOOKUP_PEERS, type Peer } from '../peers/peer.js';
import { type Notice, startPeers } from '../peers/start-peers.js';
import type { ScenarioResult } from '../report/result.js';
import { type Cluster, type ClusterSize, generateCluster } from '../workload/cluster.js';
import { generatePackets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { compareLookups } from './compare-lookups.js';
import {
  count,
  describeLookup,
  describeTraffic,
  type LookupParameters,
  lookupParameters,
} from './lookup-parameters.js';
import type { Suite } from './suite.js';
import { workersScenario } from './workers-scenario.js';

/** Packets to verdicts: by the rules, and by what is remembered of a flow. */
export const lookupSuite: Suite = {
  name: 'lookup',
  async run(size, report, notice) {
    const context = { notice, makeCluster: rememberingLast(makeCluster) };
    for (const parameters of lookupParameters(size)) {
      report(await lookupScenario(parameters, size.lookup, context));
    }
    const { endpointsPerService } = size;
    const mixed = { ...USUAL, ...size.lookups.mixed, endpointsPerService };
    report(await workersScenario(mixed, size.lookup, context));
    for (const cluster of size.lookups.remembered) {
      const parameters = { ...USUAL, ...cluster, endpointsPerService };
      report(await flowScenario(parameters, size.lookup, context));
    }
  },
};

const USUAL = { traffic: 'uniform', family: 'IPv4', balance: 'maglev' } as const;

/** A cluster, and what the compiler makes of it. */
export interface MadeCluster {
  readonly cluster: Cluster;
  readonly ruleset: Ruleset;
}

export interface LookupContext {
  readonly notice: Notice;
  makeCluster(size: ClusterSize): MadeCluster;
}

/** Which ways to answer take part. */
export interface LookupField {
  readonly implementations: readonly Implementation[];
  readonly peers: readonly Peer[];
}

/**
 * Answers the same packets in every way, compares the answers, then takes the times.
 * @throws {VerdictMismatch} if two disagree
 */
export async function lookupScenario(
  parameters: LookupParameters,
  options: RoundOptions,
  { notice, makeCluster }: LookupContext,
  field: LookupField = fieldOf(parameters),
): Promise<ScenarioResult> {
  const { flows, traffic, family } = parameters;
  const { cluster, ruleset } = makeCluster(parameters);
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, flows, traffic);
  const lookups = field.implementations.map(({ name, prepare }) => {
    return { name, ...prepare(ruleset, packets, SEEDS.flowHash) };
  });
  const job = (): Uint32Array => lookupJob(ruleset, family, SEEDS.flowHash);
  const peers = await startPeers(field.peers, job, packets.records, notice);
  const baseline = LOOKUP_BASELINE[family].name;
  try {
    const comparison = await compareLookups(lookups, peers, packets, baseline, options);
    return { ...resultOf(parameters, describeLookup(parameters)), baseline, ...comparison };
  } finally {
    for (const peer of peers) peer.close();
  }
}

/**
 * Looks up flows that are remembered, as {@link lookupScenario}. The flows are the packets of a stateless
 * lookup that reach a backend.
 */
export async function flowScenario(
  parameters: LookupParameters,
  options: RoundOptions,
  { notice, makeCluster }: LookupContext,
  nativePeers: readonly Peer[] = FLOW_PEERS,
): Promise<ScenarioResult> {
  const { cluster, ruleset } = makeCluster(parameters);
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, parameters.flows, parameters.traffic);
  const stateless = usualLookupBatch.prepare(ruleset, packets, SEEDS.flowHash).answers();
  const flows = rememberFlows(seededRandom(SEEDS.flows), packets, stateless);
  const lookups = FLOW_IMPLEMENTATIONS.map(({ name, prepare }) => ({ name, ...prepare(flows) }));
  const peers = await startPeers(nativePeers, () => flowJob(flows), flows.packets.records, notice);
  const baseline = FLOW_BASELINE.name;
  const title = `${count(parameters.services)} services, ${count(flows.packets.count)} remembered flows`;
  try {
    const comparison = await compareLookups(lookups, peers, flows.packets, baseline, options);
    return { ...resultOf(parameters, title), baseline, ...comparison };
  } finally {
    for (const peer of peers) peer.close();
  }
}

function fieldOf({ family }: LookupParameters): LookupField {
  return { implementations: implementationsFor(family), peers: LOOKUP_PEERS[family] };
}

function resultOf(parameters: LookupParameters, title: string) {
  return {
    suite: 'lookup',
    title,
    parameters: { ...parameters, traffic: describeTraffic(parameters.traffic) },
    unit: 'packet',
    rivals: [...FLOW_PEERS.map(({ name }) => name), LOOKUP_BASELINE.IPv4.name],
  } as const;
}

/** The cluster that all benchmarks of this size have. */
export function makeCluster(size: ClusterSize): MadeCluster {
  const cluster = generateCluster(seededRandom(SEEDS.cluster), size);
  const state = new ClusterState(cluster.objects);
  const { ruleset } = resolve({ state, node: cluster.node, config: cluster.config });
  return { cluster, ruleset };
}

/** Scenarios of one cluster follow each other, and a large one takes a minute to make. */
function rememberingLast(make: LookupContext['makeCluster']): LookupContext['makeCluster'] {
  let last: { readonly key: string; readonly made: MadeCluster } | null = null;
  return (size) => {
    const { services, endpointsPerService, family, balance } = size;
    const key = JSON.stringify({ services, endpointsPerService, family, balance });
    if (last?.key !== key) last = { key, made: make(size) };
    return last.made;
  };
}
