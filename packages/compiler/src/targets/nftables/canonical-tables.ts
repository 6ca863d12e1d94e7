import { BACKEND_MAPS, wordsIn } from './adopt-ids.js';
import type { NftTable } from './nft-table.js';
import {
  CLASS_SPLIT,
  classOf,
  FIRST_POOL_CLASS,
  idOf,
  indexOf,
  parseWord,
  wordOf,
  wordText,
} from './word.js';

/**
 * Tables with ids that follow from what they say: two tables that do the same with every packet are equal then,
 * whatever ids they have. Ids are counted in the order of the frontends that lead to them, backends of a group or pool
 * in the order of their addresses, classes in that of their names.
 */
export function canonicalTables(tables: readonly NftTable[]): NftTable[] {
  return tables.map((table) => new Renaming(table).renamed());
}

class Renaming {
  readonly #table: NftTable;
  readonly #ids = new Map<number, number>();
  readonly #classes = new Map<number, number>();
  /** By the old word of a backend, the new index. */
  readonly #indexes = new Map<number, number>();

  constructor(table: NftTable) {
    this.#table = table;
    this.#numberClasses();
    for (const container of ['frontends', 'node-ports']) {
      for (const [, data] of sortedByKey(this.#elements(container))) this.#numberIds(data);
    }
    // What no frontend leads to keeps its order.
    const rest = new Set<number>();
    for (const [container, elements] of table.elements) {
      if (!wordsIn(container)[0]) continue;
      for (const key of elements.keys()) rest.add(idOf(parseWord(firstWord(key)) ?? 0));
    }
    for (const id of [...rest].sort((a, b) => a - b)) this.#numberId(id);
    this.#numberBackends();
  }

  renamed(): NftTable {
    const elements = new Map<string, ReadonlyMap<string, string>>();
    for (const [container, held] of this.#table.elements) {
      const renamed = new Map<string, string>();
      for (const [key, data] of held) renamed.set(...this.#rename(container, key, data));
      elements.set(container, renamed);
    }
    return { ...this.#table, elements };
  }

  #rename(container: string, key: string, data: string): [string, string] {
    const withIndex = /^(?:affinity|pool)-/.test(container);
    const rename = (text: string, isWhole: boolean): string => {
      const word = parseWord(text);
      if (word === null) return text;
      return wordText(
        isWhole ? this.#newWord(word) : wordOf(this.#ids.get(idOf(word)) ?? 0, this.#newIndex(word)),
      );
    };
    if (container === 'classes') return [this.#renameClass(key), data];
    const [inKey, inData] = wordsIn(container);
    const first = firstWord(key);
    const newKey = inKey ? rename(first, false) + key.slice(first.length) : key;
    return [newKey, inData ? rename(data, !withIndex) : data];
  }

  #renameClass(key: string): string {
    const number = parseWord(key);
    return number === null ? key : wordText(this.#classes.get(number) ?? number);
  }

  #newWord(word: number): number {
    const flags = indexOf(word) & ~classOf(word);
    const number = classOf(word);
    return wordOf(this.#ids.get(idOf(word)) ?? 0, flags | (this.#classes.get(number) ?? number));
  }

  #newIndex(word: number): number {
    const index = indexOf(word);
    return index === 0 ? 0 : (this.#indexes.get(word) ?? index);
  }

  #numberClasses(): void {
    const names: [string, number][] = [];
    for (const [key, data] of this.#elements('classes')) {
      const number = parseWord(key);
      if (number !== null && number >= FIRST_POOL_CLASS) names.push([data, number]);
    }
    names.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [index, [, number]] of names.entries()) this.#classes.set(number, FIRST_POOL_CLASS + index);
  }

  #numberIds(data: string): void {
    const word = parseWord(data);
    if (word === null || idOf(word) === 0) return;
    this.#numberId(idOf(word));
    if (classOf(word) !== CLASS_SPLIT) return;
    for (const origin of ['pod', 'node', 'outside']) {
      const found = this.#elements(`from-${origin}`).get(wordText(wordOf(idOf(word), 0)));
      const next = found === undefined ? null : parseWord(found);
      if (next !== null && idOf(next) !== 0) this.#numberId(idOf(next));
    }
  }

  #numberId(id: number): void {
    if (!this.#ids.has(id)) this.#ids.set(id, this.#ids.size + 1);
  }

  #numberBackends(): void {
    const endpoints = new Map<number, Map<string, number>>();
    for (const container of BACKEND_MAPS) {
      for (const [key, endpoint] of this.#elements(container)) {
        const word = parseWord(key);
        if (word === null) continue;
        const group = endpoints.get(idOf(word)) ?? new Map<string, number>();
        endpoints.set(idOf(word), group.set(endpoint, word));
      }
    }
    for (const group of endpoints.values()) {
      for (const [index, [, word]] of sortedByKey(group).entries()) this.#indexes.set(word, index + 1);
    }
  }

  #elements(container: string): ReadonlyMap<string, string> {
    return this.#table.elements.get(container) ?? new Map();
  }
}

function firstWord(key: string): string {
  return key.split(' ', 1)[0] as string;
}

function sortedByKey<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
