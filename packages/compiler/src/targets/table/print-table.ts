import type { CompiledTable } from './emit-table.js';
import type { TableFrontendData, TablePoolData } from './line-to-data.js';
import { type StructureData, tableToData } from './table-to-data.js';

/**
 * A match table as text for people: the header, the structures that all share, and a line for each frontend. Not meant
 * to be read back: the image itself is the form that is stored.
 */
export function printTable(table: CompiledTable): string {
  const { version, mode, seed, checksum, tableId, generation, bytes, heapBytes, structures, frontends } =
    tableToData(table);
  const nameWidth = Math.max(...structures.map(({ name }) => name.length));
  const lines = [
    `match-table version ${version} mode ${mode} seed ${seed} bytes ${bytes} checksum ${checksum}`,
    `table ${tableId} generation ${generation} heap ${heapBytes} bytes`,
    ...structures.map((structure) => structureText(structure, nameWidth)),
    ...frontends.map(frontendText),
  ];
  return `${lines.join('\n')}\n`;
}

function structureText({ name, offset, records, recordWords }: StructureData, width: number): string {
  return `structure ${name.padEnd(width)} at ${offset} records ${records} of ${recordWords}`;
}

function frontendText(line: TableFrontendData): string {
  const { line: number, servicePort, kind, port, protocol, actions, sourceRanges } = line;
  const address = line.address?.includes(':') ? `[${line.address}]` : line.address;
  const place = address === null ? `${port}` : `${address}:${port}`;
  const parts = [`frontend ${number} ${servicePort} ${kind} ${place}/${protocol}: ${actionsText(actions)}`];
  if (sourceRanges !== null) parts.push(`sources ${sourceRanges.join(' ') || 'none'}`);
  if (line.clusterPool !== null) parts.push(poolText('cluster', line.clusterPool));
  if (line.localPool !== null) parts.push(poolText('local', line.localPool));
  return parts.join('; ');
}

function actionsText({ pod, node, outside, elsewhere }: TableFrontendData['actions']): string {
  const byOrigin = pod === node && node === outside ? pod : `pod ${pod}, node ${node}, outside ${outside}`;
  return elsewhere === 'none' ? byOrigin : `${byOrigin}, elsewhere ${elsewhere}`;
}

function poolText(
  name: string,
  { slotCount, slotBits, slotsOffset, firstBackend, random }: TablePoolData,
): string {
  const slots = slotBits === 0 ? '' : ` of ${slotBits} bits at ${slotsOffset}`;
  return `pool ${name} slots ${slotCount}${slots} backends from ${firstBackend}${random ? ' random' : ''}`;
}
