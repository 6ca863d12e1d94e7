import { cidr } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type { Pool } from './pool.js';
import { addressPools, portPools } from './pools.js';

const OWNER = 'Service default/web';

function takeAll(pool: Pool): string[] {
  const taken: string[] = [];
  for (let text = pool.allocate(OWNER); text !== null; text = pool.allocate(OWNER)) taken.push(text);
  return taken;
}

describe.each([
  ['addresses', () => addressPools(cidr('10.96.0.0/24'))],
  ['a range without a static band', () => addressPools(cidr('10.96.0.0/28'))],
  ['node ports', () => portPools(30_000, 30_099)],
])('the pools of %s', (_, implementations) => {
  it('pick the same, until all are held', () => {
    const [first = [], ...others] = implementations().map(({ open }) => takeAll(open()));
    expect(new Set(first).size).toBe(implementations()[0]?.open().size);
    for (const other of others) expect(other).toEqual(first);
  });

  it('give out again what they got back, and only from its owner', () => {
    for (const { open } of implementations()) {
      const pool = open();
      const [one = ''] = takeAll(pool);
      pool.release(one, 'Service default/other');
      expect(pool.allocate(OWNER)).toBeNull();
      pool.release(one, OWNER);
      expect(pool.allocate(OWNER)).toBe(one);
    }
  });
});
