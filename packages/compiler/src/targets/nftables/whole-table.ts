import type { RuleTextWriter } from '../rule-text.js';
import { PROTOCOL_NUMBERS, type ProtocolTexts, type TakeElement } from './port-elements.js';
import { elementText, splitDeclaration } from './transaction.js';

/** Lines of elements, with whom each is of. */
interface ElementLines {
  readonly lines: string[];
  readonly owners: (string | null)[];
  /** The elements of the last line, while there may come more. */
  last: string[];
}

/**
 * Writes a table in place of whatever table of its name there is, in one transaction. The elements of one
 * service port are on a line of their own, so that an error leads to it.
 */
export function writeWholeTable(
  place: string,
  declarations: readonly (readonly [name: string, text: string])[],
  takeAll: (protocols: ProtocolTexts, takeFor: (owner: string | null) => TakeElement) => void,
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
      for (const [index, line] of held.lines.entries()) writer.write(line, held.owners[index] ?? null);
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
  takeAll(PROTOCOL_NUMBERS, (owner) => (container, key, data) => {
    let held = containers.get(container);
    if (held === undefined) {
      held = { lines: [], owners: [], last: [] };
      containers.set(container, held);
    }
    if (held.last.length > 0 && (owner === null || held.owners.at(-1) !== owner)) endLine(held);
    if (held.last.length === 0) held.owners.push(owner);
    held.last.push(elementText(key, data));
  });
  for (const held of containers.values()) endLine(held);
  return containers;
}

// Joined as soon as it is whole: what is put together piece by piece stays pieces, a whole table long.
function endLine(held: ElementLines): void {
  held.lines.push(held.last.join(''));
  held.last = [];
}
