/**
 * The nftables target, map-only: the number of rules does not grow with the Services, which are elements of maps
 * and sets. A change of one endpoint is a handful of them. See docs/nftables-target.md.
 */
import type { RulesetChange } from '../../ruleset/change.js';
import type { Ruleset } from '../../ruleset/types.js';
import { type RuleText, RuleTextWriter } from '../rule-text.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { FamilyWriter } from './family-writer.js';
import type { NftTable } from './nft-table.js';
import { checkNftablesOptions, type NftablesOptions } from './options.js';
import type { NftablesIds } from './port-ids.js';

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
      (family) => new FamilyWriter(family, ruleset, options, adopted?.[family] ?? null),
    );
  }

  /** Both tables as a whole, in one transaction, in place of those of that name. */
  load(): RuleText {
    const writer = new RuleTextWriter();
    for (const table of this.#tables) table.load(writer);
    return writer.finish();
  }

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
