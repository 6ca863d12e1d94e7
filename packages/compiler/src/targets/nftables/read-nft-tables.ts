/** Reads what `nft list table` prints, as `NftTable`. Listings of version 1.0.6, with or without counters. */
import { formatAddress, parseAddress } from '@shunt/model';
import { AFFINITY_MAP, type NftTable } from './nft-table.js';

interface OpenTable {
  readonly family: 'ip' | 'ip6';
  readonly name: string;
  readonly declarations: Map<string, string>;
  readonly elements: Map<string, Map<string, string>>;
  readonly chains: Map<string, string[]>;
}

/**
 * @param text - one listing, or several in a row; tables of families other than ip and ip6 are left out
 * @throws {RangeError} on a line that no listing has
 */
export function readNftTables(text: string): NftTable[] {
  return new ListingReader(text).read();
}

/** The blocks of a listing are indented by one tab a level, and end with `}` on that level. */
class ListingReader {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  read(): NftTable[] {
    const tables: NftTable[] = [];
    for (let line = this.#next(); line !== null; line = this.#next()) {
      if (line.trim() === '') continue;
      const [, family, name] = /^table (\w+) (\S+) \{/.exec(line) ?? [];
      if (family === undefined || name === undefined) throw this.#unexpected(line);
      const table: OpenTable = {
        family: family === 'ip6' ? 'ip6' : 'ip',
        name,
        declarations: new Map(),
        elements: new Map(),
        chains: new Map(),
      };
      this.#readTable(table);
      if (family === 'ip' || family === 'ip6') tables.push(table);
    }
    return tables;
  }

  #readTable(table: OpenTable): void {
    for (let line = this.#next(); line !== '}'; line = this.#next()) {
      if (line === null) throw new RangeError('"text" expected "}" at the end of a table');
      const block = /^\t(\w+) (.+) \{/.exec(line);
      if (block === null) continue;
      const [, kind, name] = block as unknown as [string, string, string];
      if (kind === 'chain') table.chains.set(name, this.#readProperties().map(withPlainAddresses));
      else this.#readContainer(table, kind, name);
    }
  }

  #readContainer(table: OpenTable, kind: string, name: string): void {
    const properties: string[] = [];
    let elements = '';
    for (const property of this.#readProperties()) {
      if (property.startsWith('elements = {')) elements = property.slice('elements = {'.length, -1);
      else properties.push(property);
    }
    table.declarations.set(name, `${kind} ${properties.join('; ')}`);
    if (name !== AFFINITY_MAP) table.elements.set(name, readElements(elements));
  }

  /** What is between the braces; a list of elements, which goes on over several lines, as one. */
  #readProperties(): string[] {
    const properties: string[] = [];
    for (let line = this.#next(); line !== '\t}'; line = this.#next()) {
      if (line === null) throw new RangeError('"text" expected "}" at the end of a block');
      const property = line.trim();
      if (!property.startsWith('elements = {') || property.endsWith('}')) {
        if (property !== '') properties.push(property);
        continue;
      }
      const parts = [property];
      while (!(parts.at(-1) as string).endsWith('}')) {
        const more = this.#next();
        if (more === null) throw new RangeError('"text" expected "}" at the end of the elements');
        parts.push(more.trim());
      }
      properties.push(parts.join(' '));
    }
    return properties;
  }

  #next(): string | null {
    return this.#lines[this.#at++] ?? null;
  }

  #unexpected(line: string): RangeError {
    return new RangeError(`"text" expected "table FAMILY NAME {" on line ${this.#at}, got "${line}"`);
  }
}

function readElements(text: string): Map<string, string> {
  const elements = new Map<string, string>();
  for (const part of text.split(',')) {
    const element = part.replace(/ counter packets \d+ bytes \d+/, '').trim();
    if (element === '') continue;
    const colon = element.indexOf(' : ');
    const key = colon < 0 ? element : element.slice(0, colon);
    elements.set(withPlainAddresses(key), colon < 0 ? '' : withPlainAddresses(element.slice(colon + 3)));
  }
  return elements;
}

// nft writes the last 32 bits of some IPv6 addresses in dots: `::10.0.0.1`.
function withPlainAddresses(text: string): string {
  if (!/:[\d.]*\d\.\d/.test(text)) return text;
  const plain = text.split(' ').map((word) => {
    const address = word.includes(':') && word.includes('.') ? parseAddress(word) : null;
    return address === null ? word : formatAddress(address);
  });
  return plain.join(' ');
}
