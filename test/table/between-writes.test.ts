/** Between any two writes of a patch, a packet meets the rules before it or those after it. */
import { changeBetween, type Ruleset, type RulesetChange, TableWriter } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  address,
  FAMILIES,
  type Family,
  familyOf,
  formatEndpoint,
  HEADER_ROOT,
  PATCH_FILL,
  PATCH_GENERATION_BEFORE,
  PATCH_GRACE_GENERATION,
  PATCH_HEADER_WORDS,
  PATCH_PUBLISH,
  PATCH_WRITES_WORDS,
  type Packet,
  packetWords,
  readVerdict,
  type TablePatch,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holds, SEQUENCES, seed, TIME_LIMIT } from '../incremental/follow.js';
import { packets4, packets6, rulesOf, STATES } from './stress.js';

describe(`between any two writes of a patch, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it('rules are the old or the new ones, of the states that threads go through', () => {
    const table = new SteppedTable(rulesOf(0));
    for (let state = 0; state < STATES; state++) {
      const change = changeBetween(rulesOf(state), rulesOf((state + 1) % STATES));
      expect(table.mixture(change, [...packets4.slice(0, 64), ...packets6.slice(0, 16)])).toBe(null);
    }
  });

  it('rules are the old or the new ones, of a cluster that changes', () => {
    holds(() => {
      let table: SteppedTable | null = null;
      return ({ update, before }, { packets }) => {
        table ??= new SteppedTable(before);
        return table.mixture(update, packets);
      };
    });
  });

  it('rules are the old or the new ones, of rulesets that have only their sections in common', () => {
    const pairs = rulesets().chain((first) =>
      fc.record({
        first: fc.constant(first),
        second: rulesets(),
        packets: fc.array(packetsFor(first), { minLength: 30, maxLength: 30 }),
        others: fc.boolean(),
      }),
    );
    const property = fc.property(pairs, ({ first, second, packets, others }) => {
      if (second.mode !== first.mode) return;
      const { servicePorts, clusterIPs } = second;
      const after: Ruleset = others ? second : { ...first, servicePorts, clusterIPs };
      const table = new SteppedTable(first);
      expect(table.mixture(changeBetween(first, after), packets)).toBe(null);
      expect(table.mixture(changeBetween(after, first), packets)).toBe(null);
    });
    fc.assert(property, { numRuns: SEQUENCES / 5, ...(seed === undefined ? {} : { seed }) });
  });
});

/** Room that no sequence here needs more of. */
const CAPACITY_WORDS = 1 << 15;

/** Of the readers that could be there, so many of the latest are looked at. */
const READERS_MAX = 3;

it('readers with the origins of earlier sections are waited for before frontends change', () => {
  const first = rulesOf(0);
  const moved = { ...first, localAddresses: [...first.localAddresses, address('192.0.2.1')] };
  const gone = { ...moved, servicePorts: moved.servicePorts.filter(({ name }) => name !== 'policy') };
  const table = new SteppedTable(first);
  expect(table.mixture(changeBetween(first, moved), packets4.slice(0, 64))).toBe(null);
  expect(table.mixture(changeBetween(moved, gone), packets4.slice(0, 64))).toBe(null);
});

/** A table whose patches are applied write by write. */
class SteppedTable {
  readonly #writer: TableWriter;
  readonly #image: Uint32Array;
  readonly #dataplane: Dataplane;
  /** Readers that are in a batch: their root, and the verdicts when they began. */
  #began: { readonly root: number; readonly verdicts: readonly string[] }[] = [];

  constructor(ruleset: Ruleset) {
    this.#writer = TableWriter.create(ruleset, { capacityWords: CAPACITY_WORDS });
    this.#dataplane = Dataplane.load(this.#writer.table().image, { random: () => 0 });
    this.#image = this.#dataplane.image;
  }

  /**
   * A verdict that is of no rules that were in force since its reader began, nor of those that come, or `null`.
   * @param packets - the same in each call
   */
  mixture(change: RulesetChange, packets: readonly Packet[]): string | null {
    const patch = this.#writer.update(change);
    const after = verdictsOf(Dataplane.load(this.#writer.table().image, { random: () => 0 }), packets);
    this.#began.push({ root: this.#root, verdicts: this.#verdicts(packets) });
    // Those that the patch waits for are gone before it begins.
    const grace = patch[PATCH_GRACE_GENERATION] as number;
    const before = patch[PATCH_GENERATION_BEFORE] as number;
    this.#began = this.#began.slice(-Math.min(READERS_MAX, before - grace + 1));
    let found: string | null = null;
    const check = (): void => {
      found ??= this.#wrongVerdict(packets, after);
    };
    const end = PATCH_HEADER_WORDS + (patch[PATCH_WRITES_WORDS] as number);
    for (let at = PATCH_HEADER_WORDS; at < end; ) at = this.#step(patch, at, check);
    const last = this.#verdicts(packets).findIndex((verdict, index) => verdict !== after[index]);
    return found ?? (last < 0 ? null : `packet ${last} does not meet the new rules`);
  }

  get #root(): number {
    return this.#image[HEADER_ROOT] as number;
  }

  /** Asks for each reader, with the root that it read when it began, and for one that begins now. */
  #wrongVerdict(packets: readonly Packet[], after: readonly string[]): string | null {
    const root = this.#root;
    for (const [index, reader] of [...this.#began, { root, verdicts: after }].entries()) {
      const allowed = [...this.#began.slice(Math.min(index, this.#began.length - 1)), { verdicts: after }];
      this.#image[HEADER_ROOT] = reader.root;
      const verdicts = this.#verdicts(packets);
      this.#image[HEADER_ROOT] = root;
      const wrong = verdicts.findIndex((verdict, packet) =>
        allowed.every((it) => it.verdicts[packet] !== verdict),
      );
      if (wrong < 0) continue;
      return `${verdicts[wrong]}, not ${allowed.map((it) => it.verdicts[wrong]).join(' or ')}`;
    }
    return null;
  }

  /** Makes the writes of one record, and checks after each. @returns where the next begins */
  #step(patch: TablePatch, at: number, check: () => void): number {
    const kind = patch[at];
    if (kind === PATCH_FILL) {
      const count = patch[at + 2] as number;
      this.#image.set(patch.subarray(at + 3, at + 3 + count), patch[at + 1] as number);
      check();
      return at + 3 + count;
    }
    if (kind !== PATCH_PUBLISH) {
      // A wait: whoever is there has begun just now.
      this.#began = this.#began.slice(-1).map(({ verdicts }) => ({ root: this.#root, verdicts }));
      return at + 1;
    }
    const end = at + 2 + 2 * (patch[at + 1] as number);
    for (let pair = at + 2; pair < end; pair += 2) {
      this.#image[patch[pair] as number] = patch[pair + 1] as number;
      check();
    }
    return end;
  }

  #verdicts(packets: readonly Packet[]): string[] {
    return verdictsOf(this.#dataplane, packets);
  }
}

/** Verdicts without the numbers of frontends and backends, which change with the places of these. */
function verdictsOf(dataplane: Dataplane, packets: readonly Packet[]): string[] {
  const verdicts: string[] = [];
  for (const family of FAMILIES) {
    const numbers = packets.flatMap((packet, index) => (familyOf(packet.source) === family ? index : []));
    const records = new Uint32Array(numbers.length * packetWords(family));
    const answers = new Uint32Array(numbers.length * verdictWords(family));
    numbers.forEach((number, index) => void writePacket(records, index, packets[number] as Packet));
    if (family === 'IPv4') dataplane.lookupBatch(records, answers, numbers.length);
    else dataplane.lookupBatch6(records, answers, numbers.length);
    numbers.forEach((number, index) => {
      verdicts[number] = verdictText(answers, index, family);
    });
  }
  return verdicts;
}

function verdictText(answers: Uint32Array, index: number, family: Family): string {
  const { verdict, origin, decidedBy, masquerade, backend } = readVerdict(answers, index, family);
  const endpoint = backend === null ? '' : formatEndpoint(backend.address, backend.port);
  return `${verdict} ${origin} ${decidedBy} ${masquerade} ${endpoint}`;
}
