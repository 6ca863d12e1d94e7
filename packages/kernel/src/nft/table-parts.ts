/** A table that is read map by map, since nft does not get to the end of all of it at once. */
import { AFFINITY_MAP, type NftTable } from '@shunt/compiler';

/** A map or set whose elements are listed by themselves. */
export interface TablePart {
  readonly kind: 'map' | 'set';
  readonly container: string;
}

/**
 * @param listing - of several tables, of anybody
 * @returns the lines of one; `null`: it is not among them
 */
export function tableText(listing: string, family: NftTable['family'], name: string): string | null {
  const first = `table ${family} ${name} {\n`;
  const start = listing.startsWith(first) ? 0 : listing.indexOf(`\n${first}`) + 1;
  if (start === 0 && !listing.startsWith(first)) return null;
  // Only the end of a table is not indented.
  const end = listing.indexOf('\n}', start);
  return end < 0 ? listing.slice(start) : listing.slice(start, end + 3);
}

/** What has to be listed by itself, besides a table without elements, for all that is ever compared. */
export function partsOf({ declarations }: NftTable): TablePart[] {
  return [...declarations]
    .filter(([container]) => container !== AFFINITY_MAP)
    .map(([container, text]) => ({ kind: text.startsWith('set ') ? 'set' : 'map', container }));
}

/**
 * @param shape - the table without its elements
 * @param parts - of the same table, each with some maps or sets alone
 */
export function withElements(shape: NftTable, parts: readonly NftTable[]): NftTable {
  return { ...shape, elements: new Map([shape, ...parts].flatMap(({ elements }) => [...elements])) };
}
