import {
  HEADER_BLOCKED_ACTION,
  HEADER_CHECKSUM,
  HEADER_LOOPBACK_FLAGS4,
  HEADER_LOOPBACK_FLAGS6,
  HEADER_MAGIC,
  HEADER_MODE,
  HEADER_SEED,
  HEADER_TOTAL_WORDS,
  HEADER_VERSION,
  HEADER_WORDS,
  MATCH_TABLE_MAGIC,
  MATCH_TABLE_VERSION,
  matchTableChecksum,
  SECTION_ALIGNMENT_WORDS,
  SECTION_POSITION,
  SECTIONS,
  type SectionName,
} from '@shunt/model';
import type { Ruleset } from '../../ruleset/types.js';
import { addressSetWords, localAddressFlags, loopbackFlags } from './address-set.js';
import { blockedAction, type FrontendEntry, type FrontendSections, frontendSections } from './frontends.js';
import { intervalWords } from './intervals.js';
import type { BackendEntry } from './pools.js';

export interface TableOptions {
  /** Of the flow hash, u32, the same on every node; default 0. */
  readonly seed?: number;
  /** Whether the image is to lie in a SharedArrayBuffer, for several workers; default false. */
  readonly shared?: boolean;
}

/** What the numbers in verdict records stand for. Index 0 is none. */
export interface TableDirectory {
  readonly frontends: readonly (FrontendEntry | null)[];
  readonly backends: Readonly<Record<'IPv4' | 'IPv6', readonly (BackendEntry | null)[]>>;
}

export interface CompiledTable {
  /** See match-table.ts in `@shunt/model` for the layout. */
  readonly image: Uint32Array;
  readonly directory: TableDirectory;
}

/**
 * Emits a ruleset as a match table. The same ruleset and seed give the same words.
 * @throws {RangeError} if the seed is no u32
 */
export function emitTable(ruleset: Ruleset, options: TableOptions = {}): CompiledTable {
  const { seed = 0, shared = false } = options;
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError(`"seed" expected integer 0..4294967295, got ${seed}`);
  }
  const frontends = frontendSections(ruleset);
  const image = assemble(sectionWords(ruleset, frontends), shared);
  image[HEADER_MAGIC] = MATCH_TABLE_MAGIC;
  image[HEADER_VERSION] = MATCH_TABLE_VERSION;
  image[HEADER_TOTAL_WORDS] = image.length;
  image[HEADER_MODE] = ruleset.mode === 'nftables' ? 1 : 0;
  image[HEADER_SEED] = seed;
  image[HEADER_LOOPBACK_FLAGS4] = loopbackFlags(ruleset, 'IPv4');
  image[HEADER_LOOPBACK_FLAGS6] = loopbackFlags(ruleset, 'IPv6');
  image[HEADER_BLOCKED_ACTION] = blockedAction(ruleset.mode);
  image[HEADER_CHECKSUM] = matchTableChecksum(image);
  return { image, directory: { frontends: frontends.entries, backends: frontends.pools.entries } };
}

type SectionWords = Readonly<Record<SectionName, ArrayLike<number>>>;

function sectionWords(ruleset: Ruleset, frontends: FrontendSections): SectionWords {
  const clusterIPs = new Map(ruleset.clusterIPs.map((address) => [address, 1]));
  const clusterIPs4 = new Map([...clusterIPs].filter(([address]) => typeof address === 'number'));
  const clusterIPs6 = new Map([...clusterIPs].filter(([address]) => typeof address === 'bigint'));
  return {
    podRanges4: intervalWords(ruleset.podCIDRs, 'IPv4'),
    podRanges6: intervalWords(ruleset.podCIDRs, 'IPv6'),
    localAddresses4: addressSetWords(localAddressFlags(ruleset, 'IPv4'), 'IPv4'),
    localAddresses6: addressSetWords(localAddressFlags(ruleset, 'IPv6'), 'IPv6'),
    clusterIPs4: addressSetWords(clusterIPs4, 'IPv4'),
    clusterIPs6: addressSetWords(clusterIPs6, 'IPv6'),
    serviceRanges4: intervalWords(ruleset.serviceCIDRs, 'IPv4'),
    serviceRanges6: intervalWords(ruleset.serviceCIDRs, 'IPv6'),
    frontendIndex4: frontends.index.IPv4,
    frontendIndex6: frontends.index.IPv6,
    frontends: frontends.lines,
    servicePorts: ruleset.servicePorts.map((servicePort) => servicePort.affinitySeconds ?? 0),
    sourceRanges4: frontends.sourceRanges.IPv4,
    sourceRanges6: frontends.sourceRanges.IPv6,
    slots: frontends.pools.slots,
    backends4: frontends.pools.backends.IPv4,
    backends6: frontends.pools.backends.IPv6,
  };
}

/** Places the sections behind an empty header, and fills in the section table. */
function assemble(sections: SectionWords, shared: boolean): Uint32Array {
  let words = HEADER_WORDS;
  const offsets = SECTIONS.map(({ name }) => {
    const offset = words;
    words = align(offset + sections[name].length);
    return offset;
  });
  const buffer = shared ? new SharedArrayBuffer(words * 4) : new ArrayBuffer(words * 4);
  const image = new Uint32Array(buffer);
  SECTIONS.forEach(({ name, recordWords }, index) => {
    image.set(sections[name], offsets[index] as number);
    image[SECTION_POSITION[name]] = offsets[index] as number;
    image[SECTION_POSITION[name] + 1] = sections[name].length / recordWords;
  });
  return image;
}

function align(words: number): number {
  return Math.ceil(words / SECTION_ALIGNMENT_WORDS) * SECTION_ALIGNMENT_WORDS;
}
