import type { CompiledTable } from './emit-table.js';
import { tableToData } from './table-to-data.js';

/** A match table for people: header, sections, and a line for each frontend. */
export function printTable(table: CompiledTable): string {
  const { version, mode, seed, checksum, bytes, sections, frontends } = tableToData(table);
  const lines = [
    `match-table version ${version} mode ${mode} seed ${seed} checksum ${checksum} bytes ${bytes}`,
    ...sections.map(
      ({ name, offset, records, recordWords }) =>
        `section ${name.padEnd(16)} at ${String(offset).padStart(8)} words: ${records} x ${recordWords} words`,
    ),
    ...frontends.map(
      ({ index, kind, address, port, servicePort }) =>
        `frontend ${String(index).padStart(6)} ${kind} ${address ?? '<node>'} ${port}: ${servicePort}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
