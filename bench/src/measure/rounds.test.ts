import { describe, expect, it } from 'vitest';
import { timeRounds } from './rounds.js';

const ROUNDS = { rounds: 3, milliseconds: 0 };

describe('rounds', () => {
  it('let the contestants take turns, after a round that is not counted', () => {
    const turns: string[] = [];
    const contestant = (name: string) => ({ name, unitsPerRun: 1, run: () => void turns.push(name) });
    const timings = timeRounds([contestant('a'), contestant('b')], 'a', ROUNDS);
    expect(timings.map(({ rounds }) => rounds.length)).toEqual([3, 3]);
    expect(turns.filter((name, index) => name !== turns[index - 1]).join('')).toBe('abababab');
  });

  it('prepare each run of a contestant that wants it', () => {
    const calls: string[] = [];
    const one = { name: 'one', unitsPerRun: 1, prepare: () => void calls.push('prepare') };
    timeRounds([{ ...one, run: () => void calls.push('run') }], 'one', ROUNDS);
    expect(calls.length).toBeGreaterThan(3);
    expect(calls).toEqual(calls.map((_, index) => (index % 2 === 0 ? 'prepare' : 'run')));
  });

  it('give the baseline the ratio 1', () => {
    const slow = {
      name: 'slow',
      unitsPerRun: 1,
      run: () => void JSON.stringify(Array.from({ length: 500 }, String)),
    };
    expect(timeRounds([slow], 'slow', ROUNDS)[0]?.ratio).toBe(1);
  });

  it('hand on what a contestant throws', () => {
    const broken = {
      name: 'broken',
      unitsPerRun: 1,
      run: () => {
        throw new Error('broken');
      },
    };
    expect(() => timeRounds([broken], 'broken', ROUNDS)).toThrow('broken');
  });

  it('refuse a baseline that does not take part', () => {
    expect(() => timeRounds([], 'none', ROUNDS)).toThrow(RangeError);
  });
});
