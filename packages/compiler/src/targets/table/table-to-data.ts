/** A compiled match table as plain data: its header, its sections, and what its numbers stand for. */
import {
  formatAddress,
  formatEndpoint,
  HEADER_CHECKSUM,
  HEADER_MODE,
  HEADER_SEED,
  HEADER_VERSION,
  SECTION_POSITION,
  SECTIONS,
} from '@shunt/model';
import { type FrontendKind, servicePortKey } from '../../ruleset/types.js';
import type { CompiledTable } from './emit-table.js';

export interface TableData {
  readonly version: number;
  readonly mode: 'iptables' | 'nftables';
  readonly seed: number;
  /** Eight hexadecimal digits. */
  readonly checksum: string;
  readonly bytes: number;
  readonly sections: readonly SectionData[];
  readonly frontends: readonly TableFrontendData[];
  readonly backends: readonly { readonly index: number; readonly endpoint: string }[];
}

export interface SectionData {
  readonly name: string;
  /** Of the image, in 32-bit words. */
  readonly offset: number;
  readonly records: number;
  readonly recordWords: number;
}

export interface TableFrontendData {
  readonly index: number;
  readonly kind: FrontendKind;
  /** `null`: the node's own addresses. */
  readonly address: string | null;
  readonly port: number;
  readonly servicePort: string;
}

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
    frontends: directory.frontends.flatMap((entry, index) =>
      entry === null
        ? []
        : {
            index,
            kind: entry.frontend.kind,
            address: entry.frontend.address === null ? null : formatAddress(entry.frontend.address),
            port: entry.frontend.port,
            servicePort: servicePortKey(entry.servicePort),
          },
    ),
    backends: (['IPv4', 'IPv6'] as const).flatMap((family) =>
      directory.backends[family].flatMap((entry, index) =>
        entry === null ? [] : { index, endpoint: formatEndpoint(entry.backend.address, entry.backend.port) },
      ),
    ),
  };
}
