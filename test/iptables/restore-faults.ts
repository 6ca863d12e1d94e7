import { applyRestore, type SavedTables } from '@shunt/compiler';

/**
 * What `iptables-restore --noflush` would refuse of a text, or do otherwise than meant: rules in chains that the
 * text does not begin anew, jumps to chains that are not there, chains deleted that are not empty or still needed.
 * @returns one line a fault, empty when all is well
 */
export function restoreFaults(text: string, held: SavedTables): string[] {
  const faults: string[] = [];
  const after = applyRestore(held, text);
  let table = '';
  let declared = new Set<string>();
  for (const line of text.split('\n')) {
    const [word = '', name = ''] = line.split(' ');
    if (line.startsWith('*')) {
      table = line.slice(1);
      declared = new Set();
    } else if (word.startsWith(':')) {
      if (declared.has(word.slice(1))) faults.push(`${table}: declared twice: ${line}`);
      declared.add(word.slice(1));
    } else if (word === '-A' && !declared.has(name)) {
      faults.push(`${table}: appended to a chain that is not begun anew: ${line}`);
    } else if (word === '-X' && !declared.has(name)) {
      faults.push(`${table}: deleted without being emptied: ${line}`);
    }
  }
  for (const [name, chains] of after) {
    for (const [chain, { rules }] of chains) {
      for (const { words } of rules) {
        const target = / ?-j (KUBE-\S+)$/.exec(words)?.[1];
        if (target !== undefined && !chains.has(target))
          faults.push(`${name} ${chain}: no chain for ${words}`);
      }
    }
  }
  return faults;
}
