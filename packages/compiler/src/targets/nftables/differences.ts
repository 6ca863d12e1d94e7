/** What a kernel's tables hold otherwise than they should. */
import type { NftTable } from './nft-table.js';

/** Whose an element is: the `servicePortKey`; `null`: it is of no single one, or nobody knows. */
export type OwnerOf = (family: 'ip' | 'ip6', container: string, key: string) => string | null;

export interface NftDifference {
  /** The service port's key (`servicePortKey`); `null`: it belongs to no one service port. */
  readonly servicePort: string | null;
  readonly kind: 'missing' | 'unexpected' | 'changed';
  /** In nft's words: `element ip shunt frontends { 172.30.0.1 . tcp . 80 : 0:8010 }`. */
  readonly what: string;
}

/**
 * Compares tables. The ids in both must be the same: those of a writer that adopted the ids of the actual tables,
 * or the canonical ones of `canonicalTables`.
 * @param ownerOf - `NftablesWriter.ownerOf`
 * @returns in the order of tables, declarations, elements, chains; empty if both hold the same
 */
export function nftDifferences(
  expected: readonly NftTable[],
  actual: readonly NftTable[],
  ownerOf: OwnerOf = () => null,
): NftDifference[] {
  const found: NftDifference[] = [];
  for (const table of expected) {
    const counterpart = actual.find(({ family, name }) => family === table.family && name === table.name);
    if (counterpart === undefined) {
      found.push({ servicePort: null, kind: 'missing', what: `table ${table.family} ${table.name}` });
    } else {
      compareTables(table, counterpart, ownerOf, found);
    }
  }
  return found;
}

function compareTables(expected: NftTable, actual: NftTable, ownerOf: OwnerOf, found: NftDifference[]): void {
  const { family } = expected;
  const place = `${family} ${expected.name}`;
  const report = (
    servicePort: string | null,
    part: string,
    should: string | undefined,
    is: string | undefined,
  ): void => {
    if (is === undefined) found.push({ servicePort, kind: 'missing', what: `${part}${should}` });
    else if (should === undefined) found.push({ servicePort, kind: 'unexpected', what: `${part}${is}` });
    else found.push({ servicePort, kind: 'changed', what: `${part}${should}, but it is ${is}` });
  };
  for (const [name, should, is] of pairs(expected.declarations, actual.declarations)) {
    report(null, `${(should ?? is ?? '').split(' ', 1)[0]} ${place} ${name}: `, should, is);
  }
  for (const [container, elements] of expected.elements) {
    const held = actual.elements.get(container);
    // Without its map an element cannot be there, and the map is reported.
    if (held === undefined) continue;
    for (const [key, should, is] of pairs(elements, held)) {
      const data = (text: string | undefined): string | undefined => text && ` : ${text}`;
      const part = `element ${place} ${container} ${key}`;
      report(ownerOf(family, container, key), part, data(should), data(is));
    }
  }
  for (const [name, should, is] of pairs(mapped(expected.chains, block), mapped(actual.chains, block))) {
    report(null, `chain ${place} ${name} `, should, is);
  }
}

/** The rules of a chain in one line. What hooks a base chain ends with a semicolon of its own. */
function block(rules: readonly string[]): string {
  const lines = rules.map((rule, index) =>
    index === rules.length - 1 || rule.endsWith(';') ? rule : `${rule};`,
  );
  return `{ ${lines.join(' ')} }`;
}

/** What differs between two maps. */
export function* pairs(
  expected: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): Generator<[key: string, should: string | undefined, is: string | undefined]> {
  for (const [key, should] of expected) {
    const is = actual.get(key);
    if (is !== should) yield [key, should, is];
  }
  for (const [key, is] of actual) if (!expected.has(key)) yield [key, undefined, is];
}

function mapped<T>(map: ReadonlyMap<string, T>, text: (value: T) => string): ReadonlyMap<string, string> {
  return new Map([...map].map(([key, value]) => [key, text(value)]));
}
