/** Tables that grow under changes, and what is left of their memory after many. */
import { emitTable, resolve } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { type ChangeEvent, ClusterState } from '@shunt/model';
import { latencyFacts } from '../measure/latency.js';
import { RoundRecord, roundOf } from '../measure/rounds.js';
import { quantile } from '../measure/statistics.js';
import type { ScenarioResult } from '../report/result.js';
import { generateCluster } from '../workload/cluster.js';
import { generatePackets } from '../workload/packets.js';
import { below, type Random, SEEDS, seededRandom } from '../workload/random.js';
import { type AppliedPatch, LiveTable, type Objects } from './live-table.js';
import { FULL_COMPILE } from './one-change.js';
import { changeAt, type Kind, type Site, sitesOf } from './sites.js';
import { patchedHash } from './verdicts.js';

const ENDPOINTS = 10;

export interface GrowthSize {
  /** Half of them are there at first. */
  readonly services: number;
  readonly rounds: number;
}

const PLAIN = 'service created, with room';
const REHASHED = 'service created, index or set anew';
const GROWN = 'service created, table made larger';

interface CreatedService {
  readonly patch: AppliedPatch;
  readonly nanoseconds: number;
}

interface Walk {
  readonly created: ReadonlyMap<string, readonly CreatedService[]>;
  readonly compile: number;
  readonly hash: string;
}

/**
 * Services come until the table has had to grow to twice its size. It has no room at first.
 * @param asked - packets whose verdicts are compared
 * @throws {VerdictMismatch} if the table then is not that of a compile from nothing
 */
export function growthScenario({ services, rounds }: GrowthSize, asked: number): ScenarioResult {
  const cluster = generateCluster(seededRandom(SEEDS.cluster), { services, endpointsPerService: ENDPOINTS });
  const sites = sitesOf(cluster, seededRandom(SEEDS.churn));
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, asked, 'uniform');
  const walk = (): Walk => {
    const { table, created } = grow(cluster, sites);
    return { created, compile: fullCompile(table), hash: patchedHash(table, packets) };
  };
  const { created: patches, hash } = walk();
  const counted = Array.from({ length: rounds }, walk);
  const names = [FULL_COMPILE, ...patches.keys()];
  const record = new RoundRecord(
    names.map((name) => ({ name })),
    FULL_COMPILE,
  );
  counted.forEach(({ created, compile }, round) => {
    record.add(FULL_COMPILE, round, roundOf([compile]));
    for (const [name, own] of created) {
      record.add(name, round, roundOf(own.map(({ nanoseconds }) => nanoseconds)));
    }
  });
  const timings = record.timings();
  const facts = timings.map(({ name, latency }) => {
    const words = (patches.get(name) ?? []).map(({ patch }) => patch.wordsWritten);
    const written =
      words.length === 0 ? {} : { patches: words.length, 'words written': quantile(words, 0.5) };
    return [name, { ...latencyFacts(latency), ...written }] as const;
  });
  return {
    suite: 'churn',
    title: `${count(services / 2)} services become ${count(services)}, without room at first`,
    parameters: { services, endpointsPerService: ENDPOINTS },
    unit: 'change',
    baseline: FULL_COMPILE,
    timings,
    hash,
    facts: Object.fromEntries(facts),
  };
}

function grow(cluster: Objects, sites: readonly Site[]) {
  const later = sites.slice(sites.length >> 1).map((site) => changeAt(site, 'service'));
  const half = new ClusterState(cluster.objects);
  for (const service of later) service.take(half);
  const kinds = new Set(cluster.objects.map(({ kind }) => kind));
  const objects = [...kinds].flatMap((kind) => half.list(kind));
  const table = new LiveTable({ ...cluster, objects }, { capacityWords: 0 });
  const created = new Map<string, CreatedService[]>();
  for (const service of later) {
    const events = service.put(table.state);
    const start = performance.now();
    const patch = table.change(events);
    const nanoseconds = (performance.now() - start) * 1e6;
    const name = patch.isGrown ? GROWN : patch.isRehashed ? REHASHED : PLAIN;
    const own = created.get(name);
    if (own === undefined) created.set(name, [{ patch, nanoseconds }]);
    else own.push({ patch, nanoseconds });
  }
  return { table, created };
}

function fullCompile({ state, input: { node, config } }: LiveTable): number {
  const start = performance.now();
  Dataplane.load(emitTable(resolve({ state, node, config }).ruleset, { seed: SEEDS.flowHash }).image);
  return (performance.now() - start) * 1e6;
}

export interface WearSize {
  readonly services: number;
  readonly changes: number;
}

/**
 * The memory of a table after changes of all kinds, beside that of one that was compiled from nothing.
 * @param asked - packets whose verdicts are compared
 * @throws {VerdictMismatch} if they do not answer alike
 */
export function wearScenario({ services, changes }: WearSize, asked: number): ScenarioResult {
  const cluster = generateCluster(seededRandom(SEEDS.cluster), { services, endpointsPerService: ENDPOINTS });
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, asked, 'uniform');
  const table = new LiveTable(cluster, { capacityWords: 0 });
  const random = seededRandom(SEEDS.churn);
  const draw = randomChanges(sitesOf(cluster, random), random);
  for (let change = 0; change < changes; change++) table.change(draw(table.state));
  const hash = patchedHash(table, packets);
  const { node, config } = cluster;
  const fresh = emitTable(resolve({ state: table.state, node, config }).ruleset).image.length;
  const worn = memoryOf(table, fresh);
  table.writer.compact({ capacityWords: 0 });
  return {
    suite: 'churn',
    title: `memory of ${count(services)} services after ${count(changes)} random changes`,
    parameters: { services, endpointsPerService: ENDPOINTS, changes },
    unit: 'run',
    baseline: null,
    timings: [],
    hash,
    facts: {
      'compiled from nothing': { 'words in all': fresh, 'heap over that from nothing': 1 },
      [`after ${count(changes)} changes`]: worn,
      'then compacted': memoryOf(table, fresh),
    },
  };
}

function memoryOf({ writer }: LiveTable, fresh: number): Record<string, number> {
  const { totalWords, heapWords, freeWords, waitingWords } = writer.memory;
  return {
    'words in all': totalWords,
    'heap over that from nothing': heapWords / fresh,
    'heap words': heapWords,
    'free words': freeWords,
    'waiting words': waitingWords,
  };
}

const KINDS: readonly Kind[] = ['endpoint', 'readiness', 'endpoint', 'readiness', 'service'];

/** At one site after the other, by chance: what is there goes, and what is gone comes back. */
function randomChanges(sites: readonly Site[], random: Random): (state: ClusterState) => ChangeEvent[] {
  const gone = new Map<Site, Kind>();
  return (state) => {
    const site = sites[below(random, sites.length)] as Site;
    const was = gone.get(site);
    const kind = was ?? (KINDS[below(random, KINDS.length)] as Kind);
    const change = changeAt(site, kind);
    if (was === undefined) gone.set(site, kind);
    else gone.delete(site);
    return was === undefined ? change.take(state) : change.put(state);
  };
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
