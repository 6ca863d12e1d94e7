import { describe, expect, it } from 'vitest';
import { BALANCERS, STRATEGIES } from './balancers.js';
import { MAX_SLOTS, MAX_SLOTS_PER_BACKEND, parseSlotsPerBackend, slotCount } from './slot-count.js';

const TABLE_STRATEGIES = STRATEGIES.filter((strategy) => BALANCERS[strategy].table === 'powerOfTwo');

describe('slot count', () => {
  it('is 0 without backends and 1 for a single one, whatever the strategy', () => {
    for (const strategy of STRATEGIES) {
      expect(slotCount(strategy, 0)).toBe(0);
      expect(slotCount(strategy, 1)).toBe(1);
      expect(slotCount(strategy, 1, 100)).toBe(1);
    }
  });

  it('is the number of backends for even and random', () => {
    for (const count of [2, 3, 1000, 200_000]) {
      expect(slotCount('even', count)).toBe(count);
      expect(slotCount('random', count, 100)).toBe(count);
    }
  });

  it('is the smallest power of two with enough slots for each backend elsewhere', () => {
    for (const strategy of TABLE_STRATEGIES) {
      expect([2, 3, 4, 5, 10, 16, 17, 100].map((count) => slotCount(strategy, count))).toEqual([
        32, 64, 64, 128, 256, 256, 512, 2048,
      ]);
      expect(slotCount(strategy, 10, 100)).toBe(1024);
      expect(slotCount(strategy, 3, 1)).toBe(4);
    }
  });

  it('never exceeds the cap', () => {
    expect(slotCount('maglev', 8192)).toBe(MAX_SLOTS);
    expect(slotCount('maglev', 8193)).toBe(MAX_SLOTS);
    expect(slotCount('maglev', 1_000_000)).toBe(MAX_SLOTS);
  });

  it('refuses counts that are none', () => {
    expect(() => slotCount('even', -1)).toThrow(
      new RangeError('"backendCount" expected an integer >= 0, got -1'),
    );
    expect(() => slotCount('even', 1.5)).toThrow(RangeError);
    expect(() => slotCount('maglev', 3, 0)).toThrow('"slotsPerBackend" expected a number >= 1, got 0');
    expect(() => slotCount('maglev', 3, Number.NaN)).toThrow(RangeError);
  });
});

describe('slots per backend', () => {
  it('are read from 1 to the most, and nothing else is', () => {
    expect(['1', '16', '1024'].map(parseSlotsPerBackend)).toEqual([1, 16, MAX_SLOTS_PER_BACKEND]);
    for (const text of ['', '0', '-1', '1025', '10000', '1.5', '016', '1e2', '16 ', '0x10']) {
      expect(parseSlotsPerBackend(text)).toBeNull();
    }
  });
});
