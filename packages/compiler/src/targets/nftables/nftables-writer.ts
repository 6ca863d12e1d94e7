/**
 * The nftables target, map-only: the number of rules does not grow with the Services, which are elements of maps
 * and sets. A change of one endpoint is a handful of them. See docs/nftables-target.md.
 */
import type { RulesetChange } from '../../ruleset/change.js';
import type { Ruleset } from '../../ruleset/types.js';
import { type RuleText, RuleTextWriter } from '../rule-text.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { NOTHING_ADOPTED } from './adopt-ids.js';
import type { OwnerOf } from './differences.js';
import { FAMILY_TEXT } from './family-text.js';
import { FamilyWriter } from './family-writer.js';
import { mendTable } from './mend-table.js';
import type { NftTable } from './nft-table.js';
import { checkNftablesOptions, type NftablesOptions } from './options.js';
import type { NftablesIds } from './port-ids.js';
import { type SteppedLoad, type SteppedLoadOptions, steppedLoad } from './stepped-load.js';

export class NftablesWriter {
  readonly #tables: readonly FamilyWriter[];

  /**
   * @param adopted - ids that the kernel's tables have already, of `adoptIds`
   * @throws {UnsupportedFeatureError} if the ruleset has what the target cannot say
   * @throws {RangeError} if an option is out of range
   */
  constructor(ruleset: Ruleset, options: NftablesOptions, adopted?: NftablesIds) {
    checkNftablesOptions(options);
    checkMode(ruleset);
    this.#tables = (['IPv4', 'IPv6'] as const).map(
      (family) => new FamilyWriter(family, ruleset, options, adopted?.[family] ?? NOTHING_ADOPTED),
    );
  }

  /** Both tables as a whole, in one transaction, in place of those of that name. */
  load(): RuleText {
    const writer = new RuleTextWriter();
    for (const table of this.#tables) table.load(writer);
    return writer.finish();
  }

  /**
   * The same in several transactions, for a kernel that has none of these tables; they are refused if it has.
   * @throws {RangeError} if an option is out of range
   */
  loadInSteps(options: SteppedLoadOptions): SteppedLoad {
    return steppedLoad(this.#tables, options);
  }

  /**
   * What brings tables to what they must hold, in one transaction; empty if nothing differs. What is right is left
   * alone, with the records of clients; a table is written as a whole if it is missing, or has lost its shape.
   * @param actual - the kernel's tables
   */
  repair(actual: readonly NftTable[]): RuleText {
    const writer = new RuleTextWriter();
    for (const table of this.#tables) {
      const expected = table.contents();
      const found = actual.find(({ family, name }) => family === expected.family && name === expected.name);
      const mended =
        found !== undefined &&
        mendTable(expected, found, (container, key) => table.ownerOf(container, key), writer);
      if (!mended) table.load(writer);
    }
    return writer.finish();
  }

  /** Whose an element is: the `servicePortKey`, or `null` if it is of no single one. */
  ownerOf: OwnerOf = (family, container, key) => {
    const table = this.#tables.find((it) => FAMILY_TEXT[it.family].table === family);
    return table?.ownerOf(container, key) ?? null;
  };

  /**
   * What leads from the ruleset so far to the next one, in one transaction; empty if nothing does. Its size and
   * the time it takes follow the change. If the kernel refuses the text, or this throws, the writer is of no use
   * any more: make another one.
   * @param change - all that differs
   * @throws {UnsupportedFeatureError} if the next ruleset has what the target cannot say
   */
  update(ruleset: Ruleset, change: RulesetChange): RuleText {
    checkMode(ruleset);
    const writer = new RuleTextWriter();
    for (const table of this.#tables) table.update(ruleset, change, writer);
    return writer.finish();
  }

  /** {@link contents} without elements, at a cost that does not follow the Services. */
  shapes(): readonly NftTable[] {
    return this.#tables.map((table) => table.shape());
  }

  /** What the kernel must hold. */
  contents(): readonly NftTable[] {
    return this.#tables.map((table) => table.contents());
  }
}

function checkMode({ mode }: Ruleset): void {
  if (mode === 'nftables') return;
  throw new UnsupportedFeatureError(
    'nftables',
    'iptables mode',
    'it lacks node ports on 127.0.0.1, refusals on all local addresses, refusals that leave a packet to later ' +
      'rules, and accepted health-check node ports; use nftables mode, or the iptables target',
  );
}
