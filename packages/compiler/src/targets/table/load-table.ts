/** Finds in an image what was written for each part of a ruleset, as far as an image says so. */
import {
  type Family,
  HEADER_MODE,
  HEADER_ROOT,
  LINE_ACTIONS,
  LINE_ADDRESS,
  LINE_CLUSTER_POOL,
  LINE_LOCAL_POOL,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  LINE_SERVICE_PORT,
  LINE_WORDS,
  lineOffset,
  type Mode,
  PlaceCounter,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_SLOTS,
  POOL_WORD,
  ROOT_BLOCKED_ACTION,
  ROOT_LOOPBACK_FLAGS4,
  ROOT_LOOPBACK_FLAGS6,
  ROOT_NUMBER,
  SERVICE_PORT_AFFINITY,
  SERVICE_PORT_NUMBER,
  STRUCTURES,
  type StructureName,
  slotPlace,
  structureCount,
  structureOffset,
  validateMatchTable,
} from '@shunt/model';
import {
  type Backend,
  type Frontend,
  type PoolName,
  type Ruleset,
  type ServicePort,
  servicePortKey,
} from '../../ruleset/types.js';
import { addressWords } from './address-words.js';
import type { WrittenTable } from './emit-table.js';
import { writeFrontend } from './frontend-line.js';
import { intervalsHold } from './intervals.js';
import { sectionsProblem } from './load-sections.js';
import { backendWords, effectiveSlots, poolOf, type WrittenPool } from './pools.js';
import { hasSourceRanges, type WrittenLine, type WrittenServicePort } from './service-port.js';
import type { RootContents, WrittenStructure } from './structures.js';
import { indexedLines } from './table-blocks.js';
import { TableDirectory } from './table-directory.js';

/**
 * Reads a table back.
 * @throws {RangeError} if the image is no valid match table, or not one of this ruleset
 */
export function findTable(image: Uint32Array, ruleset: Ruleset): WrittenTable {
  const [problem] = validateMatchTable(image);
  if (problem !== undefined) throw new RangeError(`"image" expected a match table, but ${problem}`);
  if ((image[HEADER_MODE] === 1) !== (ruleset.mode === 'nftables')) throw mismatch('the mode');
  const part = sectionsProblem(image, ruleset);
  if (part !== null) throw mismatch(part);
  const reader = new TableReader(image, ruleset.mode);
  const directory = new TableDirectory();
  // A health-check line is one of several service ports', and of nobody's who has others.
  const found = [
    ...ruleset.servicePorts.filter(hasOwnKeys).map((servicePort) => reader.servicePort(servicePort)),
    ...ruleset.servicePorts
      .filter((it) => !hasOwnKeys(it))
      .map((servicePort) => reader.checkedOnly(servicePort)),
  ];
  let next = found.reduce((largest, { number }) => Math.max(largest, number), 0);
  for (const written of found) directory.add(written.number > 0 ? written : { ...written, number: ++next });
  if (directory.frontends.size !== reader.lineCount) throw mismatch('the frontends');
  return { directory, contents: contentsOf(image) };
}

function hasOwnKeys({ frontends }: ServicePort): boolean {
  return frontends.some(({ kind }) => kind !== 'healthCheckNodePort');
}

function contentsOf(image: Uint32Array): RootContents {
  const root = image[HEADER_ROOT] as number;
  const structures = Object.fromEntries(
    STRUCTURES.map(({ name }): [StructureName, WrittenStructure] => [
      name,
      { offset: structureOffset(image, name), count: structureCount(image, name) },
    ]),
  ) as Record<StructureName, WrittenStructure>;
  return {
    structures,
    loopbackFlags: {
      IPv4: image[root + ROOT_LOOPBACK_FLAGS4] as number,
      IPv6: image[root + ROOT_LOOPBACK_FLAGS6] as number,
    },
    blockedAction: image[root + ROOT_BLOCKED_ACTION] as number,
    number: image[root + ROOT_NUMBER] as number,
  };
}

function mismatch(part: string): RangeError {
  return new RangeError(`"image" expected the table of the ruleset, but ${part} differ`);
}

/** Reads service ports. */
class TableReader {
  readonly #image: Uint32Array;
  readonly #mode: Mode;
  readonly #places: PlaceCounter;
  /** Lines by family and key. */
  readonly #lines = new Map<string, number>();
  /** Word offsets of the service ports that lines were found for. */
  readonly #found = new Set<number>();

  constructor(image: Uint32Array, mode: Mode) {
    this.#image = image;
    this.#mode = mode;
    this.#places = new PlaceCounter(image);
    for (const family of ['IPv4', 'IPv6'] as const) {
      for (const line of indexedLines(image, family)) {
        const at = lineOffset(line);
        this.#lines.set(lineKey(family, image.subarray(at, at + LINE_WORDS)), line);
      }
    }
  }

  get lineCount(): number {
    return this.#lines.size;
  }

  /** A service port that has keys of its own. */
  servicePort(servicePort: ServicePort): WrittenServicePort {
    const { frontends } = servicePort;
    const expected = frontends.map((frontend) => this.#lineOf(servicePort, frontend));
    const own = expected.find((_, index) => frontends[index]?.kind !== 'healthCheckNodePort') as number;
    const pools = this.#pools(own, servicePort);
    if (pools === null) throw mismatch(`pools of ${servicePortKey(servicePort)}`);
    return this.#written(servicePort, expected, own, pools);
  }

  /**
   * A service port that only its Service's health-check port could lead to.
   * @returns without number and offset if it does not
   */
  checkedOnly(servicePort: ServicePort): WrittenServicePort {
    const expected = servicePort.frontends.map((frontend) => this.#lineOf(servicePort, frontend));
    for (const line of expected) {
      const pools = this.#found.has(this.#recordOf(line)) ? null : this.#pools(line, servicePort);
      if (pools !== null) return this.#written(servicePort, expected, line, pools);
    }
    return this.#written(servicePort, expected, 0, { cluster: null, local: null });
  }

  /** @param own - a line that is its own, 0 for none */
  #written(
    servicePort: ServicePort,
    expected: readonly number[],
    own: number,
    pools: WrittenServicePort['pools'],
  ): WrittenServicePort {
    const image = this.#image;
    const offset = own === 0 ? 0 : this.#recordOf(own);
    const lines = servicePort.frontends.map((frontend, index): WrittenLine => {
      const line = expected[index] as number;
      const sourceRanges = this.#sourceRanges(lineOffset(line), servicePort, frontend);
      return {
        line: offset > 0 && this.#recordOf(line) === offset ? line : 0,
        servicePort,
        frontend,
        sourceRanges,
      };
    });
    this.#found.add(offset);
    const word = (at: number): number => (offset === 0 ? 0 : (image[offset + at] as number));
    if (offset > 0 && word(SERVICE_PORT_AFFINITY) !== (servicePort.affinitySeconds ?? 0)) {
      throw mismatch(`timeouts of ${servicePortKey(servicePort)}`);
    }
    return { servicePort, number: word(SERVICE_PORT_NUMBER), offset, lines, pools };
  }

  /** Where the service port of a line is. */
  #recordOf(line: number): number {
    return this.#image[lineOffset(line) + LINE_SERVICE_PORT] as number;
  }

  /** The pools of a line, or `null` if they are not those of the service port. */
  #pools(line: number, servicePort: ServicePort): WrittenServicePort['pools'] | null {
    const cluster = this.#pool(line, servicePort, 'cluster');
    const local = this.#pool(line, servicePort, 'local');
    return cluster === undefined || local === undefined ? null : { cluster, local };
  }

  /** The line of a frontend: the same key, kind and actions. */
  #lineOf(servicePort: ServicePort, frontend: Frontend): number {
    const words = new Uint32Array(LINE_WORDS);
    writeFrontend(words, 0, frontend, servicePort, this.#mode);
    const key = lineKey(servicePort.family, words);
    const line = this.#lines.get(key) ?? 0;
    const at = lineOffset(line);
    for (let word = LINE_ADDRESS; word <= LINE_ACTIONS; word++) {
      if (this.#image[at + word] !== words[word])
        throw mismatch(`frontends of ${servicePortKey(servicePort)}`);
    }
    return line;
  }

  #sourceRanges(line: number, servicePort: ServicePort, frontend: Frontend): WrittenStructure {
    const offset = this.#image[line + LINE_RANGES_FIRST] as number;
    const countAndOne = this.#image[line + LINE_RANGES_COUNT] as number;
    const has = hasSourceRanges(frontend);
    const count = Math.max(0, countAndOne - 1);
    const ranges = has ? (frontend.sourceRanges ?? []) : [];
    if (
      has !== countAndOne > 0 ||
      !intervalsHold(this.#image, { offset, count }, ranges, servicePort.family)
    ) {
      throw mismatch(`source ranges of ${servicePortKey(servicePort)}`);
    }
    return { offset, count };
  }

  /** @returns `null` for none, `undefined` for another than the service port's */
  #pool(line: number, servicePort: ServicePort, name: PoolName): WrittenPool | null | undefined {
    const image = this.#image;
    const at = lineOffset(line) + (name === 'cluster' ? LINE_CLUSTER_POOL : LINE_LOCAL_POOL);
    const poolWord = image[at + POOL_WORD] as number;
    const slotsOffset = image[at + POOL_SLOTS] as number;
    const backendsOffset = image[at + POOL_BACKEND] as number;
    const pool = poolOf(servicePort, name);
    const backends = pool?.backends ?? [];
    if (pool === null || backends.length === 0) {
      return poolWord === 0 ? null : undefined;
    }
    const slots = effectiveSlots(pool);
    const places: (Backend | null)[] = new Array<Backend | null>(
      this.#places.count(slotsOffset, poolWord),
    ).fill(null);
    // By their numbers, since slots are not always an array.
    const slotNumbers = Array.from({ length: slots.length }, (_, slot) => slot);
    const backendOf = (slot: number): Backend => backends[slots[slot] as number] as Backend;
    for (const slot of slotNumbers) places[slotPlace(image, slotsOffset, poolWord, slot)] = backendOf(slot);
    const isSame =
      (poolWord & POOL_COUNT_MASK) === slots.length &&
      places.every((backend, place) => {
        const record = backendsOffset + place * backendWords(servicePort.family);
        return backend === null || isBackendAt(image, record, backend);
      }) &&
      slotNumbers.every((slot) => places[slotPlace(image, slotsOffset, poolWord, slot)] === backendOf(slot));
    if (!isSame) return undefined;
    return { servicePort, name, slotsOffset, poolWord, backendsOffset, places };
  }
}

function isBackendAt(image: Uint32Array, record: number, { address, port }: Backend): boolean {
  const words = [...addressWords(address), port];
  return words.every((word, index) => image[record + index] === word);
}

function lineKey(family: Family, line: Uint32Array): string {
  return `${family} ${line.subarray(LINE_ADDRESS, LINE_ACTIONS - 1).join(' ')}`;
}
