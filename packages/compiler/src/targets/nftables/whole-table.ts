/** A table as text: as a whole, or its frame first, then its elements, then its hooks. */
import type { RuleTextWriter } from '../rule-text.js';
import type { ElementLines } from './element-lines.js';
import { splitDeclaration } from './transaction.js';

export interface TableParts {
  /** Family and name, as `ip shunt`. */
  readonly place: string;
  /** As in `NftTable.declarations`. */
  readonly declarations: readonly (readonly [name: string, text: string])[];
  /** As in `NftTable.chains`. */
  readonly chains: readonly (readonly [name: string, rules: readonly string[]])[];
}

/** Writes a table in place of whatever table of its name there is, in one transaction. */
export function writeWholeTable(
  { place, declarations, chains }: TableParts,
  elements: ElementLines,
  writer: RuleTextWriter,
): void {
  // A table that is not there cannot be deleted.
  writer.write(`add table ${place}`);
  writer.write(`delete table ${place}`);
  writer.write(`table ${place} {`);
  for (const [name, declaration] of declarations) writeContainer(name, declaration, elements, writer);
  writeChains(chains, writer);
  writer.write('}');
}

/** Writes a table without elements, which no packet comes to, where there is none of its name. */
export function writeFrame({ place, declarations, chains }: TableParts, writer: RuleTextWriter): void {
  writer.write(`create table ${place}`);
  writer.write(`table ${place} {`);
  for (const [name, declaration] of declarations) writeContainer(name, declaration, null, writer);
  const inner = chains.filter(([, rules]) => !isHook(rules));
  writeChains(inner, writer);
  writer.write('}');
}

/** Writes elements into a table that is there. */
export function writeElements(place: string, elements: ElementLines, writer: RuleTextWriter): void {
  for (const name of elements.containers) {
    writer.write(`add element ${place} ${name} {`);
    elements.write(name, writer);
    writer.write('}');
  }
}

/** Writes the chains by which packets come to a table that is there. */
export function writeHooks({ place, chains }: TableParts, writer: RuleTextWriter): void {
  writer.write(`table ${place} {`);
  const hooks = chains.filter(([, rules]) => isHook(rules));
  writeChains(hooks, writer);
  writer.write('}');
}

function writeContainer(
  name: string,
  declaration: string,
  elements: ElementLines | null,
  writer: RuleTextWriter,
): void {
  const [kind, properties] = splitDeclaration(declaration);
  writer.write(`  ${kind} ${name} {`);
  for (const property of properties.split('; ')) writer.write(`    ${property}`);
  if (elements?.has(name) === true) {
    writer.write('    elements = {');
    elements.write(name, writer);
    writer.write('    }');
  }
  writer.write('  }');
}

function writeChains(chains: TableParts['chains'], writer: RuleTextWriter): void {
  for (const [name, rules] of chains) {
    writer.write(`  chain ${name} {`);
    for (const rule of rules) writer.write(`    ${rule}`);
    writer.write('  }');
  }
}

/** Of a base chain, the first line says where it is hooked. */
export function isHook(rules: readonly string[]): boolean {
  return rules[0]?.startsWith('type ') === true;
}
