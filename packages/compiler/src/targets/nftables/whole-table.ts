import type { RuleTextWriter } from '../rule-text.js';
import { PROTOCOL_NUMBERS, type ProtocolTexts, type TableTaker, writePool } from './port-elements.js';
import { splitDeclaration } from './transaction.js';

/** Lines of elements, with whom each is of. */
interface ElementLines {
  readonly lines: string[];
  readonly owners: (string | null)[];
  /** The pieces of the last line, while there may come more. */
  last: string[];
}

/**
 * Writes a table in place of whatever table of its name there is, in one transaction. The elements of one
 * service port are on a line of their own, so that an error leads to it.
 */
export function writeWholeTable(
  place: string,
  declarations: readonly (readonly [name: string, text: string])[],
  takeAll: (protocols: ProtocolTexts, taker: TableTaker) => void,
  chains: readonly (readonly [name: string, rules: readonly string[]])[],
  writer: RuleTextWriter,
): void {
  const elements = collectLines(takeAll);
  writer.write(`add table ${place}`);
  writer.write(`delete table ${place}`);
  writer.write(`table ${place} {`);
  for (const [name, declaration] of declarations) {
    const [kind, properties] = splitDeclaration(declaration);
    writer.write(`  ${kind} ${name} {`);
    for (const property of properties.split('; ')) writer.write(`    ${property}`);
    const held = elements.get(name);
    if (held !== undefined) {
      writer.write('    elements = {');
      for (let line = 0; line < held.lines.length; line++) {
        writer.write(held.lines[line] as string, held.owners[line] ?? null);
      }
      writer.write('    }');
    }
    writer.write('  }');
  }
  for (const [name, rules] of chains) {
    writer.write(`  chain ${name} {`);
    for (const rule of rules) writer.write(`    ${rule}`);
    writer.write('  }');
  }
  writer.write('}');
}

function collectLines(takeAll: Parameters<typeof writeWholeTable>[2]): Map<string, ElementLines> {
  const containers = new Map<string, ElementLines>();
  const linesFor = (container: string, owner: string | null): string[] => {
    let held = containers.get(container);
    if (held === undefined) {
      held = { lines: [], owners: [], last: [] };
      containers.set(container, held);
    }
    const goesOn = held.last.length > 0 && held.owners.at(-1) === owner;
    if (goesOn && (owner !== null || held.last.length < SHARED_LINE)) return held.last;
    endLine(held);
    held.owners.push(owner);
    return held.last;
  };
  takeAll(PROTOCOL_NUMBERS, {
    takeFor: (owner) => (container, key, data) => {
      const line = linesFor(container, owner);
      if (data === '') line.push(key, ',');
      else line.push(key, ' : ', data, ',');
    },
    takePool: (owner, pool) => writePool(pool, (container) => linesFor(container, owner)),
  });
  for (const held of containers.values()) endLine(held);
  return containers;
}

/** Pieces of text after which a line ends that is of no single service port. */
const SHARED_LINE = 64;

// Joined as soon as it is whole: what is put together piece by piece stays pieces, a whole table long.
function endLine(held: ElementLines): void {
  if (held.last.length === 0) return;
  held.lines.push(held.last.join(''));
  held.last = [];
}
