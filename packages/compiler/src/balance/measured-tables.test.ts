/** The tables of README.md and docs/balancing.md are measured here, so that they cannot grow stale. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Backend, Pool, Strategy } from '../ruleset/types.js';
import { BALANCERS, STRATEGIES } from './balancers.js';
import { makePool } from './pool.js';
import { SLOTS_PER_BACKEND } from './slot-count.js';
import { poolShares } from './weight.js';

// `random` has slots, but no flow keeps one.
const PREDICTABLE = STRATEGIES.filter((strategy) => strategy !== 'random');
const WEIGHTED = STRATEGIES.filter((strategy) => BALANCERS[strategy].honoursWeight);
const TABLES = STRATEGIES.filter((strategy) => BALANCERS[strategy].table === 'powerOfTwo');
const SAMPLES = 3;
// Without the spaces that align the columns.
const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  .replace(/ +/g, ' ')
  .split('\n');

const page = readFileSync(new URL('../../../../docs/balancing.md', import.meta.url), 'utf8');

/** Holds a row against those of the README that begin alike, so that a failure shows what to write. */
function expectRow(first: string, cells: readonly string[]): void {
  const rows = readme.filter((line) => line.startsWith(`| ${first} |`));
  expect(rows).toEqual(expect.arrayContaining([`| ${first} | ${cells.join(' | ')} |`]));
}

describe('the tables of the README', () => {
  it.each(PREDICTABLE)('have the measured shares and moves of %s', (strategy) => {
    const cells = [10, 100, 1000, 5000].map((count) => {
      const backends = podBackends(count);
      const { largestOverDue } = poolShares(makePool(backends, strategy), false);
      return `${largestOverDue.toFixed(3)} / ${percent(meanNeedless(backends, strategy))}`;
    });
    expectRow(strategy, cells);
  });

  it.each(PREDICTABLE)('have the measured moves of %s where the size of the table changes', (strategy) => {
    const cells = [17, 129, 1025, 4097].map((count) => percent(meanNeedless(podBackends(count), strategy)));
    expectRow(strategy, cells);
  });

  it.each([1, 4, 16, 32, 64, 100, 1024])('have what %d slots for each backend do', (slotsPerBackend) => {
    const backends = podBackends(100);
    const cells = (['maglev', 'rendezvous', 'ring'] as const).map((strategy) => {
      const { largestOverDue } = poolShares(makePool(backends, strategy, slotsPerBackend), false);
      return `${largestOverDue.toFixed(3)} / ${percent(meanNeedless(backends, strategy, slotsPerBackend))}`;
    });
    const { length } = makePool(backends, 'maglev', slotsPerBackend).slots;
    expectRow(`${slotsPerBackend}`, [`${length}`, ...cells]);
  });

  it.each(WEIGHTED)('have the measured shares of %s by weight', (strategy) => {
    const cells = [16, 100].flatMap((slotsPerBackend) => {
      const backends = podBackends(100).map((backend, index) => ({
        ...backend,
        weight: index % 10 === 0 ? 1 : 9,
      }));
      const pool = makePool(backends, strategy, slotsPerBackend);
      const canary =
        [...pool.slots].filter((slot) => pool.backends[slot]?.weight === 1).length / pool.slots.length;
      return `${percent(canary)} / ${poolShares(pool, true).largestOverDue.toFixed(3)}`;
    });
    expectRow(strategy, cells);
  });
});

describe('the page on balancing', () => {
  it.each(TABLES)('has the largest share of %s among 1,000', (strategy) => {
    const pool = makePool(podBackends(1000), strategy);
    const over = Math.round((poolShares(pool, false).largestOverDue - 1) * 100);
    const row = page.split('\n').find((line) => line.startsWith(`| \`${strategy}\``));
    expect(row).toContain(`| ${over} % over the mean `);
    expect(row).toContain(`| ${pool.slots.length.toLocaleString('en-US')} |`);
  });
});

/** Addresses as a cluster gives them out: some of each node's range. */
function podBackends(count: number): readonly Backend[] {
  return Array.from({ length: count }, (_, index) => ({
    address: 0x0af40000 + (index % 50) * 256 + 2 + 3 * Math.floor(index / 50),
    port: 8080,
    local: false,
    weight: 1,
  }));
}

/** The mean, over three backends of the pool, of the flows that move needlessly when that one goes. */
function meanNeedless(
  backends: readonly Backend[],
  strategy: Strategy,
  slotsPerBackend: number = SLOTS_PER_BACKEND,
): number {
  const before = makePool(backends, strategy, slotsPerBackend);
  let sum = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const gone = before.backends[Math.floor(((sample + 0.5) * before.backends.length) / SAMPLES)] as Backend;
    const after = makePool(
      before.backends.filter((backend) => backend !== gone),
      strategy,
      slotsPerBackend,
    );
    sum += needlessMoves(before, after, gone) / SAMPLES;
  }
  return sum;
}

/** The part of all flow hashes whose backend changes though it is still there. */
function needlessMoves(before: Pool, after: Pool, gone: Backend): number {
  const sizes = [before.slots.length, after.slots.length] as const;
  let moved = 0;
  let from = 0;
  for (let a = 0, b = 0; a < sizes[0] && b < sizes[1]; ) {
    const to = Math.min((a + 1) / sizes[0], (b + 1) / sizes[1]);
    const old = before.backends[before.slots[a] as number];
    if (old !== gone && old !== after.backends[after.slots[b] as number]) moved += to - from;
    if (to === (a + 1) / sizes[0]) a++;
    if (to === (b + 1) / sizes[1]) b++;
    from = to;
  }
  return moved;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
