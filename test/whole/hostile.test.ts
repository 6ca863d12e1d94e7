/** Whatever words come from outside: images, patches and flows that were stored, and packets. */
import { changeBetween, type Ruleset, TableWriter } from '@shunt/compiler';
import { Dataplane, type StatefulDataplane } from '@shunt/dataplane';
import {
  FAMILIES,
  flowVerdictWords,
  HEADER_WORDS,
  packetWords,
  readFlowVerdict,
  readPatchPlan,
  readVerdict,
  tablePatchProblem,
  VERDICTS,
  validateMatchTable,
  verdictWords,
} from '@shunt/model';
import { rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEQUENCES, seed, TIME_LIMIT } from '../incremental/follow.js';
import { sealed } from '../table/changed-image.js';
import { PatchedTable } from '../table/patched-table.js';
import { rulesetWith, servicePortWith, variedRuleset } from '../table/small-ruleset.js';
import { sealed as sealedPatch } from '../table/stress.js';
import { begin, FLOW_OPTIONS, resealed, talk } from './saved-flows.js';

const KERNELS = ['typescript', 'webassembly'] as const;
const MAXIMUM_BYTES = 1 << 25;
const word = fc.oneof(fc.nat(40), fc.nat({ max: 0xffffffff }));
/** Where, as a number that is taken modulo the length, and what. */
const changes = fc.array(fc.tuple(fc.nat(), word), { minLength: 1, maxLength: 4 });

/** More of them where more are asked for. */
function runs(count: number): { readonly numRuns: number; readonly seed?: number } {
  return { numRuns: Math.ceil((count * SEQUENCES) / 2_000), ...(seed === undefined ? {} : { seed }) };
}

function load(image: Uint32Array, kernels: (typeof KERNELS)[number]): Dataplane {
  return Dataplane.load(image, { kernels, maximumBytes: MAXIMUM_BYTES, random: () => 0 });
}

function swapped(one: number): number {
  return ((one << 24) | ((one & 0xff00) << 8) | ((one >>> 8) & 0xff00) | (one >>> 24)) >>> 0;
}

function withChanges(words: Uint32Array, list: readonly (readonly [number, number])[]): Uint32Array {
  const changed = words.slice();
  for (const [at, to] of list) changed[at % words.length] = to;
  return changed;
}

describe(`an image from outside, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  const ruleset = variedRuleset();
  const { image } = TableWriter.create(ruleset).table();
  const refused = (words: Uint32Array): void => {
    expect(() => load(words, 'typescript')).toThrow(RangeError);
    expect(() => TableWriter.load(words, ruleset)).toThrow(RangeError);
  };

  it('is refused at every length but its own', () => {
    for (let length = 0; length < image.length; length++) refused(image.slice(0, length));
    refused(Uint32Array.of(...image, 0));
    refused(Uint32Array.of(0, ...image));
  });

  it('is refused whichever bit is flipped', () => {
    for (let bit = 0; bit < 32 * image.length; bit++) {
      const at = bit >>> 5;
      const flipped = image.with(at, (image[at] as number) ^ (1 << (bit & 31)));
      // The first tells all; the writer asks the same, and copies first.
      expect(validateMatchTable(flipped)).not.toEqual([]);
      if (at < HEADER_WORDS) refused(flipped);
    }
  });

  it('is refused in the other byte order', () => {
    refused(image.map(swapped));
  });

  it('is refused by a writer of other rules', () => {
    expect(() => TableWriter.load(image, rulesetWith())).toThrow('"image" expected the table of the ruleset');
  });

  it('is refused, or of use, with any word of its header changed and sealed again', () => {
    const property = fc.property(
      fc.nat(HEADER_WORDS - 1),
      word,
      fc.constantFrom(...KERNELS),
      (at, to, kernels) => {
        const other = sealed(image.with(at, to));
        if (validateMatchTable(other).length > 0) return refused(other);
        lookUpNoise(load(other, kernels), 64, 1);
      },
    );
    fc.assert(property, runs(500));
  });

  it('is refused by its writer, or goes on to be a table, with any words changed and sealed again', () => {
    let goingOn = 0;
    const property = fc.property(rulesets(), rulesets(), changes, (before, after, list) => {
      const own = TableWriter.create(before).table().image;
      const other = sealed(withChanges(own, list));
      const writer = loadedWriter(other, before);
      if (writer === null || before.mode !== after.mode) return;
      const dataplane = Dataplane.load(other, { kernels: 'typescript' });
      dataplane.apply(writer.update(changeBetween(before, after)));
      expect(validateMatchTable(dataplane.image)).toEqual([]);
      goingOn++;
    });
    fc.assert(property, runs(1_000));
    expect(goingOn).toBeGreaterThan(SEQUENCES / 200);
  });
});

function loadedWriter(image: Uint32Array, ruleset: Ruleset): TableWriter | null {
  try {
    return TableWriter.load(image, ruleset);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return null;
  }
}

describe(`a patch from outside, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  const before = variedRuleset();
  const after = rulesetWith(servicePortWith({ affinitySeconds: 7 }));

  it.each(KERNELS)('changes nothing, or makes a table, whatever is in it: %s', (kernels) => {
    const table = new PatchedTable(before, 1 << 12);
    const { image } = table.writer.table();
    const patch = table.writer.update(changeBetween(before, after));
    let applied = 0;
    const property = fc.property(changes, (list) => {
      const other = sealedPatch(withChanges(patch, list));
      const dataplane = load(image, kernels);
      try {
        dataplane.apply(other);
        applied++;
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        expect(dataplane.image).toEqual(image);
        return;
      }
      expect(tablePatchProblem(other)).toBe(null);
      // What it says of flows can be done, too.
      begin({ image, kernels: 'typescript' }).apply(readPatchPlan(other));
    });
    fc.assert(property, runs(300));
    expect(applied).toBeGreaterThan(0);
  });
});

describe.each(KERNELS)(`flows from outside, %s, seed ${seed}`, { timeout: TIME_LIMIT }, (kernels) => {
  const { image } = TableWriter.create(variedRuleset()).table();
  const before = begin({ image, kernels });
  talk(before, variedRuleset());
  const saved = before.save();
  expect([...before.flows(9)].length).toBeGreaterThan(4);

  it('are refused, damaged or cut off', () => {
    const property = fc.property(fc.nat(saved.length - 1), fc.nat(31), (at, bit) => {
      const flipped = saved.with(at, (saved[at] as number) ^ (1 << bit));
      expect(() => begin({ image, kernels, saved: flipped })).toThrow(RangeError);
      expect(() => begin({ image, kernels, saved: saved.slice(0, at) })).toThrow(RangeError);
    });
    fc.assert(property, runs(200));
    expect(() => begin({ image, kernels, saved: saved.map(swapped) })).toThrow(RangeError);
  });

  it('are refused, or do no harm, with any words changed and sealed again', () => {
    // Most words are zero, and say little: half of the changes are to those that are not.
    const used = [...saved.keys()].filter((at) => saved[at] !== 0);
    const places = fc.oneof(fc.nat(saved.length - 1), fc.constantFrom(...used));
    const list = fc.array(fc.tuple(places, fc.oneof(word, fc.constantFrom(...saved))), {
      minLength: 1,
      maxLength: 4,
    });
    let taken = 0;
    const property = fc.property(list, fc.nat(0xffffffff), (changed, now) => {
      const other = resealed(withChanges(saved, changed));
      const after = tryBegin(() => begin({ image, kernels, saved: other }));
      if (after === null) return;
      taken++;
      talk(after, variedRuleset());
      processNoise(after, 80, now);
      expect([...after.flows(now)].length).toBeLessThanOrEqual(2 * FLOW_OPTIONS.flows);
      after.collect();
      after.expire(now, 1_024);
      const again = begin({ image, kernels, saved: after.save() });
      expect([...again.flows(now)].length).toBe([...after.flows(now)].length);
    });
    fc.assert(property, runs(300));
    expect(taken).toBeGreaterThan(SEQUENCES / 200);
  });
});

function tryBegin(start: () => StatefulDataplane): StatefulDataplane | null {
  try {
    return start();
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return null;
  }
}

describe.each(KERNELS)(`any words as packets, %s, seed ${seed}`, { timeout: TIME_LIMIT }, (kernels) => {
  it('have a verdict by any rules', () => {
    const property = fc.property(rulesets(), fc.nat(0xffffffff), (ruleset, from) => {
      const { image } = TableWriter.create(ruleset).table();
      lookUpNoise(load(image, kernels), 70, from);
      processNoise(begin({ image, kernels }), 70, from);
    });
    fc.assert(property, runs(100));
  });
});

/** Words by chance, few of them large: so that some are ports and protocols that mean something. */
function noise(count: number, from: number): Uint32Array {
  let state = from | 1;
  return Uint32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state & 3) === 0 ? (state >>> 8) & 31 : state >>> 0;
  });
}

function lookUpNoise(dataplane: Dataplane, count: number, from: number): void {
  for (const family of FAMILIES) {
    const packets = noise(count * packetWords(family), from);
    const verdicts = noise(count * verdictWords(family), from + 1);
    if (family === 'IPv4') dataplane.lookupBatch(packets, verdicts, count);
    else dataplane.lookupBatch6(packets, verdicts, count);
    for (let index = 0; index < count; index++) {
      expect(VERDICTS).toContain(readVerdict(verdicts, index, family).verdict);
    }
  }
}

function processNoise(dataplane: StatefulDataplane, count: number, from: number): void {
  for (const family of FAMILIES) {
    const verdicts = noise(count * flowVerdictWords(family), from + 1);
    dataplane.process(family, noise(count * packetWords(family), from), verdicts, count, from);
    for (let index = 0; index < count; index++) {
      expect(VERDICTS).toContain(readFlowVerdict(verdicts, index, family).verdict);
    }
  }
}
