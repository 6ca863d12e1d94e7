import {
  blockWords,
  type Family,
  HEAP_START,
  INTERVAL4_WORDS,
  INTERVAL6_WORDS,
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
import { writeFrontend } from './frontend-line.js';
import type { Block, Heap } from './heap.js';
import { intervalWords } from './intervals.js';
import { type WrittenPool, writePool } from './pools.js';

/** A service port in an image: where its parts are. */
export interface WrittenServicePort {
  readonly servicePort: ServicePort;
  /** Its number in the image, from 1. */
  readonly number: number;
  /** A line for each frontend, in the order of the ruleset. */
  readonly lines: readonly WrittenLine[];
  readonly pools: Readonly<Record<PoolName, WrittenPool>>;
  /** Everything that was allocated for it, the lines included. */
  readonly blocks: readonly Block[];
}

export interface WrittenLine {
  readonly line: number;
  readonly frontend: Frontend;
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
  const { family, frontends } = servicePort;
  const blocks: Block[] = [];
  const allocate = (words: number): number => {
    const offset = heap.allocate(words);
    blocks.push({ offset, words: blockWords(words) });
    return offset;
  };
  // The lines first, and what they lead to behind them: one page has it all, as far as it goes.
  const lines = frontends.map((frontend): WrittenLine => {
    return { line: (allocate(LINE_WORDS) - HEAP_START) / LINE_WORDS, frontend };
  });
  const offset = allocate(SERVICE_PORT_WORDS);
  const pools = {
    cluster: writePool(heap, servicePort.clusterPool, family, allocate),
    local: writePool(heap, servicePort.localPool, family, allocate),
  };
  const ranges = frontends.map((frontend) => writeSourceRanges(heap, frontend, family, allocate));
  // The image stays where it is from here on.
  const { image } = heap;
  image[offset + SERVICE_PORT_NUMBER] = number;
  image[offset + SERVICE_PORT_AFFINITY] = servicePort.affinitySeconds ?? 0;
  lines.forEach(({ line, frontend }, index) => {
    const at = lineOffset(line);
    const words = image.subarray(at, at + LINE_WORDS);
    writeFrontend(words, frontend, servicePort, mode);
    [words[LINE_RANGES_FIRST], words[LINE_RANGES_COUNT]] = ranges[index] as SourceRangeWords;
    setPool(words, LINE_CLUSTER_POOL, pools.cluster);
    setPool(words, LINE_LOCAL_POOL, pools.local);
    words[LINE_SERVICE_PORT] = offset;
  });
  return { servicePort, number, lines, pools, blocks };
}

/** Where the intervals are, and their count and one; zeros if every source is let in. */
type SourceRangeWords = readonly [first: number, countAndOne: number];

function writeSourceRanges(
  heap: Heap,
  { kind, sourceRanges }: Frontend,
  family: Family,
  allocate: (words: number) => number,
): SourceRangeWords {
  // Ranges guard addresses: what reaches a node port is not asked.
  if (sourceRanges === null || kind === 'nodePort' || kind === 'healthCheckNodePort') return [0, 0];
  const words = intervalWords(sourceRanges, family);
  if (words.length === 0) return [0, 1];
  const first = allocate(words.length);
  heap.image.set(words, first);
  return [first, words.length / (family === 'IPv4' ? INTERVAL4_WORDS : INTERVAL6_WORDS) + 1];
}

function setPool(line: Uint32Array, pool: number, written: WrittenPool): void {
  line[pool + POOL_SLOTS] = written.slotsOffset;
  line[pool + POOL_WORD] = written.poolWord;
  line[pool + POOL_BACKEND] = written.backendsOffset;
}
