import { changeBetween } from '@shunt/compiler';
import { applyPatch, Dataplane, ReaderEpochs, ReaderStalledError } from '@shunt/dataplane';
import {
  HEADER_ROOT,
  HEADER_TOTAL_WORDS,
  PATCH_FILL,
  PATCH_GENERATION_AFTER,
  PATCH_GENERATION_BEFORE,
  PATCH_HEADER_WORDS,
  PATCH_HEAP_END,
  PATCH_NEEDS_WORDS,
  PATCH_PLAN_WORDS,
  PATCH_PUBLISH,
  PATCH_TABLE_CHECKSUM_BEFORE,
  PATCH_TABLE_ID,
  PATCH_VERSION,
  PATCH_WAIT,
  PATCH_WRITES_WORDS,
  type TablePatch,
  tablePatchSummary,
  validateMatchTable,
} from '@shunt/model';
import { rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PatchedTable } from './patched-table.js';
import { poolOf, rulesetWith, servicePortWith, variedRuleset } from './small-ruleset.js';
import { sealed } from './stress.js';

const before = variedRuleset();
const after = rulesetWith(servicePortWith({ clusterPool: poolOf(5, [0, 1, 2, 3, 4, 4, 3, 2]) }));

/** A table, and its next patch. */
function tableAndPatch(capacityWords = 1 << 12): { image: Uint32Array; patch: TablePatch } {
  const { writer } = new PatchedTable(before, capacityWords);
  const { image } = writer.table();
  return { image, patch: writer.update(changeBetween(before, after)) };
}

function changed(at: number, word: number): TablePatch {
  return sealed(tableAndPatch().patch.with(at, word));
}

function refuses(image: Uint32Array, patch: TablePatch, message: string | RegExp): void {
  const copy = image.slice();
  expect(() => applyPatch(image, patch)).toThrow(message);
  expect(image).toEqual(copy);
}

describe('a patch that is none', () => {
  const { image, patch } = tableAndPatch();
  const first = PATCH_HEADER_WORDS;

  it.each<[string, () => TablePatch, string]>([
    ['is empty', () => new Uint32Array(0), 'a header has 32 words, the patch 0'],
    ['is all zero', () => new Uint32Array(64), 'the magic word is 0x00000000'],
    ['is a match table', () => image, 'the magic word is 0x53484e54'],
    ['is cut off', () => patch.slice(0, -1), `it should have ${patch.length} words`],
    ['is of the other byte order', () => patch.map(swapped), 'a machine of the other byte order'],
    ['has another version', () => patch.with(PATCH_VERSION, 9), 'it has version 9, this release reads'],
    ['has one bit changed', () => patch.with(40, (patch[40] as number) ^ 4), 'the patch is damaged'],
    ['is for another table', () => changed(PATCH_TABLE_ID, 5), 'it is for table 0x00000005, not'],
    [
      'is for another generation',
      () => sealed(patch.with(PATCH_GENERATION_BEFORE, 3).with(PATCH_GENERATION_AFTER, 4)),
      'it is for generation 3, the table has 0',
    ],
    ['skips a generation', () => changed(PATCH_GENERATION_AFTER, 2), 'it goes from generation 0 to 2'],
    [
      'is for a table that was changed',
      () => changed(PATCH_TABLE_CHECKSUM_BEFORE, 1),
      'a table with another checksum',
    ],
    ['has a spare word', () => changed(20, 1), 'word 20 is not used and not zero'],
    ['has parts of other sizes', () => changed(PATCH_PLAN_WORDS, 1_000), 'its parts have'],
    ['has a heap that ends nowhere', () => changed(PATCH_HEAP_END, 1 << 30), 'the heap would end at word'],
    ['makes the heap shorter', () => changed(PATCH_HEAP_END, 96), 'it writes at word'],
    ['makes the table shorter', () => shorter(patch), 'it makes the table shorter'],
    ['has a write of no kind', () => changed(first, 7), 'it has a write of kind 7'],
    ['writes into the header', () => changed(first + 1, 4), 'it writes at word 4, the heap goes from 80'],
    ['writes behind the heap', () => changed(first + 1, 1 << 30), `it writes at word ${1 << 30}`],
    ['writes more than it has', () => changed(first + 2, 1 << 20), 'its writes end within one'],
    ['waits too late', () => changed(lastPublished(patch), PATCH_WAIT), 'it waits where nothing can be'],
    [
      'has a root outside of the heap',
      () => {
        const at = lastPublished(patch);
        return sealed(patch.with(at + 2, HEADER_ROOT).with(at + 3, 3));
      },
      'the root would lie at word 3',
    ],
    [
      'has half a plan',
      () => changed(patch.length - 1 - planWords(patch) + 4, 1 << 20),
      'its plan for flows',
    ],
  ])('because it %s is refused', (_, make, message) => {
    refuses(image.slice(), make(), message);
  });

  it('is refused whichever bit is changed', () => {
    const table = image.slice();
    for (let bit = 0; bit < 32 * patch.length; bit++) {
      const at = bit >>> 5;
      const flipped = patch.with(at, (patch[at] as number) ^ (1 << (bit & 31)));
      expect(() => applyPatch(table, flipped)).toThrow(RangeError);
    }
    for (let length = 0; length < patch.length; length++) {
      expect(() => applyPatch(table, patch.slice(0, length))).toThrow(RangeError);
    }
    expect(table).toEqual(image);
  });

  it('is refused when the words are by chance', () => {
    const table = image.slice();
    const words = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 80 });
    const property = fc.property(words, fc.nat(patch.length), (noise, at) => {
      const spoilt = patch.slice();
      spoilt.set(noise.slice(0, patch.length - at), at);
      if (spoilt.every((word, index) => word === patch[index])) return;
      // What still has the form of a patch changes this table or another one, and nothing beside it.
      const copy = table.slice();
      const room = new Uint32Array(copy.length + 64);
      room.set(copy);
      try {
        applyPatch(room.subarray(0, copy.length), sealed(spoilt));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        expect(isSame(room.subarray(0, copy.length), table)).toBe(true);
      }
      expect(room.subarray(copy.length).every((word) => word === 0)).toBe(true);
    });
    fc.assert(property, { numRuns: 3_000 });
  });

  it('is refused once it has been applied', () => {
    const table = image.slice();
    applyPatch(table, patch);
    refuses(table, patch, 'it is for generation 0, the table has 1');
  });
});

describe('a table without room', () => {
  it('is left as it is, and told how much is needed', () => {
    const { image, patch } = tableAndPatch(0);
    const { needsWords } = tablePatchSummary(patch);
    expect(needsWords).toBeGreaterThan(image.length);
    refuses(image, patch, `room in the table for ${needsWords} words, got ${image.length}`);
  });

  it('grows', () => {
    const { image, patch } = tableAndPatch(0);
    const grow = (words: number): Uint32Array => {
      const larger = new Uint32Array(words);
      larger.set(image);
      return larger;
    };
    const table = applyPatch(image, patch, { grow });
    expect(table[HEADER_TOTAL_WORDS]).toBe(table.length);
    expect(validateMatchTable(table)).toEqual([]);
    expect(() => applyPatch(image, patch, { grow: () => new Uint32Array(1 << 20) })).toThrow(
      '"grow" expected',
    );
  });

  it.each(['webassembly', 'typescript'] as const)('grows in the memory of a dataplane, %s', (kernels) => {
    const { image, patch } = tableAndPatch(0);
    const dataplane = Dataplane.load(image, { kernels });
    const summary = dataplane.apply(patch);
    expect(dataplane.image.length).toBe(summary.needsWords);
    expect(validateMatchTable(dataplane.image)).toEqual([]);
  });

  it('is left as it is where the memory may not grow', () => {
    const { image, patch } = tableAndPatch(0);
    const maximumBytes = 4 * image.length + 64 * 1024;
    const dataplane = Dataplane.load(image, { kernels: 'typescript', batchBytes: 0, maximumBytes });
    expect(dataplane.apply(patch).needsWords).toBeGreaterThan(image.length);
    const other = Dataplane.load(image, {
      kernels: 'typescript',
      batchBytes: 0,
      maximumBytes: 4 * image.length + 16_448,
    });
    expect(() => other.apply(patch)).toThrow(
      /^"words" expected room for \d+, more than "maximumBytes" allows/,
    );
    expect(other.image).toEqual(image);
  });
});

describe('a reader that does not end its batch', () => {
  const options = { readers: 2, spins: 1_000 };

  it('makes a patch fail that would take a frontend from under it, and all is as it was', () => {
    const nftables = { ...before, mode: 'nftables', clusterIPs: [0x0a60000a] } as const;
    const table = new PatchedTable(nftables, 1 << 12);
    const { image } = table.writer.table();
    const patch = table.writer.update(changeBetween(nftables, { ...rulesetWith(), mode: 'nftables' }));
    const readers = new ReaderEpochs(new Uint32Array(ReaderEpochs.regionWords(options)), options);
    const copy = image.slice();
    readers.reader(1).begin();
    expect(() => applyPatch(image, patch, { readers })).toThrow(ReaderStalledError);
    expect(image).toEqual(copy);
    readers.release(1);
    applyPatch(image, patch, { readers });
    expect(validateMatchTable(image)).toEqual([]);
  });

  it('makes a patch fail between growing the table and writing it, and all is as it was', () => {
    const nftables = { ...before, mode: 'nftables', clusterIPs: [0x0a60000a] } as const;
    const backends = poolOf(2_000, [...new Array(2_000).keys()], 'even');
    const [frontend] = servicePortWith({}).frontends;
    if (frontend === undefined) throw new Error('there is a frontend');
    const frontends = [{ ...frontend, address: 0x0a600014 }];
    const large = servicePortWith({ name: 'large', clusterPool: backends, frontends });
    const table = new PatchedTable(nftables, 0);
    const { image } = table.writer.table();
    const next = { ...rulesetWith(large), mode: 'nftables' as const };
    const patch = table.writer.update(changeBetween(nftables, next));
    // A batch that begins after the table has grown, and does not end.
    class LateReader extends ReaderEpochs {
      waits = 0;
      override waitForAll(): void {
        if (++this.waits === 2) throw new ReaderStalledError(1);
      }
    }
    const readers = new LateReader(new Uint32Array(ReaderEpochs.regionWords(options)), options);
    const room = new Uint32Array(1 << 16);
    room.set(image);
    const grow = (words: number): Uint32Array => room.subarray(0, words);
    expect(() => applyPatch(room.subarray(0, image.length), patch, { readers, grow })).toThrow(
      ReaderStalledError,
    );
    expect(readers.waits).toBe(2);
    expect(room.slice(0, image.length)).toEqual(image);
    const grown = applyPatch(room.subarray(0, image.length), patch, { grow });
    expect(validateMatchTable(grown)).toEqual([]);
  });

  it('makes a patch fail that writes what it may still read', () => {
    const pools = [5, 6, 7, 8, 9].map((count) => poolOf(count, [...new Array(count).keys()], 'even'));
    const rules = pools.map((clusterPool) => rulesetWith(servicePortWith({ clusterPool })));
    const table = new PatchedTable(rules[0] as (typeof rules)[0], 1 << 12);
    const { image } = table.writer.table();
    const readers = new ReaderEpochs(new Uint32Array(ReaderEpochs.regionWords(options)), options);
    const next = (index: number): TablePatch =>
      table.writer.update(
        changeBetween(rules[index - 1] as (typeof rules)[0], rules[index] as (typeof rules)[0]),
      );
    applyPatch(image, next(1), { readers });
    readers.reader(0).begin();
    applyPatch(image, next(2), { readers });
    const copy = image.slice();
    const third = next(3);
    applyPatch(image, third, { readers });
    expect(image).not.toEqual(copy);
    const fourth = next(4);
    expect(() => applyPatch(image, fourth, { readers })).toThrow('reader 0 has not ended its batch');
    readers.reader(0).end();
    applyPatch(image, fourth, { readers });
    expect(validateMatchTable(image)).toEqual([]);
  });
});

describe('a change that is none of the rules', () => {
  const table = new PatchedTable(before);
  const stranger = rulesetWith(servicePortWith({ name: 'stranger' }));

  it.each([
    ['adds what is there', changeBetween({ ...before, servicePorts: [] }, before), 'a table without IPv4'],
    ['removes what is not there', changeBetween(stranger, rulesetWith()), 'a table with IPv4 shop/stranger'],
    ['is for another mode', changeBetween(before, { ...before, mode: 'nftables' }), 'the mode of the table'],
  ])('since it %s is refused', (_, change, message) => {
    expect(() => table.writer.update(change)).toThrow(message);
    expect(table.problem(before, [])).toBe(null);
  });
});

it('any two rulesets make a patch that another table refuses', () => {
  const property = fc.property(rulesets(), rulesets(), (a, b) => {
    if (a.mode !== b.mode) return;
    const patch = new PatchedTable(a).writer.update(changeBetween(a, b));
    const other = new PatchedTable({ ...a, localAddresses: [...a.localAddresses, 0x01020304] }).image;
    refuses(other, patch, 'it is for table');
  });
  fc.assert(property, { numRuns: 50 });
});

function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function isSame(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at]);
}

function planWords(patch: TablePatch): number {
  return patch[PATCH_PLAN_WORDS] as number;
}

function shorter(patch: TablePatch): TablePatch {
  return sealed(patch.with(PATCH_NEEDS_WORDS, patch[PATCH_HEAP_END] as number));
}

/** Where the last write of a patch begins that publishes. */
function lastPublished(patch: TablePatch): number {
  const end = PATCH_HEADER_WORDS + (patch[PATCH_WRITES_WORDS] as number);
  let last = 0;
  for (let at = PATCH_HEADER_WORDS; at < end; ) {
    if (patch[at] === PATCH_PUBLISH) last = at;
    at += patch[at] === PATCH_FILL ? 3 + (patch[at + 2] as number) : 2 + 2 * (patch[at + 1] as number);
  }
  return last;
}
