import { describe, expect, it } from 'vitest';
import { timeRounds, timeTurns } from './rounds.js';

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

describe('turns', () => {
  it('mix contestants that are timed and those that keep their own time', async () => {
    const turns: string[] = [];
    const timed = { name: 'timed', unitsPerRun: 1, run: () => void turns.push('timed') };
    const round = (milliseconds: number) => {
      turns.push(`self ${milliseconds}`);
      return Promise.resolve(40);
    };
    const timings = await timeTurns([timed, { name: 'self', round }], 'self', { rounds: 2, milliseconds: 1 });
    expect(turns.filter((turn, index) => turn !== turns[index - 1])).toEqual(
      Array.from({ length: 3 }, () => ['timed', 'self 1']).flat(),
    );
    expect(timings.map(({ name }) => name)).toEqual(['timed', 'self']);
    expect(timings[1]).toEqual({
      name: 'self',
      rounds: [40, 40],
      median: 40,
      lowerQuartile: 40,
      upperQuartile: 40,
      ratio: 1,
    });
    expect(timings[0]?.latency?.runs).toBeGreaterThan(1);
  });

  it('hand on what a contestant fails with', async () => {
    const broken = { name: 'broken', round: () => Promise.reject(new Error('broken')) };
    await expect(timeTurns([broken], 'broken', ROUNDS)).rejects.toThrow('broken');
  });
});
