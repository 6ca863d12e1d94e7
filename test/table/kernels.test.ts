/** The kernels in WebAssembly and in TypeScript, which are held to each other on whatever words there are. */
import { emitTable, type Ruleset } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  FAMILIES,
  type Family,
  type Packet,
  packetWords,
  readVerdict,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedImage } from './changed-image.js';
import { variedRuleset } from './small-ruleset.js';

const SEED = 0x5eed;
const LONGEST = 200;

/** One table under both kernels. Picks by chance are the same for both. */
function both(image: Uint32Array): readonly [Dataplane, Dataplane] {
  const random = (): number => 0x9e3779b9;
  return [
    Dataplane.load(image, { kernels: 'webassembly', random }),
    Dataplane.load(image, { kernels: 'typescript', random }),
  ];
}

function records(packets: readonly Packet[], family: Family): Uint32Array {
  const type = family === 'IPv4' ? 'number' : 'bigint';
  const some = packets.filter(({ source }) => typeof source === type);
  const words = new Uint32Array(some.length * packetWords(family));
  some.forEach((packet, index) => void writePacket(words, index, packet));
  return words;
}

/** @param isStaged - whether the packets are outside of the table's memory */
function answers(dataplane: Dataplane, packets: Uint32Array, family: Family, isStaged: boolean): Uint32Array {
  const count = packets.length / packetWords(family);
  const batch = isStaged
    ? { packets, verdicts: new Uint32Array(count * verdictWords(family)) }
    : dataplane.allocateBatch(family, count);
  if (!isStaged) batch.packets.set(packets);
  batch.verdicts.fill(0xffffffff);
  if (family === 'IPv4') dataplane.lookupBatch(batch.packets, batch.verdicts, count);
  else dataplane.lookupBatch6(batch.packets, batch.verdicts, count);
  return batch.verdicts.slice();
}

function expectAgreement(image: Uint32Array, packets: Uint32Array, family: Family): void {
  const [wasm, typescript] = both(image);
  const expected = answers(typescript, packets, family, true);
  for (const isStaged of [true, false]) expect(answers(wasm, packets, family, isStaged)).toEqual(expected);
}

interface Question {
  readonly ruleset: Ruleset;
  readonly packets: readonly Packet[];
}

function questions(count: number): fc.Arbitrary<Question> {
  return rulesets().chain((ruleset) =>
    fc.record({
      ruleset: fc.constant(ruleset),
      packets: fc.array(packetsFor(ruleset), { minLength: count, maxLength: count }),
    }),
  );
}

describe('both kernels', () => {
  it('say the same of packets to difficult rules', () => {
    const property = fc.property(questions(LONGEST), ({ ruleset, packets }) => {
      const { image } = emitTable(ruleset, { seed: SEED });
      for (const family of FAMILIES) expectAgreement(image, records(packets, family), family);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it.each(FAMILIES)('say the same of %s packets of any words', (family) => {
    // Words of packets that meet something, so that some of the random ones nearly do.
    const known = questions(20).map(({ ruleset, packets }) => ({ ruleset, words: records(packets, family) }));
    const word = fc.oneof(fc.nat(40), fc.integer({ min: 0, max: 0xffffffff }));
    const changes = fc.array(fc.tuple(fc.nat(), word), { maxLength: 30 });
    const property = fc.property(known, changes, ({ ruleset, words }, list) => {
      fc.pre(words.length > 0);
      for (const [at, value] of list) words[at % words.length] = value;
      expectAgreement(emitTable(ruleset, { seed: SEED }).image, words, family);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it.each(FAMILIES)('say the same of every number of %s packets up to 200', (family) => {
    const [{ ruleset, packets }] = fc.sample(questions(4 * LONGEST), { numRuns: 1, seed: SEED }) as [
      Question,
    ];
    const [wasm, typescript] = both(emitTable(ruleset).image);
    const all = records(packets, family);
    expect(all.length).toBeGreaterThanOrEqual(LONGEST * packetWords(family));
    const batch = wasm.allocateBatch(family, LONGEST);
    for (let count = 0; count <= LONGEST; count++) {
      const some = all.slice(0, count * packetWords(family));
      const expected = answers(typescript, some, family, true);
      expect(answers(wasm, some, family, true)).toEqual(expected);
      batch.packets.set(some);
      batch.verdicts.fill(0xffffffff);
      if (family === 'IPv4') wasm.lookupBatch(batch.packets, batch.verdicts, count);
      else wasm.lookupBatch6(batch.packets, batch.verdicts, count);
      expect(batch.verdicts.slice(0, expected.length)).toEqual(expected);
      expect(batch.verdicts.slice(expected.length).every((word) => word === 0xffffffff)).toBe(true);
    }
  });

  // What structures contradict each other about is read differently, but read.
  it('read an image that was changed at random, if it is still one', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(2_000), fc.integer({ min: 0, max: 0xffffffff })));
    const changes = fc.array(change, { minLength: 1, maxLength: 3 });
    let loaded = 0;
    const property = fc.property(questions(40), changes, ({ ruleset, packets }, list) => {
      const image = changedImage(emitTable(ruleset).image, list);
      if (image === null) return;
      loaded++;
      const [wasm] = both(image);
      for (const family of FAMILIES) {
        const verdicts = answers(wasm, records(packets, family), family, true);
        const count = verdicts.length / verdictWords(family);
        for (let index = 0; index < count; index++) {
          expect(readVerdict(verdicts, index, family).origin).toBeTypeOf('string');
        }
      }
      for (const packet of packets) expect(wasm.lookup(packet).origin).toBeTypeOf('string');
    });
    fc.assert(property, { numRuns: 1_000 });
    expect(loaded).toBeGreaterThan(100);
  });

  it('answer one packet as they answer it in a batch', () => {
    const property = fc.property(questions(40), ({ ruleset, packets }) => {
      const [wasm, typescript] = both(emitTable(ruleset).image);
      for (const packet of packets) expect(wasm.lookup(packet)).toEqual(typescript.lookup(packet));
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('never change the image', () => {
    const { image } = emitTable(variedRuleset());
    const dataplanes = both(image);
    const property = fc.property(packetsFor(variedRuleset()), (packet) => {
      for (const dataplane of dataplanes) dataplane.lookup(packet);
    });
    fc.assert(property);
    for (const dataplane of dataplanes) expect(dataplane.image).toEqual(image);
  });
});
