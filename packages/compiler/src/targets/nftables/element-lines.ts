import type { RuleTextWriter } from '../rule-text.js';
import { type TableTaker, writePool } from './port-elements.js';

/** The lines of one container's elements, with whom each is of. */
interface Lines {
  readonly lines: string[];
  readonly owners: (string | null)[];
  /** The pieces of the last line, while there may come more. */
  last: string[];
}

/** Pieces of text after which a line ends that is of no single service port. */
const SHARED_LINE = 64;

/** Takes elements as lists of them. Those of one service port are on a line of their own: an error leads to it. */
export class ElementLines {
  readonly #containers = new Map<string, Lines>();
  #size = 0;

  readonly taker: TableTaker = {
    takeFor: (owner) => (container, key, data) => {
      const line = this.#line(container, owner);
      if (data === '') line.push(key, ',');
      else line.push(key, ' : ', data, ',');
    },
    takePool: (owner, pool) => writePool(pool, (container) => this.#line(container, owner)),
  };

  /** Characters of the lines so far, without the last one of each container. */
  get size(): number {
    return this.#size;
  }

  /** Names of the maps and sets that got elements. */
  get containers(): Iterable<string> {
    return this.#containers.keys();
  }

  /** Writes a container's lines, if it has any. */
  write(container: string, writer: RuleTextWriter): void {
    const held = this.#containers.get(container);
    if (held === undefined) return;
    this.#endLine(held);
    for (const [index, line] of held.lines.entries()) writer.write(line, held.owners[index] ?? null);
  }

  has(container: string): boolean {
    return this.#containers.has(container);
  }

  #line(container: string, owner: string | null): string[] {
    let held = this.#containers.get(container);
    if (held === undefined) {
      held = { lines: [], owners: [], last: [] };
      this.#containers.set(container, held);
    }
    const goesOn = held.last.length > 0 && held.owners.at(-1) === owner;
    if (goesOn && (owner !== null || held.last.length < SHARED_LINE)) return held.last;
    this.#endLine(held);
    held.owners.push(owner);
    return held.last;
  }

  // Joined as soon as it is whole: what is put together piece by piece stays pieces, a whole table long.
  #endLine(held: Lines): void {
    if (held.last.length === 0) return;
    const line = held.last.join('');
    held.lines.push(line);
    held.last = [];
    this.#size += line.length;
  }
}
