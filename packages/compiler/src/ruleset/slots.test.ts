import { describe, expect, it } from 'vitest';
import { isSameValue } from './same-value.js';
import { newSlots, slotsFrom, slotsNameThemselves } from './slots.js';

const indexes = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('slots', () => {
  it.each([
    [255, 255, Array],
    [256, 256, Uint16Array],
    [131_072, 65_536, Uint16Array],
    [131_072, 65_537, Uint32Array],
  ])('of %i for %i backends hold every index', (slotCount, backendCount, kind) => {
    const slots = newSlots(slotCount, backendCount);
    slots.fill(backendCount - 1);
    expect(slots).toBeInstanceOf(kind);
    expect(slots).toHaveLength(slotCount);
    expect(slots[slotCount - 1]).toBe(backendCount - 1);
  });

  it.each([10, 255, 256, 1_000])('are made of a list as they are made anew: %i', (count) => {
    const slots = slotsFrom(indexes(count), count);
    expect(slots.constructor).toBe(newSlots(count, count).constructor);
    expect([...slots]).toEqual(indexes(count));
    expect(slotsNameThemselves(slots)).toBe(true);
  });

  it('keep an index that no backend has, for others to complain about', () => {
    const list = [...indexes(299), 70_000];
    expect(slotsFrom(list, 300)).toBe(list);
    expect(slotsNameThemselves(list)).toBe(false);
  });

  it('are the same value when they hold the same indexes', () => {
    const list = indexes(300);
    const typed = slotsFrom(list, 300);
    expect(isSameValue(typed, list)).toBe(true);
    expect(isSameValue(list, typed)).toBe(true);
    expect(isSameValue(typed, list.with(299, 0))).toBe(false);
    expect(isSameValue(typed, indexes(299))).toBe(false);
    expect(isSameValue(typed, { ...list })).toBe(false);
    expect(isSameValue({ ...list }, typed)).toBe(false);
  });
});
