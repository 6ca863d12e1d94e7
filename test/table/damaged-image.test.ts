import { emitTable, type Ruleset } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  BUCKET_LINES,
  BUCKET_PASSED,
  BUCKET_WORDS,
  bucketTag,
  FAMILIES,
  HEADER_HEAP_END,
  HEADER_ROOT,
  HEADER_VERSION,
  LINE_ACTIONS,
  LINE_CLUSTER_POOL,
  LINE_KIND,
  LINE_RANGES_COUNT,
  LINE_SERVICE_PORT,
  lineOffset,
  type Packet,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_SLOTS,
  POOL_WORD,
  packetWords,
  ROOT_POSITION,
  ROOT_WORDS,
  readVerdict,
  structureOffset,
  validateMatchTable,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookupBatch4 } from '../../packages/dataplane/src/ipv4/lookup-batch.js';
import { lookupBatch6 } from '../../packages/dataplane/src/ipv6/lookup-batch.js';
import { changedImage, sealed } from './changed-image.js';
import { variedRuleset } from './small-ruleset.js';

const words = fc.oneof(fc.nat(40), fc.integer({ min: 0, max: 0xffffffff }));

/** The same image, which throws when a word outside of it is read. */
function guarded(image: Uint32Array): Uint32Array {
  return new Proxy(image, {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key, target);
      if (value === undefined && typeof key === 'string') throw new Error(`word ${key} was read`);
      return value;
    },
  });
}

describe('an image that is no match table', () => {
  const { image } = emitTable(variedRuleset());
  const root = image[HEADER_ROOT] as number;
  const index = structureOffset(image, 'frontendIndex4');
  // The second of the bucket's frontends, so that a change cannot empty the bucket.
  const bucket = [index, index + BUCKET_WORDS].find((at) => bucketTag(image, at, 1) !== 0) ?? index;
  const line = lineOffset(image[bucket + BUCKET_LINES] as number);
  const clusterPool = line + LINE_CLUSTER_POOL;
  const outside = image.length;

  it.each([
    ['is empty', () => new Uint32Array(0), 'a header has 64 words, the image 0'],
    ['is all zero', () => new Uint32Array(1_024), 'the magic word is 0x0'],
    ['is cut off', () => image.slice(0, -16), `it should have ${image.length} words`],
    ['is of the other byte order', () => image.map(swapped), 'a machine of the other byte order'],
    [
      'has another version',
      () => image.with(HEADER_VERSION, 1),
      'it has version 1, this release reads version 3',
    ],
    ['has one bit changed', () => image.with(100, (image[100] as number) ^ 4), 'the image is damaged'],
    [
      'has a heap that ends behind it',
      () => sealed(image.with(HEADER_HEAP_END, 1 << 20)),
      'the heap ends at',
    ],
    ['has a zero line that is not', () => sealed(image.with(70, 1)), 'line 0 is not zero'],
    ['has a root outside of the heap', () => sealed(image.with(HEADER_ROOT, 1 << 20)), 'the root lies at'],
    ['has a root on the zero line', () => sealed(image.with(HEADER_ROOT, 64)), 'the root lies at'],
    [
      'has a structure outside of the heap',
      () => sealed(image.with(root + ROOT_POSITION.clusterIPs4, 1 << 20)),
      'clusterIPs4 lies at',
    ],
    [
      'has an index that is no power of two',
      () => sealed(image.with(root + ROOT_POSITION.frontendIndex4 + 1, 3)),
      'frontendIndex4 has capacity 3',
    ],
    [
      'has a list that is none but somewhere',
      () => sealed(image.with(root + ROOT_POSITION.serviceRanges4, 128)),
      'serviceRanges4 lies at',
    ],
    [
      'has a set without an end',
      () => {
        const set = structureOffset(image, 'clusterIPs4');
        return sealed(image.map((word, at) => (at >= set && at < set + 16 ? 1 : word)));
      },
      'clusterIPs4 has nothing that ends a search',
    ],
    [
      'has an index without an end',
      () => sealed(image.with(index + BUCKET_PASSED, 1).with(index + BUCKET_WORDS + BUCKET_PASSED, 1)),
      'frontendIndex4 has nothing that ends a search',
    ],
    ['has an even tag', () => sealed(image.with(bucket, 2)), 'frontendIndex4 has tag 2'],
    [
      'has a bucket with more than it should',
      () => sealed(image.with(bucket + BUCKET_PASSED + 1, 1)),
      'has words that are not used and not zero',
    ],
    [
      'has a bucket that names no line',
      () => sealed(image.with(bucket + BUCKET_LINES, 1 << 20)),
      'frontendIndex4 names line',
    ],
    ['has a bucket that names line 0', () => sealed(image.with(bucket + BUCKET_LINES, 0)), 'names line 0'],
    ['has a frontend of no kind', () => sealed(image.with(line + LINE_KIND, 99)), 'it has no kind'],
    [
      'has a frontend of no service port',
      () => sealed(image.with(line + LINE_SERVICE_PORT, 0)),
      'it has no service port',
    ],
    [
      'has source ranges outside',
      () => sealed(image.with(line + LINE_RANGES_COUNT, 1 << 20)),
      'its source ranges lie outside',
    ],
    [
      'has an action without a verdict',
      () => sealed(image.with(line + LINE_ACTIONS, 7)),
      'an action has no verdict',
    ],
    [
      'forwards to no pool',
      () => sealed(image.map((word, at) => (at >= clusterPool && at < clusterPool + 3 ? 0 : word))),
      'an action forwards to no pool',
    ],
    [
      'has slots outside',
      () => sealed(image.with(clusterPool + POOL_SLOTS, outside)),
      'the slots of a pool lie outside',
    ],
    [
      'has backends outside',
      () => sealed(image.with(clusterPool + POOL_BACKEND, outside)),
      'a pool names backends that are not there',
    ],
    [
      'has backends on the zero line',
      () => sealed(image.with(clusterPool + POOL_BACKEND, 66)),
      'a pool names backends that are not there',
    ],
    [
      'has too many slots',
      () => sealed(image.with(clusterPool + POOL_WORD, POOL_COUNT_MASK)),
      'a pool has no slots',
    ],
    [
      'has words for a pool that is none',
      () => sealed(image.with(clusterPool + POOL_WORD, 0)),
      'a pool that is none has words',
    ],
  ])('and %s is refused with the reason', (_, make, reason) => {
    const other = make();
    expect(validateMatchTable(other)[0]).toContain(reason);
    expect(() => Dataplane.load(other)).toThrow(RangeError);
    expect(() => Dataplane.load(other)).toThrow(/^"image" expected a match table, but /);
  });

  it('whatever words are changed, is refused', () => {
    const changes = fc.array(fc.tuple(fc.nat(image.length - 1), words), { minLength: 1, maxLength: 5 });
    const property = fc.property(changes, (list) => {
      const damaged = image.slice();
      for (const [at, word] of list) damaged[at] = word;
      fc.pre(damaged.some((word, at) => word !== image[at]));
      expect(validateMatchTable(damaged)).not.toEqual([]);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('of any words at all is refused', () => {
    const property = fc.property(fc.array(words, { maxLength: 200 }), (list) => {
      expect(validateMatchTable(Uint32Array.from(list))).not.toEqual([]);
    });
    fc.assert(property);
  });
});

/** Looks packets up alone and together, which takes other ways, with the kernels that read words in TypeScript. */
function lookUp(image: Uint32Array, packets: readonly Packet[]): void {
  for (const family of FAMILIES) {
    const type = family === 'IPv4' ? 'number' : 'bigint';
    const some = packets.filter((packet) => typeof packet.source === type);
    const records = new Uint32Array(some.length * packetWords(family));
    const verdicts = new Uint32Array(some.length * verdictWords(family));
    some.forEach((packet, index) => void writePacket(records, index, packet));
    const batch = family === 'IPv4' ? lookupBatch4 : lookupBatch6;
    batch(image, records, verdicts, some.length, () => 0);
    for (let index = 0; index < some.length; index++) {
      batch(image, records.subarray(index * packetWords(family)), verdicts, 1, () => 0);
      expect(readVerdict(verdicts, 0, family).origin).toBeTypeOf('string');
    }
  }
}

describe('an image that was changed and sealed again', () => {
  interface Change {
    readonly ruleset: Ruleset;
    readonly packets: readonly Packet[];
    readonly list: readonly (readonly [number, number])[];
  }

  it('is refused, or read without leaving it and without end', () => {
    const changes = rulesets().chain((ruleset) =>
      fc.record<Change>({
        ruleset: fc.constant(ruleset),
        packets: fc.array(packetsFor(ruleset), { minLength: 5, maxLength: 5 }),
        list: fc.array(fc.tuple(fc.nat(2_000), words), { minLength: 1, maxLength: 3 }),
      }),
    );
    let loaded = 0;
    const property = fc.property(changes, ({ ruleset, packets, list }) => {
      const { image } = emitTable(ruleset);
      if (changedImage(image, list) === null) return;
      lookUp(guarded(image), packets);
      loaded++;
    });
    fc.assert(property, { numRuns: 1_000 });
    expect(loaded).toBeGreaterThan(100);
  });
});

describe('the root', () => {
  it('has room for the structures', () => {
    expect(Math.max(...Object.values(ROOT_POSITION)) + 2).toBeLessThanOrEqual(ROOT_WORDS);
  });
});

function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
