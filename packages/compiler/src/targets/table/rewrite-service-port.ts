import type { Mode } from '@shunt/model';
import { isSameValue } from '../../ruleset/same-value.js';
import type { PoolName, ServicePort } from '../../ruleset/types.js';
import type { Block } from './heap.js';
import { intervalBlocks } from './intervals.js';
import { changeInPlace, foundPool, freshPool, type LivePool } from './live-pool.js';
import { poolBlocks, poolOf, type WrittenPool, writePool } from './pools.js';
import {
  allocateLines,
  lineBlocks,
  recordBlocks,
  type WrittenServicePort,
  writeLines,
  writeServicePortRecord,
} from './service-port.js';
import type { ShadowTable } from './shadow-table.js';

/** The pools of a service port in a table. */
export type LivePools = Readonly<Record<PoolName, LivePool | null>>;

/** A service port in a table, with what it takes to change it. */
export interface LiveServicePort {
  readonly written: WrittenServicePort;
  readonly pools: LivePools;
}

/** How a service port is changed. */
export interface RewriteOptions {
  readonly mode: Mode;
  /** The one that the patch makes. */
  readonly generation: number;
  /** Leave the old rules whole, since all of the new ones come into force by one word. */
  readonly atOnce: boolean;
  /** Write the lines again, whatever changed. */
  readonly anew: boolean;
}

/** A service port as it is now, and the blocks that nothing leads to once its lines are replaced. */
export interface Rewritten {
  readonly live: LiveServicePort;
  /** Whether its lines are others, which are to be published. */
  readonly hasNewLines: boolean;
  /** Whether these have the keys of those before. */
  readonly hasSameKeys: boolean;
  readonly freed: readonly Block[];
}

/**
 * A service port in a table.
 * @param foundIn - the generation of the image that it was found in; `null`: it was just written
 */
export function liveServicePort(written: WrittenServicePort, foundIn: number | null): LiveServicePort {
  const { servicePort, pools } = written;
  return {
    written,
    pools: {
      cluster: liveOf(pools.cluster, servicePort, foundIn),
      local: liveOf(pools.local, servicePort, foundIn),
    },
  };
}

/**
 * Changes what is written for a service port. Only slots are changed where they are found; everything else
 * that is not as it was is written into new blocks, behind lines that are to be published.
 */
export function rewriteServicePort(
  shadow: ShadowTable,
  before: LiveServicePort,
  after: ServicePort,
  options: RewriteOptions,
): Rewritten {
  const { written } = before;
  const freed: Block[] = [];
  const sameAffinity = written.offset !== 0 && written.servicePort.affinitySeconds === after.affinitySeconds;
  const sameFrontends = isSameValue(written.servicePort.frontends, after.frontends);
  // A packet may still see the old line: what that leads to must then be as it was.
  const inPlace = !options.atOnce && sameAffinity && sameFrontends;
  const pool = (name: PoolName): LivePool | null =>
    rewritePool(shadow, before.pools[name], after, name, inPlace, options.generation, freed);
  const pools = { cluster: pool('cluster'), local: pool('local') };
  const writtenPools = { cluster: pools.cluster?.written ?? null, local: pools.local?.written ?? null };
  const hasNewLines =
    options.anew ||
    !sameAffinity ||
    !sameFrontends ||
    isMoved(written.pools.cluster, writtenPools.cluster) ||
    isMoved(written.pools.local, writtenPools.local);
  if (!hasNewLines) {
    const lines = written.lines.map((line, index) => {
      return { ...line, servicePort: after, frontend: after.frontends[index] ?? line.frontend };
    });
    return {
      live: { written: { ...written, servicePort: after, lines, pools: writtenPools }, pools },
      hasNewLines,
      hasSameKeys: sameFrontends,
      freed,
    };
  }
  freed.push(...lineBlocks(written.lines));
  if (!sameFrontends) {
    for (const { sourceRanges } of written.lines) freed.push(...intervalBlocks(sourceRanges, after.family));
  }
  const numbers = allocateLines(shadow.heap, after);
  if (!sameAffinity) freed.push(...recordBlocks(written.offset));
  const offset = sameAffinity ? written.offset : writeServicePortRecord(shadow.heap, after, written.number);
  const parts = { servicePort: after, number: written.number, offset, pools: writtenPools };
  const lines = writeLines(shadow.heap, parts, numbers, options.mode, sameFrontends ? written.lines : null);
  const isWritten: WrittenServicePort = {
    servicePort: after,
    number: written.number,
    offset,
    lines,
    pools: writtenPools,
  };
  return { live: { written: isWritten, pools }, hasNewLines, hasSameKeys: sameFrontends, freed };
}

function rewritePool(
  shadow: ShadowTable,
  before: LivePool | null,
  servicePort: ServicePort,
  name: PoolName,
  inPlace: boolean,
  generation: number,
  freed: Block[],
): LivePool | null {
  const pool = poolOf(servicePort, name);
  if (before !== null && pool !== null) {
    if (before.pool === pool) return { ...before, written: { ...before.written, servicePort } };
    const changed = inPlace ? changeInPlace(shadow, before, servicePort, pool, generation) : null;
    if (changed !== null) return changed;
  }
  if (before !== null) freed.push(...poolBlocks(before.written));
  // Where one change has come, more will: a place more for each eight.
  const spare = before === null ? 0 : 1 + ((pool?.backends.length ?? 0) >>> 3);
  return liveOf(writePool(shadow.heap, servicePort, name, spare), servicePort, null);
}

function liveOf(
  written: WrittenPool | null,
  servicePort: ServicePort,
  foundIn: number | null,
): LivePool | null {
  if (written === null) return null;
  const pool = poolOf(servicePort, written.name);
  if (pool === null) return null;
  return foundIn === null ? freshPool(written, pool) : foundPool(written, pool, foundIn);
}

/** Whether lines have to say something else of a pool. */
function isMoved(before: WrittenPool | null, after: WrittenPool | null): boolean {
  return (
    before?.backendsOffset !== after?.backendsOffset ||
    before?.slotsOffset !== after?.slotsOffset ||
    before?.poolWord !== after?.poolWord
  );
}
