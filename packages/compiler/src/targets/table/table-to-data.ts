/** A compiled match table as plain data: its header, its sections, and what its numbers stand for. */
import {
  FAMILIES,
  type Family,
  formatEndpoint,
  HEADER_CHECKSUM,
  HEADER_MODE,
  HEADER_SEED,
  HEADER_VERSION,
  type Mode,
  SECTION_POSITION,
  SECTIONS,
  sectionCount,
} from '@shunt/model';
import type { CompiledTable } from './emit-table.js';
import { lineToData, type TableFrontendData } from './line-to-data.js';

export interface TableData {
  readonly version: number;
  readonly mode: Mode;
  readonly seed: number;
  /** Eight hexadecimal digits. */
  readonly checksum: string;
  readonly bytes: number;
  readonly sections: readonly SectionData[];
  readonly frontends: readonly TableFrontendData[];
  readonly backends: readonly TableBackendData[];
}

/** A backend; indexes count from 1 in each family. */
export interface TableBackendData {
  readonly family: Family;
  readonly index: number;
  readonly endpoint: string;
}

export interface SectionData {
  readonly name: string;
  /** Of the image, in 32-bit words. */
  readonly offset: number;
  readonly records: number;
  readonly recordWords: number;
}

/** Reads a compiled table back into plain data: what the image says, with names for its numbers. */
export function tableToData({ image, directory }: CompiledTable): TableData {
  const word = (at: number): number => image[at] as number;
  return {
    version: word(HEADER_VERSION),
    mode: word(HEADER_MODE) === 1 ? 'nftables' : 'iptables',
    seed: word(HEADER_SEED),
    checksum: word(HEADER_CHECKSUM).toString(16).padStart(8, '0'),
    bytes: image.byteLength,
    sections: SECTIONS.map(({ name, recordWords }) => ({
      name,
      offset: word(SECTION_POSITION[name]),
      records: word(SECTION_POSITION[name] + 1),
      recordWords,
    })),
    frontends: Array.from({ length: sectionCount(image, 'frontends') - 1 }, (_, i) =>
      lineToData(image, directory, i + 1),
    ),
    backends: FAMILIES.flatMap((family) =>
      directory.backends[family].flatMap((entry, index) =>
        entry === null
          ? []
          : { family, index, endpoint: formatEndpoint(entry.backend.address, entry.backend.port) },
      ),
    ),
  };
}
