import { describe, expect, it } from 'vitest';
import { asSet, differenceOf } from './compare.js';

const ports = Array.from({ length: 9 }, (_, i) => ({ name: `port-${i}`, port: 80 + i }));
const long = (port: number): object => ({ spec: { selector: { app: 'web' }, ports: [...ports, { port }] } });

describe('a difference', () => {
  it('is none where keys are in another order or undefined', () => {
    expect(differenceOf({ a: 1, b: undefined, c: [1] }, { c: [1], a: 1 })).toBeNull();
    expect(differenceOf(asSet([{ a: 1 }, { b: 2 }]), asSet([{ b: 2 }, { a: 1 }]))).toBeNull();
  });

  it('is both sides when they are short', () => {
    expect(differenceOf({ a: 1 }, { a: 2 })).toBe('expected {"a":1}\ngot      {"a":2}');
  });

  it('is a line for each field when they are long', () => {
    expect(differenceOf(long(80), long(81))).toBe('spec.ports[9].port: expected 80, got 81');
    expect(differenceOf(long(80), { ...long(80), more: [1] })).toBe('more: expected nothing, got [1]');
    expect(
      differenceOf({ spec: { ...long(80), selector: null } }, { spec: { ...long(80), selector: [] } }),
    ).toBe('spec.selector: expected null, got []');
    expect(differenceOf([...ports, ports[0]], ports)).toBe(
      '[9]: expected {"name":"port-0","port":80}, got nothing',
    );
  });

  it('stops after twenty lines', () => {
    const other = Array.from({ length: 30 }, (_, i) => ({ name: `another-port-${i}` }));
    const difference = differenceOf(other, []) ?? '';
    expect(difference.split('\n')).toHaveLength(21);
    expect(difference).toMatch(/\nand 10 more$/);
  });
});
