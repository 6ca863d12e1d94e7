/** A compiled match table as plain data: its header, its structures, and what its numbers stand for. */
import {
  backendNumber,
  type Family,
  formatEndpoint,
  HEADER_CHECKSUM,
  HEADER_GENERATION,
  HEADER_HEAP_END,
  HEADER_MODE,
  HEADER_SEED,
  HEADER_TABLE_ID,
  HEADER_VERSION,
  type Mode,
  STRUCTURES,
  structureCount,
  structureOffset,
} from '@shunt/model';
import type { CompiledTable } from './emit-table.js';
import { lineToData, type TableFrontendData } from './line-to-data.js';
import { backendWords } from './pools.js';
import type { WrittenServicePort } from './service-port.js';

export interface TableData {
  readonly version: number;
  readonly mode: Mode;
  readonly seed: number;
  /** Eight hexadecimal digits. */
  readonly checksum: string;
  /** Eight hexadecimal digits. */
  readonly tableId: string;
  readonly generation: number;
  readonly bytes: number;
  /** Up to the heap's end, the header included. */
  readonly heapBytes: number;
  readonly structures: readonly StructureData[];
  readonly frontends: readonly TableFrontendData[];
  readonly backends: readonly TableBackendData[];
}

/** A backend, by the number that verdicts have for it: one of its family. */
export interface TableBackendData {
  readonly family: Family;
  readonly number: number;
  readonly endpoint: string;
}

export interface StructureData {
  readonly name: string;
  /** In 32-bit words from the start of the image; 0 without records. */
  readonly offset: number;
  readonly records: number;
  readonly recordWords: number;
}

/** Reads a compiled table back into plain data: what the image says, with names for its numbers. */
export function tableToData({ image, directory }: CompiledTable): TableData {
  const word = (at: number): number => image[at] as number;
  const hex = (at: number): string => word(at).toString(16).padStart(8, '0');
  return {
    version: word(HEADER_VERSION),
    mode: word(HEADER_MODE) === 1 ? 'nftables' : 'iptables',
    seed: word(HEADER_SEED),
    checksum: hex(HEADER_CHECKSUM),
    tableId: hex(HEADER_TABLE_ID),
    generation: word(HEADER_GENERATION),
    bytes: image.byteLength,
    heapBytes: word(HEADER_HEAP_END) * Uint32Array.BYTES_PER_ELEMENT,
    structures: STRUCTURES.map(({ name, recordWords }) => ({
      name,
      offset: structureOffset(image, name),
      records: structureCount(image, name),
      recordWords,
    })),
    frontends: [...directory.frontends].map(([line, entry]) => lineToData(image, line, entry)),
    backends: [...directory.servicePorts.values()].flatMap(backendsOf),
  };
}

function backendsOf({ servicePort: { family }, pools }: WrittenServicePort): TableBackendData[] {
  return [pools.cluster, pools.local].flatMap((pool) => {
    if (pool === null) return [];
    const first = backendNumber(pool.backendsOffset, backendWords(family));
    return pool.places.flatMap((backend, place) => {
      if (backend === null) return [];
      return { family, number: first + place, endpoint: formatEndpoint(backend.address, backend.port) };
    });
  });
}
