import {
  type Family,
  HEAP_START,
  LINE_CLUSTER_POOL,
  LINE_LOCAL_POOL,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  LINE_SERVICE_PORT,
  LINE_WORDS,
  lineOffset,
  type Mode,
  POOL_BACKEND,
  POOL_SLOTS,
  POOL_WORD,
  SERVICE_PORT_AFFINITY,
  SERVICE_PORT_NUMBER,
  SERVICE_PORT_WORDS,
} from '@shunt/model';
import type { Frontend, PoolName, ServicePort } from '../../ruleset/types.js';
import { checkForwards, writeFrontend } from './frontend-line.js';
import { type Block, blockFor, type Heap } from './heap.js';
import { intervalBlocks, NO_INTERVALS, type WrittenIntervals, writeIntervals } from './intervals.js';
import { poolBlocks, type WrittenPool, writePool } from './pools.js';

/** A service port in an image: where its parts are. */
export interface WrittenServicePort {
  readonly servicePort: ServicePort;
  /** Its number in the image, from 1. */
  readonly number: number;
  /** 0 if the image does not tell: no frontend of its own leads there. */
  readonly offset: number;
  /** For each frontend, in the order of the ruleset. */
  readonly lines: readonly WrittenLine[];
  readonly pools: Readonly<Record<PoolName, WrittenPool | null>>;
}

export interface WrittenLine {
  /** 0 if the image has none: a health-check port, whose line another port of its Service has. */
  readonly line: number;
  readonly servicePort: ServicePort;
  readonly frontend: Frontend;
  readonly sourceRanges: WrittenIntervals;
}

/**
 * Writes the lines, source ranges and pools of one service port into new blocks of the heap, where no
 * reader finds them before their lines are in the index.
 * @param number - from 1; of no other service port in the image
 * @throws {HeapFullError} if the image has no room; what was allocated so far is lost to the heap
 */
export function writeServicePort(
  heap: Heap,
  servicePort: ServicePort,
  number: number,
  mode: Mode,
): WrittenServicePort {
  // The lines first, and what they lead to behind them: near to each other, as far as it goes.
  const numbers = allocateLines(heap, servicePort);
  const offset = writeServicePortRecord(heap, servicePort, number);
  const pools = {
    cluster: writePool(heap, servicePort, 'cluster'),
    local: writePool(heap, servicePort, 'local'),
  };
  const lines = writeLines(heap, { servicePort, number, offset, pools }, numbers, mode);
  return { servicePort, number, offset, lines, pools };
}

/** Takes a block for the line of each frontend. @returns their numbers */
export function allocateLines(heap: Heap, { frontends }: ServicePort): number[] {
  return frontends.map(() => (heap.allocate(LINE_WORDS) - HEAP_START) / LINE_WORDS);
}

/** Writes what frontends of a service port share. @returns its word offset */
export function writeServicePortRecord(heap: Heap, servicePort: ServicePort, number: number): number {
  const offset = heap.allocate(SERVICE_PORT_WORDS);
  heap.image[offset + SERVICE_PORT_NUMBER] = number;
  heap.image[offset + SERVICE_PORT_AFFINITY] = servicePort.affinitySeconds ?? 0;
  return offset;
}

/**
 * Writes the lines of a service port, whose other parts are written.
 * @param numbers - of lines that {@link allocateLines} took
 * @param held - lines of the same frontends, as they were: what they say of these is the same, and so are their
 *   source ranges
 */
export function writeLines(
  heap: Heap,
  { servicePort, offset, pools }: Omit<WrittenServicePort, 'lines'>,
  numbers: readonly number[],
  mode: Mode,
  held: readonly WrittenLine[] | null = null,
): WrittenLine[] {
  const lines = servicePort.frontends.map((frontend, index): WrittenLine => {
    const sourceRanges = held?.[index]?.sourceRanges ?? writeSourceRanges(heap, frontend, servicePort.family);
    return { line: numbers[index] as number, servicePort, frontend, sourceRanges };
  });
  // The image stays where it is from here on.
  const { image } = heap;
  for (let index = 0; index < lines.length; index++) {
    const { line, frontend, sourceRanges } = lines[index] as WrittenLine;
    const at = lineOffset(line);
    const heldLine = held?.[index]?.line ?? 0;
    if (heldLine === 0) {
      writeFrontend(image, at, frontend, servicePort, mode);
      image[at + LINE_RANGES_FIRST] = sourceRanges.offset;
      image[at + LINE_RANGES_COUNT] = sourceRanges.count + Number(hasSourceRanges(frontend));
    } else {
      checkForwards(frontend, servicePort);
      for (let word = 0; word <= LINE_RANGES_COUNT; word++) {
        image[at + word] = image[lineOffset(heldLine) + word] as number;
      }
    }
    if (pools.cluster !== null) setPool(image, at + LINE_CLUSTER_POOL, pools.cluster);
    if (pools.local !== null) setPool(image, at + LINE_LOCAL_POOL, pools.local);
    image[at + LINE_SERVICE_PORT] = offset;
  }
  return lines;
}

/** Everything that is allocated for a service port. */
export function servicePortBlocks({ servicePort, offset, lines, pools }: WrittenServicePort): Block[] {
  const { family } = servicePort;
  return [
    ...recordBlocks(offset),
    ...lineBlocks(lines),
    ...lines.flatMap(({ sourceRanges }) => intervalBlocks(sourceRanges, family)),
    ...[pools.cluster, pools.local].flatMap((pool) => (pool === null ? [] : poolBlocks(pool))),
  ];
}

/** The block of what frontends of a service port share. */
export function recordBlocks(offset: number): Block[] {
  return offset === 0 ? [] : [blockFor(offset, SERVICE_PORT_WORDS)];
}

/** The blocks of lines, without their source ranges. */
export function lineBlocks(lines: readonly WrittenLine[]): Block[] {
  const blocks: Block[] = [];
  for (const { line } of lines) if (line !== 0) blocks.push(blockFor(lineOffset(line), LINE_WORDS));
  return blocks;
}

/** Ranges guard addresses: what reaches a node port is not asked. */
export function hasSourceRanges({ kind, sourceRanges }: Frontend): boolean {
  return sourceRanges !== null && kind !== 'nodePort' && kind !== 'healthCheckNodePort';
}

function writeSourceRanges(heap: Heap, frontend: Frontend, family: Family): WrittenIntervals {
  const { sourceRanges } = frontend;
  return sourceRanges !== null && hasSourceRanges(frontend)
    ? writeIntervals(heap, sourceRanges, family)
    : NO_INTERVALS;
}

function setPool(image: Uint32Array, at: number, pool: WrittenPool): void {
  image[at + POOL_SLOTS] = pool.slotsOffset;
  image[at + POOL_WORD] = pool.poolWord;
  image[at + POOL_BACKEND] = pool.backendsOffset;
}
