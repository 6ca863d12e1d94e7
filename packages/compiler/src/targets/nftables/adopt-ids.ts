import { FAMILIES, type Family, type Origin } from '@shunt/model';
import {
  type Frontend,
  type PoolName,
  type Ruleset,
  type ServicePort,
  servicePortKey,
} from '../../ruleset/types.js';
import { lateRefusal, ORIGINS, splitName } from './actions.js';
import { FAMILY_TEXT } from './family-text.js';
import type { NftTable } from './nft-table.js';
import { frontendPlace, PROTOCOL_NAMES } from './port-elements.js';
import type { AdoptedIds, GroupIds, NftablesIds, PortIds } from './port-ids.js';
import {
  CLASS_SPLIT,
  classOf,
  FIRST_POOL_CLASS,
  idOf,
  indexOf,
  MAX_BACKEND_INDEX,
  MAX_CLASS,
  MAX_ID,
  parseWord,
  wordOf,
  wordText,
} from './word.js';

/**
 * Finds again which ids the kernel's tables use for what a ruleset has, by its frontends. With them a writer's
 * contents are as close to the tables as can be, so that only what really differs need be written. Tables that
 * are damaged, or that nobody of this house wrote, give fewer ids, never wrong ones twice.
 * @param read - the tables as they are in the kernel; those of neither family are left out
 */
export function adoptIds(read: readonly NftTable[], ruleset: Ruleset): NftablesIds {
  const [IPv4, IPv6] = FAMILIES.map((family) => {
    const table = read.find((it) => it.family === FAMILY_TEXT[family].table);
    if (table === undefined) return NOTHING_ADOPTED;
    return new Adoption(table).adopt(ruleset, family);
  }) as [AdoptedIds, AdoptedIds];
  return { IPv4, IPv6 };
}

class Adoption {
  readonly #table: NftTable;
  /** Chains of the classes, by number. */
  readonly #classNames = new Map<number, string>();
  /** By the id of a group or of an indexed pool, the index of each endpoint. */
  readonly #groups = new Map<number, Map<string, number>>();
  readonly #claimed = new Set<number>();

  constructor(table: NftTable) {
    this.#table = table;
    for (const [key, data] of this.#elements('classes')) {
      const number = parseWord(key);
      if (number !== null && number >= FIRST_POOL_CLASS && number <= MAX_CLASS && data.startsWith('goto ')) {
        this.#classNames.set(number, data.slice('goto '.length));
      }
    }
    for (const container of BACKEND_MAPS) this.#readGroups(container);
  }

  adopt(ruleset: Ruleset, family: Family): AdoptedIds {
    const ports = new Map<string, PortIds>();
    for (const port of ruleset.servicePorts) {
      if (port.family === family) ports.set(servicePortKey(port), this.#portIds(port));
    }
    const classes = new Map([...this.#classNames].map(([number, name]) => [name, number]));
    return { ports, classes, highestId: this.#highestId(), claimed: this.#claimed };
  }

  #portIds(port: ServicePort): PortIds {
    const pools: Partial<Record<PoolName, number>> = {};
    const indexes: Partial<Record<PoolName, ReadonlyMap<string, number>>> = {};
    const splits = new Map<string, number>();
    let group: GroupIds | null = null;
    for (const frontend of port.frontends) {
      const word = this.#frontendWord(port, frontend);
      if (word === null) continue;
      const split = splitName(frontend);
      if (split !== null && classOf(word) === CLASS_SPLIT && !splits.has(split) && this.#claim(idOf(word))) {
        splits.set(split, idOf(word));
      }
      for (const origin of ORIGINS) {
        const action = frontend.actions[origin];
        const found = this.#wordFor(word, origin);
        if (action.verdict !== 'forward' || found === null) continue;
        const className = this.#classNames.get(classOf(found));
        if (className === undefined) continue;
        if (port.affinitySeconds === null) {
          const isPool = /^(?:slots|pick)-/.test(className) && pools[action.pool] === undefined;
          if (!isPool || !this.#claim(idOf(found))) continue;
          pools[action.pool] = idOf(found);
          const held = this.#groups.get(idOf(found));
          if (held !== undefined) indexes[action.pool] = held;
        } else if (group === null && className.startsWith('affinity-') && this.#claim(idOf(found))) {
          group = this.#groupIds(idOf(found));
        }
      }
    }
    return { pools, indexes, splits, group };
  }

  #frontendWord(port: ServicePort, frontend: Frontend): number | null {
    if (lateRefusal(frontend) !== null) return null;
    const container = frontend.kind === 'nodePort' ? 'node-ports' : 'frontends';
    const data = this.#elements(container).get(frontendPlace(frontend, PROTOCOL_NAMES[port.protocol]));
    return data === undefined ? null : parseWord(data);
  }

  /** What the word means for packets of one origin. */
  #wordFor(word: number, origin: Origin): number | null {
    if (classOf(word) !== CLASS_SPLIT) return word;
    const data = this.#elements(`from-${origin}`).get(wordText(wordOf(idOf(word), 0)));
    return data === undefined ? null : parseWord(data);
  }

  #groupIds(id: number): GroupIds {
    const indexes = this.#groups.get(id) ?? new Map<string, number>();
    return { id, indexes, highestIndex: Math.max(0, ...indexes.values()) };
  }

  #readGroups(container: string): void {
    for (const [key, endpoint] of this.#elements(container)) {
      const word = parseWord(key);
      const index = word === null ? 0 : indexOf(word);
      if (word === null || index === 0 || index > MAX_BACKEND_INDEX) continue;
      let group = this.#groups.get(idOf(word));
      if (group === undefined) {
        group = new Map();
        this.#groups.set(idOf(word), group);
      }
      // Two indexes for one endpoint, or one for two, were not written by this target.
      if (!group.has(endpoint) && ![...group.values()].includes(index)) group.set(endpoint, index);
    }
  }

  /** Whether an id can be had: it is one, and nobody else claimed it. */
  #claim(id: number): boolean {
    if (id < 1 || id > MAX_ID || this.#claimed.has(id)) return false;
    this.#claimed.add(id);
    return true;
  }

  // The ids of what the ruleset has no more are given anew last of all: clients' records may have them.
  #highestId(): number {
    let highest = 0;
    for (const [container, elements] of this.#table.elements) {
      const [ofKey, ofData] = wordsIn(container);
      if (!ofKey && !ofData) continue;
      for (const [key, data] of elements) {
        const words = [ofKey ? key.split(' ', 1)[0] : undefined, ofData ? data : undefined];
        for (const text of words) {
          const id = text === undefined ? 0 : idOf(parseWord(text) ?? 0);
          if (id > highest && id <= MAX_ID) highest = id;
        }
      }
    }
    return highest;
  }

  #elements(container: string): ReadonlyMap<string, string> {
    return this.#table.elements.get(container) ?? NONE;
  }
}

/** Maps from the words of backends to addresses. */
export const BACKEND_MAPS: readonly string[] = [
  'affinity-backends-cluster',
  'affinity-backends-local',
  'pool-backends',
];

const NONE: ReadonlyMap<string, string> = new Map();

/** What there is to go on with where there is no table. */
export const NOTHING_ADOPTED: AdoptedIds = {
  ports: new Map(),
  classes: new Map(),
  highestId: 0,
  claimed: new Set(),
};

/** Whether the keys of a container begin with words that have ids, and whether its data are such words. */
export function wordsIn(container: string): readonly [key: boolean, data: boolean] {
  if (container === 'frontends' || container === 'node-ports') return [false, true];
  if (/^from-|^(?:affinity|pool)-slots/.test(container)) return [true, true];
  return [/^slots-|^(?:affinity|pool)-backends/.test(container), false];
}
