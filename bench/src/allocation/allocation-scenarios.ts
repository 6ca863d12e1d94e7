import { cidr, formatCidr } from '@shunt/model';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import { ResultMismatch, textHash } from '../measure/text-hash.js';
import type { ScenarioResult } from '../report/result.js';
import { SEEDS, seededRandom, shuffle } from '../workload/random.js';
import type { Pool, PoolImplementation } from './pool.js';
import { addressPools, portPools } from './pools.js';

/** How much is allocated. */
export interface AllocationSize {
  /** Cluster IPs that are taken one after the other from an empty 10.96.0.0/12. */
  readonly addresses: number;
  /** Of the range that gets full, 10.96.0.0 and on. */
  readonly prefix: number;
  /** How many are taken first, and last. */
  readonly batch: number;
}

const OWNER = 'Service default/web';
const NODE_PORTS = [30_000, 32_767] as const;
const PORT_BATCH = 100;
const LEAST_PER_RUN = 1_000;

/** Times allocation alone: many addresses, then a range and the node ports at every degree of fullness. */
export function allocationScenarios(size: AllocationSize, options: RoundOptions): ScenarioResult[] {
  const range = cidr(`10.96.0.0/${size.prefix}`);
  return [
    bulkScenario(size.addresses, options),
    fullnessScenario(`cluster IPs in ${formatCidr(range)}`, addressPools(range), size.batch, options),
    fullnessScenario(`node ports ${NODE_PORTS.join('-')}`, portPools(...NODE_PORTS), PORT_BATCH, options),
  ];
}

function bulkScenario(count: number, options: RoundOptions): ScenarioResult {
  const implementations = addressPools(cidr('10.96.0.0/12'));
  const contestants = implementations.map(({ name, open }): Contestant => {
    return { name, unitsPerRun: count, run: () => void take(open(), count) };
  });
  const [, { name: baseline }] = implementations as [PoolImplementation, PoolImplementation];
  return {
    suite: 'control-plane',
    title: `${format(count)} cluster IPs from an empty 10.96.0.0/12`,
    parameters: { addresses: count },
    unit: 'allocation',
    baseline,
    timings: timeRounds(contestants, baseline, options),
    hash: agreedPicks(implementations, count),
    facts: {},
  };
}

/**
 * The first of an empty pool, the last of one that gets full, and the last when 99.9 % are held before.
 * What a run takes it gives back, so that every run finds the same: a time is that of both.
 */
function fullnessScenario(
  what: string,
  implementations: readonly PoolImplementation[],
  batch: number,
  options: RoundOptions,
): ScenarioResult {
  const size = (implementations[0] as PoolImplementation).open().size;
  const mostlyFull = Math.ceil(size / 1000);
  const contestants = implementations.flatMap(({ name, open }): Contestant[] => [
    takeAndGiveBack(`${name}, the first ${format(batch)}`, open(), batch),
    takeAndGiveBack(`${name}, the last ${format(batch)}`, withFree(open(), batch), batch),
    takeAndGiveBack(`${name}, the last ${format(mostlyFull)}`, withFree(open(), mostlyFull), mostlyFull),
  ]);
  const [{ name: baseline }] = contestants as [Contestant];
  return {
    suite: 'control-plane',
    title: `${what}, ${format(size)} in all`,
    parameters: { size, batch, mostlyFull },
    unit: 'allocation',
    baseline,
    timings: timeRounds(contestants, baseline, options),
    hash: agreedPicks(implementations, size),
    facts: {},
  };
}

// As often as makes a sample of the clock far above its resolution.
function takeAndGiveBack(name: string, pool: Pool, count: number): Contestant {
  const times = Math.ceil(LEAST_PER_RUN / count);
  return {
    name,
    unitsPerRun: count * times,
    run() {
      for (let time = 0; time < times; time++) {
        for (const text of take(pool, count)) pool.release(text, OWNER);
      }
    },
  };
}

/** A pool of which all are held but some, anywhere. */
function withFree(pool: Pool, count: number): Pool {
  const held = take(pool, pool.size);
  for (const text of shuffle(seededRandom(SEEDS.allocation), held).slice(0, count)) pool.release(text, OWNER);
  return pool;
}

function take(pool: Pool, count: number): string[] {
  return Array.from({ length: count }, () => {
    const text = pool.allocate(OWNER);
    if (text === null) throw new RangeError(`"count" expected at most ${pool.size}, got ${count}`);
    return text;
  });
}

/** @throws {ResultMismatch} if two implementations pick differently */
function agreedPicks(implementations: readonly PoolImplementation[], count: number): string {
  const hashes = new Map(implementations.map(({ name, open }) => [textHash(take(open(), count)), name]));
  const [hash = ''] = hashes.keys();
  if (hashes.size > 1) throw new ResultMismatch(`${[...hashes.values()].join(' and ')} pick differently`);
  return hash;
}

function format(count: number): string {
  return count.toLocaleString('en-US');
}
