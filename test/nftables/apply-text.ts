/** Applies the commands of an update to what a table holds, as strictly as the kernel does. */
import type { NftTable } from '@shunt/compiler';

interface OpenTable {
  readonly family: 'ip' | 'ip6';
  readonly name: string;
  readonly declarations: Map<string, string>;
  readonly elements: Map<string, Map<string, string>>;
  readonly chains: Map<string, string[]>;
}

const ELEMENTS = /^(add|delete) element (ip6?) (\S+) (\S+) \{$/;

/** @throws {Error} on what the kernel would refuse: elements that are missing, or there already otherwise */
export function applyText(tables: readonly NftTable[], text: string): NftTable[] {
  const open = tables.map(opened);
  const lines = text.split('\n').slice(0, -1);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    const [, verb, family, name, container] = ELEMENTS.exec(line) ?? [];
    if (verb === undefined) {
      applyCommand(open, line);
      continue;
    }
    const held = tableOf(open, family, name).elements.get(container as string);
    if (held === undefined) throw new Error(`no map or set: ${line}`);
    for (at++; lines[at] !== '}'; at++) applyElements(held, verb, lines[at] as string);
  }
  return open;
}

function applyElements(held: Map<string, string>, verb: string, line: string): void {
  for (const element of line.split(',').map((it) => it.trim())) {
    if (element === '') continue;
    const [key, data = ''] = element.split(' : ') as [string, string?];
    if (verb === 'delete') {
      if (!held.delete(key)) throw new Error(`no element ${key}`);
    } else {
      if (held.has(key)) throw new Error(`there is an element ${key} already`);
      held.set(key, data);
    }
  }
}

function applyCommand(open: readonly OpenTable[], line: string): void {
  const [verb, kind, family, tableName, name = '', ...rest] = line.split(' ');
  const table = tableOf(open, family, tableName);
  switch (`${verb} ${kind}`) {
    case 'add map': {
      if (table.declarations.has(name)) throw new Error(`there already: ${line}`);
      table.declarations.set(name, `map ${rest.slice(1, -1).join(' ').replace(/;$/, '')}`);
      table.elements.set(name, new Map());
      break;
    }
    case 'delete map':
      if (!table.declarations.delete(name)) throw new Error(`not there: ${line}`);
      table.elements.delete(name);
      break;
    case 'add chain':
      if (table.chains.has(name)) throw new Error(`there already: ${line}`);
      table.chains.set(name, []);
      break;
    case 'add rule':
      chainOf(table, name).push(rest.join(' '));
      break;
    case 'flush chain':
      table.chains.set(
        name,
        chainOf(table, name).filter((rule) => rule.startsWith('type ')),
      );
      break;
    case 'delete chain':
      if (chainOf(table, name).length > 0) throw new Error(`not empty: ${line}`);
      table.chains.delete(name);
      break;
    default:
      throw new Error(`unknown command: ${line}`);
  }
}

function chainOf(table: OpenTable, name: string): string[] {
  const chain = table.chains.get(name);
  if (chain === undefined) throw new Error(`no chain ${name}`);
  return chain;
}

function tableOf(
  open: readonly OpenTable[],
  family: string | undefined,
  name: string | undefined,
): OpenTable {
  const table = open.find((it) => it.family === family && it.name === name);
  if (table === undefined) throw new Error(`no table ${family} ${name}`);
  return table;
}

/** A copy that can be changed. */
export function opened({ family, name, declarations, elements, chains }: NftTable): OpenTable {
  return {
    family,
    name,
    declarations: new Map(declarations),
    elements: new Map([...elements].map(([container, held]) => [container, new Map(held)])),
    chains: new Map([...chains].map(([chain, rules]) => [chain, [...rules]])),
  };
}
