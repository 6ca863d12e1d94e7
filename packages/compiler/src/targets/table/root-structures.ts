import {
  type Address,
  BUCKET_ENTRIES,
  BUCKET_WORDS,
  blockWords,
  type Family,
  familyOf,
  HEADER_ROOT,
  isLoopback,
  ROOT_NUMBER_MAX,
  ROOT_WORDS,
  STRUCTURES,
  type StructureName,
} from '@shunt/model';
import type { ListChange } from '../../ruleset/change.js';
import type { RulesetSections } from '../../ruleset/types.js';
import { countDeleted, insertAddress, removeAddress } from './address-set.js';
import { linesOf, sectionContents, writeClusterIPs } from './emit-table.js';
import { indexCapacity, indexedLine, insertLine, removeLine } from './frontend-index.js';
import { hashStructureOf } from './hash-structure.js';
import { type Block, blockFor } from './heap.js';
import { localAddressFlags } from './local-addresses.js';
import type { ShadowTable } from './shadow-table.js';
import {
  FIRST_ROOT,
  LEAST_SET_ENTRIES,
  type RootContents,
  type WrittenStructure,
  writeFrontendIndex,
  writeRoot,
} from './structures.js';
import type { TableDirectory } from './table-directory.js';
import type { ChangedLines } from './update-step.js';

// An index or a set is written anew when more of its entries are taken, or fewer: it then has about twice
// the room that it needs, and it takes as many changes as it has records to come there again.
const MOST_OF_ENTRIES = 0.5;
const LEAST_OF_ENTRIES = 0.08;

const CLUSTER_IPS = ['clusterIPs4', 'clusterIPs6'] as const;
type ClusterIPs = (typeof CLUSTER_IPS)[number];

/** The structures that all service ports share, while they are changed under readers. */
export class RootStructures {
  readonly #shadow: ShadowTable;
  #contents: RootContents;
  readonly #clusterIPs: Set<Address>;
  #localAddresses: Readonly<Record<Family, ReadonlyMap<Address, number>>>;
  readonly #freed: Block[] = [];
  /** What comes into a set with the next root; `null`: all that there is, into a new one. */
  readonly #stale = new Map<ClusterIPs, Address[] | null>();
  /** Addresses in each set, and entries that are taken up by some that are gone. */
  readonly #counts: Record<ClusterIPs, number> = { clusterIPs4: 0, clusterIPs6: 0 };
  readonly #deleted: Record<ClusterIPs, number>;
  #isRootStale = false;

  constructor(
    shadow: ShadowTable,
    contents: RootContents,
    sections: RulesetSections,
    clusterIPs: Iterable<Address>,
  ) {
    this.#shadow = shadow;
    this.#contents = contents;
    this.#clusterIPs = new Set(clusterIPs);
    this.#localAddresses = localAddressesOf(sections);
    for (const address of this.#clusterIPs) this.#counts[setOf(address)]++;
    const deleted = (name: ClusterIPs): number => countDeleted(hashStructureOf(shadow.image, name));
    this.#deleted = { clusterIPs4: deleted('clusterIPs4'), clusterIPs6: deleted('clusterIPs6') };
  }

  get clusterIPs(): ReadonlySet<Address> {
    return this.#clusterIPs;
  }

  /** Whether a packet to an address may be looked up by its node port, too. */
  mayBeLocal(address: Address): boolean {
    return isLoopback(address) || this.#localAddresses[familyOf(address)].has(address);
  }

  /** Writes what sections say, for the next root. */
  replaceSections(sections: RulesetSections): void {
    const next = sectionContents(this.#shadow.heap, sections);
    for (const { name, recordWords } of STRUCTURES) {
      if (name in next.structures) this.#free(this.#contents.structures[name], recordWords);
    }
    this.#contents = {
      ...this.#contents,
      ...next,
      structures: { ...this.#contents.structures, ...next.structures },
    };
    this.#localAddresses = localAddressesOf(sections);
    this.#isRootStale = true;
  }

  /**
   * Takes cluster IPs out of the sets in force, which readers are to have seen before any frontend goes:
   * else one who has missed the frontend could still meet its address in the set. New ones come with the
   * next root, and are none for who has an earlier one: who finds them there finds the frontends.
   * @param atOnce - leave the sets in force as they are
   */
  changeClusterIPs({ removed, added }: ListChange<Address>, atOnce: boolean): void {
    for (const address of removed) {
      this.#clusterIPs.delete(address);
      const name = setOf(address);
      const left = --this.#counts[name];
      const { count } = this.#contents.structures[name];
      const isEmpty = count > LEAST_SET_ENTRIES && left < count * LEAST_OF_ENTRIES;
      if (atOnce || isEmpty) this.#stale.set(name, null);
      if (atOnce) continue;
      const set = hashStructureOf(this.#shadow.image, name);
      this.#deleted[name] += removeAddress(set, address, this.#shadow.publishWord);
    }
    for (const address of added) {
      this.#clusterIPs.add(address);
      const name = setOf(address);
      this.#counts[name]++;
      const other = this.#stale.get(name);
      if (other === undefined) this.#stale.set(name, [address]);
      else other?.push(address);
    }
  }

  /**
   * Brings lines of a family into the index, and others out of it.
   * @param lineCount - how many there are then
   * @param directory - with the lines as they are to be
   * @param atOnce - leave the index in force as it is
   */
  changeLines(
    family: Family,
    { added, removed, kept }: Readonly<ChangedLines>,
    lineCount: number,
    directory: TableDirectory,
    atOnce: boolean,
  ): void {
    if (added.length + removed.length === 0) return;
    const name = family === 'IPv4' ? 'frontendIndex4' : 'frontendIndex6';
    const entries = this.#contents.structures[name].count * BUCKET_ENTRIES;
    const capacity = indexCapacity(lineCount);
    const isOffSize =
      lineCount + removed.length - kept > entries * MOST_OF_ENTRIES ||
      (lineCount < entries * LEAST_OF_ENTRIES && capacity < this.#contents.structures[name].count);
    if (atOnce || isOffSize) {
      const lines = linesOf(directory, family);
      this.#replace(name, writeFrontendIndex(this.#shadow.heap, lines, family, capacity));
      return;
    }
    const index = hashStructureOf(this.#shadow.image, name);
    const replaced = new Set(added.map((line) => insertLine(index, line, this.#shadow.publishWord)));
    for (const line of removed) {
      if (replaced.has(line) || indexedLine(index, line) !== line) continue;
      removeLine(index, line, this.#shadow.publishWord);
    }
  }

  /** Publishes the next root, if there is anything in it. @returns the blocks that are free with it */
  publish(): Block[] {
    this.#bringIn();
    if (this.#isRootStale) {
      const root = writeRoot(this.#shadow.heap, this.#contents);
      this.#freed.push(blockFor(this.#shadow.image[HEADER_ROOT] as number, ROOT_WORDS));
      this.#shadow.publish(HEADER_ROOT, root);
    }
    this.#isRootStale = false;
    return this.#freed.splice(0);
  }

  /** Brings cluster IPs into their sets, or these in another place, for who has the next root. */
  #bringIn(): void {
    let number = this.#contents.number;
    if ([...this.#stale.values()].some((added) => added !== null)) {
      if (number >= ROOT_NUMBER_MAX) for (const name of CLUSTER_IPS) this.#stale.set(name, null);
      number = number >= ROOT_NUMBER_MAX ? FIRST_ROOT : number + 1;
    }
    for (const [name, added] of this.#stale) {
      if (added === null || !this.#hasRoom(name)) this.#replace(name, this.#writeSet(name));
      else this.#insert(name, added, number);
    }
    this.#stale.clear();
    if (number === this.#contents.number) return;
    this.#contents = { ...this.#contents, number };
    this.#isRootStale = true;
  }

  #hasRoom(name: ClusterIPs): boolean {
    const taken = this.#counts[name] + this.#deleted[name];
    return taken <= this.#contents.structures[name].count * MOST_OF_ENTRIES;
  }

  // Who looks at an entry that is used again here has begun after what was in it was taken out: that patch has waited.
  #insert(name: ClusterIPs, added: readonly Address[], number: number): void {
    const set = hashStructureOf(this.#shadow.image, name);
    for (const address of added) {
      this.#deleted[name] += insertAddress(set, address, number, this.#shadow.publishWord);
    }
  }

  #writeSet(name: ClusterIPs): WrittenStructure {
    this.#deleted[name] = 0;
    const family = name === 'clusterIPs4' ? 'IPv4' : 'IPv6';
    return writeClusterIPs(this.#shadow.heap, this.#clusterIPs, family);
  }

  #replace(name: StructureName, structure: WrittenStructure): void {
    const recordWords = STRUCTURES.find((it) => it.name === name)?.recordWords ?? BUCKET_WORDS;
    this.#free(this.#contents.structures[name], recordWords);
    this.#contents = {
      ...this.#contents,
      structures: { ...this.#contents.structures, [name]: structure },
    };
    this.#isRootStale = true;
  }

  #free({ offset, count }: WrittenStructure, recordWords: number): void {
    if (count > 0) this.#freed.push({ offset, words: blockWords(count * recordWords) });
  }
}

function setOf(address: Address): ClusterIPs {
  return familyOf(address) === 'IPv4' ? 'clusterIPs4' : 'clusterIPs6';
}

function localAddressesOf(sections: RulesetSections): Readonly<Record<Family, ReadonlyMap<Address, number>>> {
  return { IPv4: localAddressFlags(sections, 'IPv4'), IPv6: localAddressFlags(sections, 'IPv6') };
}
