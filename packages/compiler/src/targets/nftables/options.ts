/** What the nftables target is told besides the ruleset. */
export interface NftablesOptions {
  /** Of the flow hash, u32, the same on every node. */
  readonly seed: number;
  /** Whether frontends count new flows. A frontend that is written anew counts from 0 again. */
  readonly counters: boolean;
  /** The bit of the packet mark that asks for masquerade, as a u32 with one bit set. */
  readonly masqueradeMark: number;
  /** The table's name, in both families. */
  readonly tableName: string;
}

export const NFTABLES_DEFAULTS: NftablesOptions = {
  seed: 0,
  counters: false,
  masqueradeMark: 0x4000,
  tableName: 'shunt',
};

// What nft reads as a name without quotes; it has no escapes within quotes.
const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;

/** @throws {RangeError} naming the option that is out of range */
export function checkNftablesOptions({ seed, masqueradeMark, tableName }: NftablesOptions): void {
  if (seed >>> 0 !== seed) throw new RangeError(`"seed" expected an integer 0..4294967295, got ${seed}`);
  const isBit = masqueradeMark >>> 0 === masqueradeMark && masqueradeMark !== 0;
  if (!isBit || (masqueradeMark & (masqueradeMark - 1)) !== 0) {
    throw new RangeError(`"masqueradeMark" expected one bit of 32, got ${masqueradeMark}`);
  }
  if (!NAME.test(tableName)) {
    throw new RangeError(
      `"tableName" expected a letter and up to 63 letters, digits, "-", "_", got "${tableName}"`,
    );
  }
}
