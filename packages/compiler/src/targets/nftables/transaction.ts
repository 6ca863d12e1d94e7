/** One change of one table: elements that go and come, and the maps and chains that they need. */
import type { RuleTextWriter } from '../rule-text.js';

interface Cell {
  readonly before: string | undefined;
  after: string | undefined;
  origin: string | null;
}

/**
 * Collects a change and writes it as nft's commands. What goes and comes with the same data is left alone. All
 * removals must be collected before the additions: an element may move from one service port to another.
 */
export class Transaction {
  readonly #cells = new Map<string, Map<string, Cell>>();
  readonly #newContainers: [string, string][] = [];
  readonly #newChains: (readonly [string, readonly string[]])[] = [];
  readonly #rewrittenChains: (readonly [string, readonly string[]])[] = [];
  readonly #oldChains: string[] = [];
  /** Kinds by name. */
  readonly #oldContainers = new Map<string, string>();

  /** @param origin - `servicePortKey` of whom it belongs to, or belonged */
  remove(container: string, key: string, data: string, origin: string | null): void {
    const cells = this.#cellsOf(container);
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { before: data, after: undefined, origin });
    else cell.after = undefined;
  }

  add(container: string, key: string, data: string, origin: string | null): void {
    const cells = this.#cellsOf(container);
    const cell = cells.get(key);
    if (cell === undefined) {
      cells.set(key, { before: undefined, after: data, origin });
    } else {
      cell.after = data;
      cell.origin = origin;
    }
  }

  /** @param declaration - as in `NftTable.declarations` */
  addContainer(name: string, declaration: string): void {
    this.#newContainers.push([name, declaration]);
  }

  addChain(name: string, rules: readonly string[]): void {
    this.#newChains.push([name, rules]);
  }

  rewriteChain(name: string, rules: readonly string[]): void {
    this.#rewrittenChains.push([name, rules]);
  }

  removeChain(name: string): void {
    this.#oldChains.push(name);
  }

  /** @param kind - `map`, `set`, or what else there is in a table */
  removeContainer(name: string, kind: string): void {
    this.#oldContainers.set(name, kind);
  }

  /** @param place - family and name of the table, as `ip shunt` */
  write(place: string, writer: RuleTextWriter): void {
    for (const [name, declaration] of this.#newContainers) {
      const [kind, properties] = splitDeclaration(declaration);
      writer.write(`add ${kind} ${place} ${name} { ${properties}; }`);
    }
    for (const [name] of this.#newChains) writer.write(`add chain ${place} ${name}`);
    for (const [name, rules] of this.#newChains) writeRules(place, name, rules, writer);
    for (const [name, rules] of this.#rewrittenChains) {
      writer.write(`flush chain ${place} ${name}`);
      writeRules(place, name, rules, writer);
    }
    this.#writeElements('delete', place, writer);
    this.#writeElements('add', place, writer);
    for (const name of this.#oldChains) writer.write(`flush chain ${place} ${name}`);
    // Rules use maps, and maps lead to chains.
    for (const [name, kind] of this.#oldContainers) writer.write(`delete ${kind} ${place} ${name}`);
    for (const name of this.#oldChains) writer.write(`delete chain ${place} ${name}`);
  }

  #writeElements(verb: 'add' | 'delete', place: string, writer: RuleTextWriter): void {
    for (const [container, cells] of this.#cells) {
      // With the map its elements go.
      if (verb === 'delete' && this.#oldContainers.has(container)) continue;
      const lines = linesOf(cells, verb);
      if (lines.length === 0) continue;
      writer.write(`${verb} element ${place} ${container} {`);
      for (const [elements, origin] of lines) writer.write(elements, origin);
      writer.write('}');
    }
  }

  #cellsOf(container: string): Map<string, Cell> {
    let cells = this.#cells.get(container);
    if (cells === undefined) {
      cells = new Map();
      this.#cells.set(container, cells);
    }
    return cells;
  }
}

/** The elements of each origin on a line of its own. */
function linesOf(cells: ReadonlyMap<string, Cell>, verb: 'add' | 'delete'): [string, string | null][] {
  const lines: [string, string | null][] = [];
  for (const [key, { before, after, origin }] of cells) {
    if (before === after || (verb === 'add' ? after : before) === undefined) continue;
    const element = verb === 'add' ? elementText(key, after as string) : `${key},`;
    const last = lines.at(-1);
    if (last !== undefined && last[1] === origin) last[0] += ` ${element}`;
    else lines.push([element, origin]);
  }
  return lines;
}

/** As it stands in a list of elements, with the comma behind it. */
function elementText(key: string, data: string): string {
  return data === '' ? `${key},` : `${key} : ${data},`;
}

/** `map` or `set`, and the properties, of `NftTable.declarations`. */
export function splitDeclaration(declaration: string): [kind: string, properties: string] {
  const blank = declaration.indexOf(' ');
  return [declaration.slice(0, blank), declaration.slice(blank + 1)];
}

function writeRules(place: string, chain: string, rules: readonly string[], writer: RuleTextWriter): void {
  // The hook of a base chain is not a rule; only a whole load writes it.
  for (const rule of rules) {
    if (!rule.startsWith('type ')) writer.write(`add rule ${place} ${chain} ${rule}`);
  }
}
