import {
  type Address,
  BUCKET_ENTRIES,
  BUCKET_WORDS,
  blockWords,
  FAMILIES,
  type Family,
  familyOf,
  HEADER_ROOT,
  isLoopback,
  ROOT_WORDS,
  STRUCTURES,
  type StructureName,
} from '@shunt/model';
import type { ListChange } from '../../ruleset/change.js';
import type { RulesetSections } from '../../ruleset/types.js';
import { removeAddress } from './address-set.js';
import { linesOf, sectionContents, writeClusterIPs } from './emit-table.js';
import { indexCapacity, indexedLine, insertLine, removeLine } from './frontend-index.js';
import { hashStructureOf } from './hash-structure.js';
import { type Block, blockFor } from './heap.js';
import { localAddressFlags } from './local-addresses.js';
import type { ShadowTable } from './shadow-table.js';
import {
  LEAST_SET_ENTRIES,
  type RootContents,
  type WrittenStructure,
  writeFrontendIndex,
  writeRoot,
} from './structures.js';
import type { TableDirectory } from './table-directory.js';

// An index is written anew when more of its entries are taken, or fewer: it then has about twice the room
// that it needs, and it takes as many changes as it has frontends to come there again.
const MOST_OF_ENTRIES = 0.5;
const LEAST_OF_ENTRIES = 0.08;

/** The structures that all service ports share, while they are changed under readers. */
export class RootStructures {
  readonly #shadow: ShadowTable;
  #contents: RootContents;
  readonly #clusterIPs: Set<Address>;
  #localAddresses: Readonly<Record<Family, ReadonlyMap<Address, number>>>;
  readonly #freed: Block[] = [];
  readonly #stale = new Set<StructureName>();
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
      ...next,
      structures: { ...this.#contents.structures, ...next.structures },
    };
    this.#localAddresses = localAddressesOf(sections);
    this.#isRootStale = true;
  }

  /**
   * Takes cluster IPs out of the sets in force, which readers are to have seen before any frontend goes:
   * else one who has missed the frontend could still meet its address in the set. New ones come with the
   * next root: who finds them there finds the frontends.
   * @param atOnce - leave the sets in force as they are
   */
  changeClusterIPs({ removed, added }: ListChange<Address>, atOnce: boolean): void {
    for (const address of removed) {
      this.#clusterIPs.delete(address);
      const name = familyOf(address) === 'IPv4' ? 'clusterIPs4' : 'clusterIPs6';
      if (atOnce) this.#stale.add(name);
      else removeAddress(hashStructureOf(this.#shadow.image, name), address, this.#shadow.publishWord);
      const { count } = this.#contents.structures[name];
      if (count > LEAST_SET_ENTRIES && this.#clusterIPs.size < count * LEAST_OF_ENTRIES)
        this.#stale.add(name);
    }
    for (const address of added) {
      this.#clusterIPs.add(address);
      this.#stale.add(familyOf(address) === 'IPv4' ? 'clusterIPs4' : 'clusterIPs6');
    }
  }

  /**
   * Brings lines of a family into the index, and others out of it.
   * @param directory - with the lines as they are to be
   * @param atOnce - leave the index in force as it is
   */
  changeLines(
    family: Family,
    added: readonly number[],
    removed: readonly number[],
    lineCount: number,
    directory: TableDirectory,
    atOnce: boolean,
  ): void {
    if (added.length + removed.length === 0) return;
    const name = family === 'IPv4' ? 'frontendIndex4' : 'frontendIndex6';
    const entries = this.#contents.structures[name].count * BUCKET_ENTRIES;
    const capacity = indexCapacity(lineCount);
    const isOffSize =
      lineCount + added.length > entries * MOST_OF_ENTRIES ||
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
    for (const family of FAMILIES) {
      const name = family === 'IPv4' ? 'clusterIPs4' : 'clusterIPs6';
      if (this.#stale.has(name)) {
        this.#replace(name, writeClusterIPs(this.#shadow.heap, this.#clusterIPs, family));
      }
    }
    this.#stale.clear();
    if (this.#isRootStale) {
      const root = writeRoot(this.#shadow.heap, this.#contents);
      this.#freed.push(blockFor(this.#shadow.image[HEADER_ROOT] as number, ROOT_WORDS));
      this.#shadow.publish(HEADER_ROOT, root);
    }
    this.#isRootStale = false;
    return this.#freed.splice(0);
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

function localAddressesOf(sections: RulesetSections): Readonly<Record<Family, ReadonlyMap<Address, number>>> {
  return { IPv4: localAddressFlags(sections, 'IPv4'), IPv6: localAddressFlags(sections, 'IPv6') };
}
