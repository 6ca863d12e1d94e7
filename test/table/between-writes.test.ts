/** Between any two writes of a patch, a packet meets the rules before it or those after it. */
import { changeBetween, type Ruleset, type RulesetChange, TableWriter } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  FAMILIES,
  type Family,
  familyOf,
  formatEndpoint,
  HEADER_ROOT,
  PATCH_FILL,
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

/** A table whose patches are applied write by write. */
class SteppedTable {
  readonly #writer: TableWriter;
  readonly #image: Uint32Array;
  readonly #dataplane: Dataplane;

  constructor(ruleset: Ruleset) {
    this.#writer = TableWriter.create(ruleset, { capacityWords: CAPACITY_WORDS });
    this.#image = this.#writer.table().image;
    this.#dataplane = Dataplane.load(this.#image, { random: () => 0 });
  }

  /** A verdict that neither the rules before nor those after a change give, or `null`. */
  mixture(change: RulesetChange, packets: readonly Packet[]): string | null {
    const before = this.#verdicts(packets);
    const patch = this.#writer.update(change);
    const after = verdictsOf(Dataplane.load(this.#writer.table().image, { random: () => 0 }), packets);
    let found: string | null = null;
    // A reader has the root that it read when its batch began, and waits are for those with an older one.
    let heldRoot = this.#image[HEADER_ROOT] as number;
    const check = (): void => {
      const root = this.#image[HEADER_ROOT] as number;
      for (const seenRoot of new Set([root, heldRoot])) {
        this.#image[HEADER_ROOT] = seenRoot;
        this.#verdicts(packets).forEach((verdict, index) => {
          if (verdict === before[index] || verdict === after[index]) return;
          found ??= `${verdict}, was ${before[index]} and is ${after[index]}`;
        });
      }
      this.#image[HEADER_ROOT] = root;
    };
    const end = PATCH_HEADER_WORDS + (patch[PATCH_WRITES_WORDS] as number);
    for (let at = PATCH_HEADER_WORDS; at < end; ) {
      at = this.#step(patch, at, check, () => {
        heldRoot = this.#image[HEADER_ROOT] as number;
      });
    }
    const last = this.#verdicts(packets).findIndex((verdict, index) => verdict !== after[index]);
    return found ?? (last < 0 ? null : `packet ${last} does not meet the new rules`);
  }

  /** Makes the writes of one record, and checks after each. @returns where the next begins */
  #step(patch: TablePatch, at: number, check: () => void, wait: () => void): number {
    const kind = patch[at];
    if (kind === PATCH_FILL) {
      const count = patch[at + 2] as number;
      this.#image.set(patch.subarray(at + 3, at + 3 + count), patch[at + 1] as number);
      check();
      return at + 3 + count;
    }
    if (kind !== PATCH_PUBLISH) {
      wait();
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
