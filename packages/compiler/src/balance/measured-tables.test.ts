/** The tables of README.md are measured here, so that they cannot grow stale. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Backend, Pool, Strategy } from '../ruleset/types.js';
import { STRATEGIES } from './balancers.js';
import { makePool } from './pool.js';

// `random` has slots, but no flow keeps one.
const PREDICTABLE = STRATEGIES.filter((strategy) => strategy !== 'random');
const SAMPLES = 3;
// Without the spaces that align the columns.
const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8').replace(/ +/g, ' ');

describe('the tables of the README', () => {
  it.each(PREDICTABLE)('have the measured shares and moves of %s', (strategy) => {
    const cells = [10, 100, 1000].map((count) => {
      const backends = podBackends(count);
      return `${overMean(makePool(backends, strategy))} / ${percent(meanNeedless(backends, strategy))}`;
    });
    expect(readme).toContain(`| ${strategy} | ${cells.join(' | ')} |`);
  });

  it.each(PREDICTABLE)('have the measured moves of %s where the size of the table changes', (strategy) => {
    const cells = [17, 129, 1025].map((count) => percent(meanNeedless(podBackends(count), strategy)));
    expect(readme).toContain(`| ${strategy} | ${cells.join(' | ')} |`);
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

/** The largest share over the mean share. */
function overMean(pool: Pool): string {
  const each = new Map<number, number>();
  for (const slot of pool.slots) each.set(slot, (each.get(slot) ?? 0) + 1);
  return (Math.max(...each.values()) / (pool.slots.length / pool.backends.length)).toFixed(3);
}

/** The mean, over three backends of the pool, of the flows that move needlessly when that one goes. */
function meanNeedless(backends: readonly Backend[], strategy: Strategy): number {
  const before = makePool(backends, strategy);
  let sum = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const gone = before.backends[Math.floor(((sample + 0.5) * before.backends.length) / SAMPLES)] as Backend;
    const after = makePool(
      before.backends.filter((backend) => backend !== gone),
      strategy,
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
