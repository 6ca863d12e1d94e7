import { type Family, familyOf, formatAddress, invariant, isLoopback } from '@shunt/model';
import type { RulesetChange } from '../../ruleset/change.js';
import { type Ruleset, type RulesetSections, type ServicePort, servicePortKey } from '../../ruleset/types.js';
import type { RuleTextWriter } from '../rule-text.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { checkActions, usedPools } from './actions.js';
import { allIds, assignIds, releasedIds } from './assign-ids.js';
import { ClassRegistry } from './class-registry.js';
import { ElementLines } from './element-lines.js';
import { ElementOwners } from './element-owners.js';
import { FAMILY_TEXT } from './family-text.js';
import { hairpinElements } from './hairpin.js';
import { IdPool } from './id-pool.js';
import { chains, declarations, slotsDeclaration, VERDICT_CLASSES } from './layout.js';
import type { NftTable } from './nft-table.js';
import type { NftablesOptions } from './options.js';
import { classChains, type PoolClass, STANDING_CLASSES } from './pool-class.js';
import {
  frontendElements,
  type HeldPort,
  type PoolElements,
  PROTOCOL_NAMES,
  PROTOCOL_NUMBERS,
  type ProtocolTexts,
  poolElements,
  type TableTaker,
  type TakeElement,
  takePool,
  takePoolDifference,
} from './port-elements.js';
import type { AdoptedIds, PortIds } from './port-ids.js';
import { Transaction } from './transaction.js';
import { type TableParts, writeWholeTable } from './whole-table.js';
import { FIRST_POOL_CLASS, MAX_CLASS, MAX_ID, wordText } from './word.js';

/** A service port that is replaced, goes (`after` is `null`) or comes (`before` is `null`). */
interface PortChange {
  readonly key: string;
  readonly before: HeldPort | null;
  readonly after: HeldPort | null;
}

/** One family's table: what is in it, and the text that makes it and changes it. */
export class FamilyWriter {
  readonly #family: Family;
  readonly #options: NftablesOptions;
  readonly #ids: IdPool;
  readonly #classes: ClassRegistry;
  readonly #held = new Map<string, HeldPort>();
  #ruleset: Ruleset;
  /** Made when it is asked for, which is only when something differs. */
  #owners: ElementOwners | null = null;

  /** @throws {UnsupportedFeatureError} if the ruleset has what the target cannot say */
  constructor(family: Family, ruleset: Ruleset, options: NftablesOptions, adopted: AdoptedIds) {
    this.#family = family;
    this.#options = options;
    this.#ruleset = ruleset;
    this.#ids = new IdPool(adopted.highestId + 1, MAX_ID, adopted.claimed);
    this.#classes = new ClassRegistry(adopted.classes);
    // There are numbers for all of these, and nobody gives them back.
    for (const standing of STANDING_CLASSES) this.#classes.acquire(standing);
    for (const port of ruleset.servicePorts) {
      if (port.family !== family) continue;
      const key = servicePortKey(port);
      this.#held.set(key, this.#hold(port, adopted.ports.get(key) ?? null));
    }
  }

  get family(): Family {
    return this.#family;
  }

  /** Family and name of the table, as nft's commands name it: `ip shunt`. */
  get place(): string {
    return `${FAMILY_TEXT[this.#family].table} ${this.#options.tableName}`;
  }

  /** Writes the whole table, in place of whatever table of its name there is. */
  load(writer: RuleTextWriter): void {
    const elements = new ElementLines();
    this.#takeAll(PROTOCOL_NUMBERS, elements.taker);
    writeWholeTable(this.parts, elements, writer);
  }

  /** The table without its elements. */
  get parts(): TableParts {
    return { place: this.place, declarations: this.#declarations(), chains: this.#chains(this.#ruleset) };
  }

  /** All elements, in lots that end when they have so many characters. */
  *elements(characters: number): Generator<ElementLines> {
    let lot = new ElementLines();
    for (const take of this.#takings()) {
      take(PROTOCOL_NUMBERS, lot.taker);
      if (lot.size < characters) continue;
      yield lot;
      lot = new ElementLines();
    }
    yield lot;
  }

  contents(): NftTable {
    const elements = new Map<string, Map<string, string>>();
    for (const [name] of this.#declarations()) if (name !== 'affinity') elements.set(name, new Map());
    const take: TakeElement = (container, key, data) => {
      (elements.get(container) as Map<string, string>).set(key, data);
    };
    this.#takeAll(PROTOCOL_NAMES, { takeFor: () => take, takePool: (_owner, pool) => takePool(pool, take) });
    return { ...this.shape(), elements };
  }

  /** {@link contents} without elements. */
  shape(): NftTable {
    return {
      family: FAMILY_TEXT[this.#family].table,
      name: this.#options.tableName,
      declarations: new Map(this.#declarations()),
      elements: new Map(),
      chains: new Map(this.#chains(this.#ruleset)),
    };
  }

  /** Whose an element is: the `servicePortKey`, or `null` if it is of no single one. */
  ownerOf(container: string, key: string): string | null {
    this.#owners ??= new ElementOwners(
      (taker) => this.#takeAll(PROTOCOL_NAMES, taker),
      [...this.#held].flatMap(([owner, { ids }]) => allIds(ids).map((id): [number, string] => [id, owner])),
    );
    return this.#owners.ownerOf(container, key);
  }

  /** Writes the change, and is from then on what the change leads to. */
  update(ruleset: Ruleset, change: RulesetChange, writer: RuleTextWriter): void {
    const transaction = new Transaction();
    this.#owners = null;
    const [classesBefore, chainsBefore] = [this.#classes.inUse, this.#chains(this.#ruleset)];
    const changes = this.#portChanges(change);
    const removeFor =
      (key: string): TakeElement =>
      (container, element, data) =>
        transaction.remove(container, element, data, key);
    const addFor =
      (key: string): TakeElement =>
      (container, element, data) =>
        transaction.add(container, element, data, key);
    for (const { key, before, after } of changes) this.#takeDifference(before, after, removeFor(key));
    for (const { key, before, after } of changes) this.#takeDifference(after, before, addFor(key));
    this.#updateSections(this.#ruleset, ruleset, change, transaction);
    for (const { key, before, after } of changes) this.#keep(key, before, after);
    this.#classes.dropUnused();
    this.#ruleset = ruleset;
    this.#updateClasses(classesBefore, transaction);
    this.#updateChains(chainsBefore, transaction);
    transaction.write(this.place, writer);
  }

  #portChanges({ removed, replaced, added }: RulesetChange): PortChange[] {
    const changes: PortChange[] = [];
    const heldAt = (port: ServicePort): [string, HeldPort] => {
      const key = servicePortKey(port);
      const held = this.#held.get(key);
      invariant(held !== undefined, `service port ${key} is in the table`);
      return [key, held];
    };
    for (const port of removed) {
      if (port.family !== this.#family) continue;
      const [key, before] = heldAt(port);
      changes.push({ key, before, after: null });
    }
    for (const { after } of replaced) {
      if (after.family !== this.#family) continue;
      const [key, before] = heldAt(after);
      changes.push({ key, before, after: this.#hold(after, before.ids) });
    }
    for (const port of added) {
      if (port.family !== this.#family) continue;
      changes.push({ key: servicePortKey(port), before: null, after: this.#hold(port, null) });
    }
    return changes;
  }

  /** Gives a service port its ids and its classes. */
  #hold(port: ServicePort, before: PortIds | null): HeldPort {
    checkActions(port);
    const pools = usedPools(port);
    for (const { poolClass } of pools) {
      if (this.#classes.acquire(poolClass)) continue;
      throw new UnsupportedFeatureError(
        'nftables',
        'so many sizes of pools',
        `${servicePortKey(port)} is beyond: a table has ${MAX_CLASS - FIRST_POOL_CLASS + 1} numbers of slots at most`,
      );
    }
    return { port, ids: assignIds(port, pools, before, this.#ids), pools };
  }

  #keep(key: string, before: HeldPort | null, after: HeldPort | null): void {
    if (before !== null) {
      for (const id of releasedIds(before.ids, after?.ids ?? null)) this.#ids.give(id);
      for (const { poolClass } of before.pools) this.#classes.release(poolClass.name);
    }
    if (after === null) this.#held.delete(key);
    else this.#held.set(key, after);
  }

  /** Takes what `taken` has and `other` has not, or has otherwise; of frontends, which are few, all. */
  #takeDifference(taken: HeldPort | null, other: HeldPort | null, take: TakeElement): void {
    if (taken === null) return;
    this.#takeFrontends(taken, PROTOCOL_NAMES, take);
    const others = new Map(other === null ? [] : poolsOf(other));
    for (const [name, pool] of poolsOf(taken)) {
      const counterpart = others.get(name);
      if (counterpart === undefined) takePool(pool, take);
      else takePoolDifference(pool, counterpart, take);
    }
  }

  #takeFrontends(held: HeldPort, protocols: ProtocolTexts, take: TakeElement): void {
    frontendElements(held, (name) => this.#classes.numberOf(name), protocols, take);
  }

  #takeAll(protocols: ProtocolTexts, taker: TableTaker): void {
    for (const take of this.#takings()) take(protocols, taker);
  }

  /** All elements: those of no single service port, then those of each. */
  *#takings(): Generator<(protocols: ProtocolTexts, taker: TableTaker) => void> {
    yield (_, taker) => this.#takeShared(taker.takeFor(null));
    for (const [key, held] of this.#held) {
      yield (protocols, taker) => {
        this.#takeFrontends(held, protocols, taker.takeFor(key));
        for (const [, pool] of poolsOf(held)) taker.takePool(key, pool);
      };
    }
  }

  #takeShared(take: TakeElement): void {
    for (const [key, data] of VERDICT_CLASSES) take('classes', key, data);
    for (const [{ name }, number] of this.#classes.inUse) take('classes', wordText(number), `goto ${name}`);
    for (const address of this.#ruleset.clusterIPs) {
      if (familyOf(address) === this.#family) take('cluster-ips', formatAddress(address), '');
    }
    takeSections(this.#family, this.#ruleset, take);
    for (const key of hairpinElements(this.#family)) take('hairpin', key, '');
  }

  #updateSections(before: Ruleset, after: Ruleset, change: RulesetChange, transaction: Transaction): void {
    const { clusterIPs, sections } = change;
    for (const address of clusterIPs.removed) {
      if (familyOf(address) === this.#family)
        transaction.remove('cluster-ips', formatAddress(address), '', null);
    }
    for (const address of clusterIPs.added) {
      if (familyOf(address) === this.#family)
        transaction.add('cluster-ips', formatAddress(address), '', null);
    }
    if (Object.keys(sections).length === 0) return;
    takeSections(this.#family, before, (container, key) => transaction.remove(container, key, '', null));
    takeSections(this.#family, after, (container, key) => transaction.add(container, key, '', null));
  }

  #updateClasses(before: readonly (readonly [PoolClass, number])[], transaction: Transaction): void {
    const now = this.#classes.inUse;
    const were = new Set(before.map(([{ name }]) => name));
    const are = new Set(now.map(([{ name }]) => name));
    for (const [{ name, kind }, number] of before) {
      if (are.has(name)) continue;
      transaction.remove('classes', wordText(number), `goto ${name}`, null);
      if (kind === 'direct') transaction.removeContainer(name, 'map');
    }
    for (const [{ name, kind }, number] of now) {
      if (were.has(name)) continue;
      transaction.add('classes', wordText(number), `goto ${name}`, null);
      if (kind === 'direct') transaction.addContainer(name, slotsDeclaration(this.#family));
    }
  }

  #updateChains(before: readonly [string, readonly string[]][], transaction: Transaction): void {
    const held = new Map(before);
    const now = new Map(this.#chains(this.#ruleset));
    for (const [name, rules] of now) {
      const was = held.get(name);
      if (was === undefined) transaction.addChain(name, rules);
      else if (was.join('\n') !== rules.join('\n')) transaction.rewriteChain(name, rules);
    }
    for (const name of held.keys()) if (!now.has(name)) transaction.removeChain(name);
  }

  #declarations(): [string, string][] {
    const classes = this.#classes.inUse.filter(([{ kind }]) => kind === 'direct');
    return [
      ...declarations(this.#family, this.#options),
      ...classes.map(([{ name }]): [string, string] => [name, slotsDeclaration(this.#family)]),
    ];
  }

  #chains(sections: RulesetSections): [string, readonly string[]][] {
    const all = new Map<string, readonly string[]>();
    for (const [poolClassInUse] of this.#classes.inUse) {
      for (const { name, rules } of classChains(poolClassInUse, FAMILY_TEXT[this.#family], this.#options)) {
        all.set(name, rules);
      }
    }
    return [...all, ...chains(this.#family, sections, this.#options)];
  }
}

function poolsOf({ ids, pools }: HeldPort): (readonly [string, PoolElements])[] {
  return pools.map((used) => [used.name, poolElements(used, ids)]);
}

function takeSections(family: Family, sections: RulesetSections, take: TakeElement): void {
  const own = sections.localAddresses.filter((address) => familyOf(address) === family);
  for (const address of own) take('local-addresses', formatAddress(address), '');
  const { match } = sections.nodePorts[family];
  const served = match === 'local' ? own.filter((address) => !isLoopback(address)) : match;
  for (const address of served) take('node-port-addresses', formatAddress(address), '');
}
