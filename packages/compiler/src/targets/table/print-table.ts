import type { CompiledTable } from './emit-table.js';
import type { TableFrontendData, TablePoolData } from './line-to-data.js';
import { type SectionData, tableToData } from './table-to-data.js';

/**
 * A match table as text for people: the header, the sections, and a line for each frontend. Not meant
 * to be read back: the image itself is the form that is stored.
 */
export function printTable(table: CompiledTable): string {
  const { version, mode, seed, checksum, bytes, sections, frontends } = tableToData(table);
  const nameWidth = Math.max(...sections.map(({ name }) => name.length));
  const lines = [
    `match-table version ${version} mode ${mode} seed ${seed} bytes ${bytes} checksum ${checksum}`,
    ...sections.map((section) => sectionText(section, nameWidth)),
    ...frontends.map(frontendText),
  ];
  return `${lines.join('\n')}\n`;
}

function sectionText({ name, offset, records, recordWords }: SectionData, width: number): string {
  return `section ${name.padEnd(width)} at ${offset} records ${records} of ${recordWords}`;
}

function frontendText(line: TableFrontendData): string {
  const { index, servicePort, kind, port, protocol, actions, sourceRanges } = line;
  const address = line.address?.includes(':') ? `[${line.address}]` : line.address;
  const place = address === null ? `${port}` : `${address}:${port}`;
  const parts = [`frontend ${index} ${servicePort} ${kind} ${place}/${protocol}: ${actionsText(actions)}`];
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
  { slotCount, slotBits, slotsWord, firstBackend, random }: TablePoolData,
): string {
  const slots = slotBits === 0 ? '' : ` of ${slotBits} bits at ${slotsWord}`;
  return `pool ${name} slots ${slotCount}${slots} backends from ${firstBackend}${random ? ' random' : ''}`;
}
