/**
 * A load in several transactions, for a kernel that has no table of the name. The hooks come with the last one, and
 * before that no packet sees anything of the tables. nft needs less memory and time for each than for all in one, and
 * may work on one while the next is written.
 *
 * Somebody else may make or replace the tables between two of them. So they hold a set with a name of this load's own
 * until they are hooked up; every transaction asks for it, and is refused as a whole where it is not.
 */
import { type RuleText, RuleTextWriter } from '../rule-text.js';
import type { FamilyWriter } from './family-writer.js';
import type { NftTable } from './nft-table.js';
import { writeElements, writeFrame, writeHooks } from './whole-table.js';

export interface SteppedLoad {
  /** The set that the tables hold meanwhile. */
  readonly claim: string;
  /** Written one after the other, as they are asked for. */
  readonly steps: Iterable<RuleText>;
  /** Takes away what the steps so far made; refused if it is not theirs any more, or hooked up. */
  readonly undo: RuleText;
}

export interface SteppedLoadOptions {
  /** Of one transaction, about; what there is of one service port is not split. */
  readonly characters: number;
  /** Letters and digits that no other load has. */
  readonly token: string;
}

const CLAIM = 'loading-';

/** @throws {RangeError} if the token is not of letters and digits */
export function steppedLoad(
  tables: readonly FamilyWriter[],
  { characters, token }: SteppedLoadOptions,
): SteppedLoad {
  if (!/^[A-Za-z0-9]{1,32}$/.test(token)) {
    throw new RangeError(`"token" expected 1 to 32 letters and digits, got "${token}"`);
  }
  const claim = `${CLAIM}${token}`;
  const places = tables.map(({ place }) => place);
  return { claim, steps: stepsOf(tables, places, claim, characters), undo: undoOf(places, claim) };
}

function* stepsOf(
  tables: readonly FamilyWriter[],
  places: readonly string[],
  claim: string,
  characters: number,
): Generator<RuleText> {
  let step = 0;
  let writer = new RuleTextWriter();
  for (const table of tables) {
    writeFrame(table.parts, writer);
    writer.write(`add set ${table.place} ${claim} { type mark; }`);
  }
  for (const table of tables) {
    for (const elements of table.elements(characters)) {
      writeElements(table.place, elements, writer);
      if (elements.size < characters) continue;
      yield writer.finish();
      writer = new RuleTextWriter();
      step++;
      for (const place of places) writer.write(`add element ${place} ${claim} { ${step} }`);
    }
  }
  for (const table of tables) writeHooks(table.parts, writer);
  for (const place of places) writer.write(`delete set ${place} ${claim}`);
  yield writer.finish();
}

/**
 * What takes tables away that a load left behind which did not come to its end.
 * @param found - tables that were read, with or without their elements
 * @returns refused if that load goes on meanwhile and hooks them up; `null` if there are none
 */
export function undoOfAbandonedLoad(found: readonly NftTable[]): RuleText | null {
  for (const { declarations } of found) {
    const claim = [...declarations.keys()].find((name) => name.startsWith(CLAIM));
    if (claim === undefined) continue;
    const own = found.filter((table) => table.declarations.has(claim));
    return undoOf(
      own.map(({ family, name }) => `${family} ${name}`),
      claim,
    );
  }
  return null;
}

function undoOf(places: readonly string[], claim: string): RuleText {
  const writer = new RuleTextWriter();
  for (const place of places) writer.write(`delete set ${place} ${claim}`);
  for (const place of places) writer.write(`delete table ${place}`);
  return writer.finish();
}
