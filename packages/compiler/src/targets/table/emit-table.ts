import {
  type Address,
  type Family,
  familyOf,
  HEADER_CHECKSUM,
  HEADER_HEAP_END,
  HEADER_MAGIC,
  HEADER_MODE,
  HEADER_ROOT,
  HEADER_SEED,
  HEADER_TABLE_ID,
  HEADER_TOTAL_WORDS,
  HEADER_VERSION,
  MATCH_TABLE_MAGIC,
  MATCH_TABLE_VERSION,
  matchTableChecksum,
  type StructureName,
} from '@shunt/model';
import type { Ruleset, RulesetSections, ServicePort } from '../../ruleset/types.js';
import { indexCapacity } from './frontend-index.js';
import { blockedAction } from './frontend-line.js';
import { Heap } from './heap.js';
import { writeIntervals } from './intervals.js';
import { localAddressFlags, loopbackFlags } from './local-addresses.js';
import { backendWords } from './pools.js';
import { writeServicePort } from './service-port.js';
import {
  FIRST_ROOT,
  type RootContents,
  type WrittenStructure,
  writeAddressSet,
  writeFrontendIndex,
  writeRoot,
} from './structures.js';
import { TableDirectory } from './table-directory.js';

// The set of local addresses is asked for the source of every packet and is small: room is cheap, and a
// search that looks at one entry too many costs a mispredicted branch. Cluster IPs are asked for misses.
const ENTRIES_PER_LOCAL_ADDRESS = 16;
const ENTRIES_PER_CLUSTER_IP = 2;

export interface TableOptions {
  /** Of the flow hash, u32, the same on every node; default 0. */
  readonly seed?: number;
  /** Whether the image is to lie in a SharedArrayBuffer, for several workers; default false. */
  readonly shared?: boolean;
  /** Words of room behind the heap's end, for blocks that are added later; default 0. */
  readonly capacityWords?: number;
  /** Tells this table from others, u32; default: a hash of all that it holds. */
  readonly tableId?: number;
}

export interface CompiledTable {
  /** See match-table.ts in `@shunt/model` for the layout. */
  readonly image: Uint32Array;
  readonly directory: TableDirectory;
}

/**
 * Emits a ruleset as a match table, without gaps. The same ruleset and options give the same words.
 * @throws {RangeError} if the seed or the table id is no u32, or the capacity is below 0
 */
export function emitTable(ruleset: Ruleset, options: TableOptions = {}): CompiledTable {
  const { capacityWords = 0, shared = false } = options;
  checkOptions(options);
  const heap = Heap.growing(guessWords(ruleset));
  const { directory } = writeTable(heap, ruleset);
  const image = imageOf(heap.image, capacityWords, shared);
  seal(image, ruleset, options);
  return { image, directory };
}

/** A table in a heap, before it has a header. */
export interface WrittenTable {
  readonly directory: TableDirectory;
  readonly contents: RootContents;
}

/**
 * Writes a ruleset into an empty heap, and where its root is into the header.
 * @param numberOf - the service port's number, by its place in the ruleset; default: in that order
 */
export function writeTable(
  heap: Heap,
  ruleset: Ruleset,
  numberOf: (servicePort: ServicePort, index: number) => number = (_, index) => index + 1,
): WrittenTable {
  const directory = new TableDirectory();
  ruleset.servicePorts.forEach((servicePort, index) => {
    directory.add(writeServicePort(heap, servicePort, numberOf(servicePort, index), ruleset.mode));
  });
  const contents = writeShared(heap, ruleset, directory);
  const root = writeRoot(heap, contents);
  heap.image[HEADER_ROOT] = root;
  return { directory, contents };
}

/** Writes the header of an image whose heap is written. */
export function seal(image: Uint32Array, { mode }: Pick<Ruleset, 'mode'>, options: TableOptions): void {
  const { seed = 0, tableId } = options;
  image[HEADER_MAGIC] = MATCH_TABLE_MAGIC;
  image[HEADER_VERSION] = MATCH_TABLE_VERSION;
  image[HEADER_TOTAL_WORDS] = image.length;
  image[HEADER_MODE] = mode === 'nftables' ? 1 : 0;
  image[HEADER_SEED] = seed;
  image[HEADER_TABLE_ID] = tableId ?? matchTableChecksum(image);
  image[HEADER_CHECKSUM] = matchTableChecksum(image);
}

/** @throws {RangeError} if an option is out of range */
export function checkOptions({ seed = 0, capacityWords = 0, tableId = 0 }: TableOptions): void {
  checkInteger('seed', seed, 0xffffffff);
  checkInteger('capacityWords', capacityWords, Number.MAX_SAFE_INTEGER);
  checkInteger('tableId', tableId, 0xffffffff);
}

/** Writes what the service ports share. */
function writeShared(heap: Heap, ruleset: Ruleset, directory: TableDirectory): RootContents {
  const { clusterIPs } = ruleset;
  const index = (family: Family): WrittenStructure => {
    const lines = linesOf(directory, family);
    return writeFrontendIndex(heap, lines, family, indexCapacity(lines.length));
  };
  const sections = sectionContents(heap, ruleset);
  return {
    ...sections,
    number: FIRST_ROOT,
    structures: {
      ...sections.structures,
      clusterIPs4: writeClusterIPs(heap, clusterIPs, 'IPv4'),
      clusterIPs6: writeClusterIPs(heap, clusterIPs, 'IPv6'),
      frontendIndex4: index('IPv4'),
      frontendIndex6: index('IPv6'),
    },
  };
}

/** The structures that the sections of a ruleset say all of. */
export type SectionStructure = Exclude<
  StructureName,
  'clusterIPs4' | 'clusterIPs6' | 'frontendIndex4' | 'frontendIndex6'
>;

/** Writes what the sections of a ruleset say. */
export function sectionContents(
  heap: Heap,
  sections: RulesetSections,
): Omit<RootContents, 'structures' | 'number'> & {
  readonly structures: Readonly<Record<SectionStructure, WrittenStructure>>;
} {
  const { podCIDRs, serviceCIDRs, mode } = sections;
  const local = (family: Family): WrittenStructure =>
    writeAddressSet(heap, localAddressFlags(sections, family), family, ENTRIES_PER_LOCAL_ADDRESS);
  return {
    structures: {
      podRanges4: writeIntervals(heap, podCIDRs, 'IPv4'),
      podRanges6: writeIntervals(heap, podCIDRs, 'IPv6'),
      serviceRanges4: writeIntervals(heap, serviceCIDRs, 'IPv4'),
      serviceRanges6: writeIntervals(heap, serviceCIDRs, 'IPv6'),
      localAddresses4: local('IPv4'),
      localAddresses6: local('IPv6'),
    },
    loopbackFlags: { IPv4: loopbackFlags(sections, 'IPv4'), IPv6: loopbackFlags(sections, 'IPv6') },
    blockedAction: blockedAction(mode),
  };
}

/** Writes the set of the cluster IPs of a family, all there for any root. @param addresses - of both families */
export function writeClusterIPs(heap: Heap, addresses: Iterable<Address>, family: Family): WrittenStructure {
  return writeAddressSet(heap, inSet(addresses, family), family, ENTRIES_PER_CLUSTER_IP);
}

/** About the words of the heap, since it is costly to grow: a collection of garbage for each doubling. */
export function guessWords({ servicePorts, clusterIPs }: Ruleset): number {
  let words = 1_024 + 8 * clusterIPs.length;
  for (const { family, frontends, clusterPool, localPool } of servicePorts) {
    words += 32 * frontends.length + 16;
    for (const pool of [clusterPool, localPool]) {
      if (pool !== null) words += 16 + backendWords(family) * pool.backends.length + pool.slots.length / 4;
    }
  }
  return Math.ceil(words);
}

function inSet(addresses: Iterable<Address>, family: Family): Map<Address, number> {
  const flags = new Map<Address, number>();
  for (const address of addresses) if (familyOf(address) === family) flags.set(address, FIRST_ROOT);
  return flags;
}

/** The lines of a family that a directory has, by their numbers. */
export function linesOf({ frontends }: TableDirectory, family: Family): number[] {
  const lines: number[] = [];
  for (const [line, { servicePort }] of frontends) if (servicePort.family === family) lines.push(line);
  return lines;
}

/** A copy of the used words, with room behind them. */
export function imageOf(words: Uint32Array, capacityWords: number, shared: boolean): Uint32Array {
  const end = words[HEADER_HEAP_END] as number;
  const bytes = (end + capacityWords) * Uint32Array.BYTES_PER_ELEMENT;
  const image = new Uint32Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  image.set(words.subarray(0, end));
  return image;
}

function checkInteger(title: string, value: number, largest: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= largest) return;
  throw new RangeError(`"${title}" expected integer 0..${largest}, got ${value}`);
}
