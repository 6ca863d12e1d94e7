import { jumpHash } from '@shunt/compiler';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../workload/random.js';
import { AnchorHash } from './anchor-hash.js';
import { type BucketHash, rehash } from './bucket-hash.js';
import { MementoHash } from './memento-hash.js';

const KEYS = 4_096;
const MOST = 24;
const random = seededRandom(7);
const keys = Array.from({ length: KEYS }, () => random());

const ALGORITHMS: readonly (readonly [string, (working: number) => BucketHash])[] = [
  ['AnchorHash', (working) => new AnchorHash(2 * MOST, working)],
  ['MementoHash', (working) => new MementoHash(working)],
];

function owners(hash: BucketHash): number[] {
  return keys.map((key) => hash.pick(key));
}

/** Changes by numbers: an even one adds, an odd one removes the working bucket at its place. */
const histories = fc.array(fc.nat({ max: 99 }), { maxLength: 30 });

function apply(hash: BucketHash, working: number[], change: number): void {
  if (change % 2 === 0 && working.length < MOST) working.push(hash.add());
  else if (working.length > 1) hash.remove(working.splice(change % working.length, 1)[0] as number);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, bucket) => bucket);
}

describe.each(ALGORITHMS)('%s', (_, make) => {
  it('picks working buckets only, whatever came and went', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MOST }), histories, (count, changes) => {
        const hash = make(count);
        const working = upTo(count);
        for (const change of changes) apply(hash, working, change);
        const allowed = new Set(working);
        expect(new Set(working).size).toBe(working.length);
        expect(owners(hash).filter((bucket) => !allowed.has(bucket))).toEqual([]);
      }),
    );
  });

  it('moves the keys of a removed bucket and no others, and gives a new one keys without moving others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MOST }), histories, (count, changes) => {
        const hash = make(count);
        const working = upTo(count);
        for (const change of changes) {
          const before = owners(hash);
          const were = new Set(working);
          apply(hash, working, change);
          const are = new Set(working);
          const moved = owners(hash).filter(
            (bucket, index) =>
              bucket !== before[index] && are.has(before[index] as number) && were.has(bucket),
          );
          expect(moved).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is undone by adding what was removed', () => {
    const hash = make(10);
    const before = owners(hash);
    for (const bucket of [3, 9, 0, 7]) hash.remove(bucket);
    expect([hash.add(), hash.add(), hash.add(), hash.add()]).toEqual([7, 0, 9, 3]);
    expect(owners(hash)).toEqual(before);
  });

  it('spreads keys evenly, also after removals', () => {
    const hash = make(16);
    for (const bucket of [2, 11, 5, 8, 15, 0]) hash.remove(bucket);
    const counts = new Map<number, number>();
    for (const bucket of owners(hash)) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    expect(counts.size).toBe(10);
    // Five standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - KEYS / 10)).toBeLessThan(96);
  });

  it('depends on the order of removals: this is why no strategy is made of it', () => {
    const [one, other] = [make(10), make(10)];
    for (const bucket of [3, 6]) one.remove(bucket);
    for (const bucket of [6, 3]) other.remove(bucket);
    expect(owners(one)).not.toEqual(owners(other));
  });
});

describe('without a history', () => {
  it('memento is jump', () => {
    const hash = new MementoHash(10);
    expect(owners(hash)).toEqual(keys.map((key) => jumpHash(rehash(key, 0), key, 10)));
  });

  it('anchor numbers the backends as jump does, so that one in the middle moves half of the flows', () => {
    // Contents decide: backend i of those that are there has bucket i.
    const before = owners(new AnchorHash(32, 16)).map((bucket) => `backend ${bucket}`);
    const after = owners(new AnchorHash(32, 15)).map(
      (bucket) => `backend ${bucket < 5 ? bucket : bucket + 1}`,
    );
    const moved = after.filter((name, index) => name !== before[index] && before[index] !== 'backend 5');
    expect(moved.length / KEYS).toBeGreaterThan(0.5);
  });
});

describe('AnchorHash', () => {
  it('has no more buckets than its capacity', () => {
    const hash = new AnchorHash(4, 3);
    expect(hash.add()).toBe(3);
    expect(() => hash.add()).toThrow(new RangeError('all 4 buckets work already'));
  });
});

describe('MementoHash', () => {
  it('remembers what was removed from the middle, and forgets what was removed from the end', () => {
    const hash = new MementoHash(10);
    const bare = hash.bytes();
    hash.remove(9);
    hash.remove(8);
    expect(hash.bytes()).toBe(bare);
    hash.remove(2);
    expect(hash.bytes()).toBe(bare + 12);
  });
});
