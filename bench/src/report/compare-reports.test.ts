import { describe, expect, it } from 'vitest';
import { compareReports } from './compare-reports.js';
import { formatComparison } from './format-comparison.js';
import type { Report, ScenarioResult } from './result.js';

type Rounds = Readonly<Record<string, readonly number[]>>;

function scenario(rounds: Rounds, overrides: Partial<ScenarioResult> = {}): ScenarioResult {
  const timings = Object.entries(rounds).map(([name, own]) => {
    return { name, rounds: own, median: own[0] ?? 0, lowerQuartile: 0, upperQuartile: 0, ratio: 1 };
  });
  const common = { suite: 'lookup', title: 'small', parameters: {}, unit: 'packet', facts: {} } as const;
  return { ...common, baseline: 'Map', timings, hash: 'ab', ...overrides };
}

function report(...results: ScenarioResult[]): Report {
  return {
    format: 'shunt-bench/1',
    date: '2025-01-02T03:04:05.000Z',
    machine: { cpu: 'one', cores: 1, memoryBytes: 1, os: 'linux', caches: null },
    runtime: { node: '20', v8: '11', arch: 'x64' },
    commit: { revision: '0123456789abcdef', dirty: false },
    options: { size: 'smoke', suites: ['lookup'] },
    notices: [],
    seeds: {} as Report['seeds'],
    results,
  };
}

const steady = (time: number): number[] => Array.from({ length: 7 }, (_, round) => time + round / 100);

describe('the comparison with an earlier run', () => {
  it('finds what got slower beside the baseline, whatever the machine did', () => {
    const before = report(scenario({ Map: steady(100), batch: steady(10), other: steady(20) }));
    const after = report(scenario({ Map: steady(200), batch: steady(30), other: steady(30) }));
    const { comparisons, left } = compareReports(before, after);
    expect(left).toEqual([]);
    expect(comparisons).toMatchObject([
      { name: 'batch', reference: 'Map', outcome: 'slower' },
      { name: 'other', reference: 'Map', outcome: 'faster' },
    ]);
    expect(comparisons[0]?.change.value).toBeCloseTo(2 / 3, 1);
  });

  it('compares with the first rival that both runs have, and finds no fault with rivals', () => {
    const rounds = { Map: steady(100), batch: steady(10), DPDK: steady(4) };
    const rivals = { rivals: ['C', 'Map', 'DPDK'] };
    const before = report(scenario({ ...rounds, C: steady(2) }, rivals));
    const after = report(scenario({ ...rounds, C: steady(1), DPDK: steady(9) }, rivals));
    expect(compareReports(before, after).comparisons).toMatchObject([
      { name: 'batch', reference: 'C', outcome: 'slower' },
    ]);
    expect(compareReports(report(scenario(rounds)), after).comparisons).toMatchObject([
      { name: 'batch', reference: 'Map', outcome: 'same' },
    ]);
  });

  it('does not take noise, or little, for a change', () => {
    const before = report(scenario({ Map: steady(100), batch: [10, 12, 9, 14, 10] }));
    const noisy = report(scenario({ Map: steady(100), batch: [11, 9, 13, 12, 15] }));
    const slightly = report(scenario({ Map: steady(100), batch: steady(10.3) }));
    expect(compareReports(before, noisy).comparisons[0]?.outcome).toBe('same');
    const from = report(scenario({ Map: steady(100), batch: steady(10) }));
    expect(compareReports(from, slightly).comparisons[0]?.outcome).toBe('same');
  });

  it('leaves out what only one run has, and what is not the same work', () => {
    const rounds = { Map: steady(100), batch: steady(10) };
    const before = report(scenario(rounds), scenario(rounds, { title: 'old' }));
    const after = report(scenario(rounds, { hash: 'cd' }), scenario(rounds, { title: 'new' }));
    expect(compareReports(before, after)).toEqual({
      comparisons: [],
      left: [
        'lookup: small: not the same work, the hashes differ',
        'lookup: new: only in this run',
        'lookup: old: only in the earlier run',
      ],
    });
  });

  it('reads as a table', () => {
    const before = report(scenario({ Map: steady(100), batch: steady(10) }));
    const after = report(scenario({ Map: steady(100), batch: steady(30) }));
    const text = formatComparison(compareReports(before, after), before, {
      ...after,
      machine: { ...after.machine, cores: 2 },
    });
    expect(text).toContain('compared with the run of 2025-01-02T03:04:05.000Z, 0123456789\n');
    expect(text).toContain('on another machine: one, linux');
    expect(text).toContain('lookup: small, beside Map\n  batch  0.33x as fast');
    expect(text).toMatch(/slower\n1 of 1 slower beyond noise\n$/);
  });
});
