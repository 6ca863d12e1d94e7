import {
  FAMILIES,
  type Family,
  HEADER_HEAP_END,
  HEADER_SEED,
  HEADER_TABLE_ID,
  HEADER_TOTAL_WORDS,
  type TablePatch,
} from '@shunt/model';
import { ChangePlanner } from '../../incremental/change-plan.js';
import type { RulesetUpdate } from '../../incremental/compiler.js';
import { compareServicePorts } from '../../ruleset/canonical.js';
import type { RulesetChange, ServicePortReplacement } from '../../ruleset/change.js';
import { type Ruleset, type RulesetSections, type ServicePort, servicePortKey } from '../../ruleset/types.js';
import {
  type CompiledTable,
  checkOptions,
  imageOf,
  type TableOptions,
  type WrittenTable,
} from './emit-table.js';
import { FreedLater, GRACE_PATCHES } from './freed-later.js';
import { HealthCheckOwners } from './health-check-owners.js';
import { Heap } from './heap.js';
import { heapOf } from './heap-of.js';
import { findTable } from './load-table.js';
import { patchPlan } from './patch-plan.js';
import { type LiveServicePort, liveServicePort, rewriteServicePort } from './rewrite-service-port.js';
import { RootStructures } from './root-structures.js';
import { servicePortBlocks, type WrittenServicePort, writeServicePort } from './service-port.js';
import { ServicePortNumbers } from './service-port-numbers.js';
import { shadowOf } from './shadow-of.js';
import { ShadowTable } from './shadow-table.js';
import type { TableDirectory } from './table-directory.js';
import { touchesOnePacketTwice } from './touched-twice.js';
import { addLinesIn, countLinesIn, NO_CHANGE, UpdateStep, updateOf } from './update-step.js';

/** How the words of a table are used. */
export interface TableMemory {
  /** Of the image. */
  readonly totalWords: number;
  /** Up to the heap's end, the header included. */
  readonly heapWords: number;
  /** Below the heap's end, of no block. */
  readonly freeWords: number;
  /** Of blocks that nothing leads to, and that readers may still look at. */
  readonly waitingWords: number;
}

/** Who has a key in a table. */
interface LivePlace {
  readonly key: string;
  live: LiveServicePort;
}

/**
 * Keeps a match table up to date: a change of the ruleset becomes a patch, at a cost that follows the change.
 * It has a copy of the table of its own, which is one patch ahead at most of those that apply them.
 * @example
 * const writer = TableWriter.create(compiler.ruleset, { capacityWords: 1 << 16 });
 * const { image, directory } = writer.table();
 * const dataplane = Dataplane.load(image, { directory });
 * dataplane.apply(writer.update(compiler.update(events)));
 */
export class TableWriter {
  #shadow: ShadowTable;
  #shared: RootStructures;
  #sections: RulesetSections;
  readonly #live = new Map<string, LivePlace>();
  readonly #healthChecks = new HealthCheckOwners();
  readonly #numbers: ServicePortNumbers;
  #freed = new FreedLater();
  readonly #planner = new ChangePlanner();
  readonly #lineCounts: Record<Family, number> = { IPv4: 0, IPv6: 0 };
  #directory: TableDirectory;
  /** Numbers that a loaded table did not tell, so that they may have been others' before. */
  readonly #guessed: number[];
  /** Before this generation nothing was freed that this writer knows of. */
  #firstGeneration: number;
  /** By the patch before. */
  #sectionsHaveChanged: boolean;

  private constructor(
    shadow: ShadowTable,
    ruleset: Ruleset,
    { directory, contents }: WrittenTable,
    isLoaded: boolean,
  ) {
    this.#shadow = shadow;
    this.#sections = sectionsOf(ruleset);
    this.#directory = directory;
    this.#shared = new RootStructures(shadow, contents, ruleset, ruleset.clusterIPs);
    this.#firstGeneration = shadow.generation;
    this.#sectionsHaveChanged = isLoaded && shadow.generation > 0;
    const foundIn = isLoaded ? shadow.generation : null;
    for (const [key, written] of directory.servicePorts) this.#adopt(key, written, foundIn);
    const written = [...directory.servicePorts.values()];
    this.#guessed = isLoaded ? written.flatMap((it) => (it.offset === 0 ? [it.number] : [])) : [];
    // Who loads a table may have flows that nobody has looked at.
    this.#planner.plan(updateOf({ ...NO_CHANGE, added: ruleset.servicePorts }, !isLoaded));
    this.#numbers = new ServicePortNumbers(written.map((it) => it.number));
  }

  /**
   * Makes a writer, and with it a table of a ruleset, as `emitTable` does.
   * @throws {RangeError} if an option is out of range
   */
  static create(ruleset: Ruleset, options: TableOptions = {}): TableWriter {
    checkOptions(options);
    const { shadow, table } = shadowOf(ruleset, options, options.capacityWords ?? 0);
    return new TableWriter(shadow, ruleset, table, false);
  }

  /**
   * Makes a writer that goes on with a table that is in use.
   * @param image - copied; it must not be patched meanwhile
   * @param ruleset - what the table was made of
   * @throws {RangeError} if the image is no valid match table, or not one of this ruleset
   */
  static load(image: Uint32Array, ruleset: Ruleset): TableWriter {
    const table = findTable(image, ruleset);
    const copy = image.slice();
    const shadow = new ShadowTable((onTake) => heapOf(copy, new Heap(copy, true, onTake)));
    return new TableWriter(shadow, ruleset, table, true);
  }

  /** What the numbers in verdicts stand for, by the rules after all patches so far. */
  get directory(): TableDirectory {
    return this.#directory;
  }

  /** Patches made so far, by the table's count. */
  get generation(): number {
    return this.#shadow.generation;
  }

  get memory(): TableMemory {
    const { image, heap } = this.#shadow;
    return {
      totalWords: image[HEADER_TOTAL_WORDS] as number,
      heapWords: image[HEADER_HEAP_END] as number,
      freeWords: heap.freeWords,
      waitingWords: this.#freed.words,
    };
  }

  /**
   * The table after all patches so far, for a reader that begins anew: a copy of the image.
   * @param shared - whether it is to lie in a SharedArrayBuffer
   */
  table(shared = false): CompiledTable {
    const { image } = this.#shadow;
    const room = (image[HEADER_TOTAL_WORDS] as number) - (image[HEADER_HEAP_END] as number);
    return { image: imageOf(image, room, shared), directory: this.#directory };
  }

  /**
   * Takes in a change of the ruleset.
   * @param change - from the ruleset of the calls before; without `udpEndpointsChanged`, flows of all UDP
   *   service ports that it names are looked at
   * @returns the patch, to be applied in the order of the calls
   * @throws {RangeError} if it is no change of that ruleset, or one of its mode; nothing is changed then
   */
  update(change: RulesetChange | RulesetUpdate): TablePatch {
    const replaced = this.#check(change);
    const shadow = this.#shadow;
    const generation = (shadow.generation + 1) >>> 0;
    shadow.begin();
    this.#freed.release(generation, shadow.heap, (number) => this.#numbers.give(number));
    const step = new UpdateStep(this.#isAtOnce(change), generation);
    step.reset.push(...this.#guessed.splice(0));
    this.#changeSections(change, step);
    for (const port of change.removed) this.#remove(port, step);
    for (let index = 0; index < replaced.length; index++) {
      const { before, after } = change.replaced[index] as ServicePortReplacement;
      const place = replaced[index] as LivePlace;
      this.#replace(place, after, step, false);
      step.numbers.set(before, place.live.written.number);
    }
    for (const port of change.added) this.#add(port, step);
    for (const key of this.#healthChecks.takeOrphans()) {
      const place = this.#live.get(key) as LivePlace;
      this.#replace(place, place.live.written.servicePort, step, true);
    }
    for (const family of FAMILIES) {
      const count = this.#lineCounts[family];
      this.#shared.changeLines(family, step.lines[family], count, this.#directory, step.atOnce);
    }
    step.freed.push(...this.#shared.publish());
    this.#freed.add(generation, step.freed, step.retired);
    return this.#finish(change, step);
  }

  /**
   * Writes the table anew, without gaps, when changes have left too many: {@link memory} tells. Numbers of
   * service ports stay. Readers load the new table and leave the old one, which no patch fits any more.
   * @param capacityWords - room behind the heap's end; default: as much as there was in all
   */
  compact({
    capacityWords,
    shared = false,
  }: Pick<TableOptions, 'capacityWords' | 'shared'> = {}): CompiledTable {
    const { image } = this.#shadow;
    const generation = (this.generation + 1) >>> 0;
    const options = { seed: image[HEADER_SEED] as number, tableId: image[HEADER_TABLE_ID] as number };
    const ruleset = this.#ruleset();
    const numberOf = (port: ServicePort): number =>
      (this.#live.get(servicePortKey(port)) as LivePlace).live.written.number;
    checkOptions({ capacityWords: capacityWords ?? 0 });
    const room = capacityWords ?? -this.memory.totalWords;
    const made = shadowOf(ruleset, { ...options, generation }, room, numberOf);
    this.#freed.release(generation + GRACE_PATCHES, this.#shadow.heap, (it) => this.#numbers.give(it));
    this.#shadow = made.shadow;
    this.#freed = new FreedLater();
    this.#firstGeneration = generation;
    this.#directory = made.table.directory;
    this.#shared = new RootStructures(made.shadow, made.table.contents, this.#sections, ruleset.clusterIPs);
    for (const [key, written] of this.#directory.servicePorts)
      this.#live.set(key, { key, live: liveServicePort(written, null) });
    return this.table(shared);
  }

  #ruleset(): Ruleset {
    const servicePorts = [...this.#live.values()].map(({ live }) => live.written.servicePort);
    return {
      ...this.#sections,
      clusterIPs: [...this.#shared.clusterIPs],
      servicePorts: servicePorts.sort(compareServicePorts),
    };
  }

  /** @returns those that are replaced, in their order */
  #check({ removed, added, replaced, sections }: RulesetChange): LivePlace[] {
    const placeOf = (port: ServicePort): LivePlace => {
      const key = servicePortKey(port);
      const place = this.#live.get(key);
      if (place === undefined) throw new RangeError(`"change" expected a table with ${key}`);
      return place;
    };
    for (const port of removed) placeOf(port);
    const places = replaced.map(({ after }) => placeOf(after));
    for (const port of added) {
      const key = servicePortKey(port);
      if (this.#live.has(key)) throw new RangeError(`"change" expected a table without ${key}`);
    }
    if (sections.mode !== undefined && sections.mode !== this.#sections.mode) {
      throw new RangeError('"change" expected the mode of the table, which is made anew for another one');
    }
    return places;
  }

  /** Whether a packet could meet two of the new words, so that they have to come into force by one. */
  #isAtOnce(change: RulesetChange): boolean {
    const { removed, added, replaced, clusterIPs, sections } = change;
    const ports = removed.length + added.length + replaced.length;
    const addresses = clusterIPs.removed.length + clusterIPs.added.length;
    if (Object.keys(sections).length > 0) return ports + addresses > 0;
    return touchesOnePacketTwice(change, (address) => this.#shared.mayBeLocal(address));
  }

  #changeSections({ sections, clusterIPs }: RulesetChange, { atOnce }: UpdateStep): void {
    if (Object.keys(sections).length > 0) {
      this.#sections = { ...this.#sections, ...sections };
      this.#shared.replaceSections(this.#sections);
    }
    this.#shared.changeClusterIPs(clusterIPs, atOnce);
    this.#shadow.waitForReaders();
  }

  #remove(port: ServicePort, step: UpdateStep): void {
    const key = servicePortKey(port);
    const { written } = (this.#live.get(key) as LivePlace).live;
    this.#live.delete(key);
    this.#directory.delete(key);
    this.#healthChecks.remove(key, written.servicePort);
    step.numbers.set(port, written.number);
    step.retired.push(written.number);
    step.freed.push(...servicePortBlocks(written));
    this.#countLines(written, -1);
    addLinesIn(written, step.lines[port.family].removed);
  }

  #add(port: ServicePort, step: UpdateStep): void {
    const key = servicePortKey(port);
    const { number, isReused } = this.#numbers.take();
    if (isReused) step.reset.push(number);
    const written = writeServicePort(this.#shadow.heap, port, number, this.#sections.mode);
    this.#directory.add(written);
    this.#adopt(key, written, null);
    addLinesIn(written, step.lines[port.family].added);
  }

  #replace(place: LivePlace, port: ServicePort, step: UpdateStep, anew: boolean): void {
    const { key, live: before } = place;
    const { generation, atOnce } = step;
    const options = { mode: this.#sections.mode, generation, atOnce, anew };
    const { live, hasNewLines, hasSameKeys, freed } = rewriteServicePort(this.#shadow, before, port, options);
    for (const block of freed) step.freed.push(block);
    place.live = live;
    this.#directory.add(live.written, key);
    if (!hasNewLines) return;
    this.#healthChecks.remove(key, before.written.servicePort);
    this.#healthChecks.add(key, port);
    this.#countLines(before.written, -1);
    this.#countLines(live.written, 1);
    const lines = step.lines[port.family];
    addLinesIn(before.written, lines.removed);
    addLinesIn(live.written, lines.added);
    if (hasSameKeys) lines.kept += countLinesIn(live.written);
  }

  #adopt(key: string, written: WrittenServicePort, foundIn: number | null): void {
    this.#live.set(key, { key, live: liveServicePort(written, foundIn) });
    this.#healthChecks.add(key, written.servicePort);
    this.#countLines(written, 1);
  }

  #countLines(written: WrittenServicePort, count: 1 | -1): void {
    this.#lineCounts[written.servicePort.family] += count * countLinesIn(written);
  }

  #finish(change: RulesetChange | RulesetUpdate, step: UpdateStep): TablePatch {
    const plan = this.#planner.plan(updateOf(change, true));
    const numberOf = (port: ServicePort): number =>
      step.numbers.get(port) ?? this.#live.get(servicePortKey(port))?.live.written.number ?? 0;
    // Patches before the first one of this writer may have freed what it found free.
    const freed = Math.max(step.generation - GRACE_PATCHES, this.#firstGeneration);
    // Readers with the sections of an earlier root must not come upon frontends of this generation.
    const mustWait = this.#sectionsHaveChanged;
    this.#sectionsHaveChanged = Object.keys(change.sections).length > 0;
    return this.#shadow.finish(mustWait ? step.generation - 1 : freed, mustWait, {
      plan: patchPlan(change, plan, numberOf, step),
      slotsMoved: plan.moves.reduce((sum, { moved }) => sum + moved, 0),
      slotsCompared: plan.moves.reduce((sum, { of }) => sum + of, 0),
      servicePorts: change.removed.length + change.added.length + change.replaced.length,
    });
  }
}

function sectionsOf(ruleset: Ruleset): RulesetSections {
  const { mode, node, podCIDRs, localAddresses, nodePorts, serviceCIDRs } = ruleset;
  return { mode, node, podCIDRs, localAddresses, nodePorts, serviceCIDRs };
}
