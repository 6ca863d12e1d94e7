import type { Family } from '@shunt/model';
import type { RulesetUpdate } from '../../incremental/compiler.js';
import type { RulesetChange } from '../../ruleset/change.js';
import type { ServicePort } from '../../ruleset/types.js';
import type { Block } from './heap.js';
import type { WrittenServicePort } from './service-port.js';

/** The change of a ruleset that stays as it is. */
export const NO_CHANGE: RulesetChange = {
  removed: [],
  added: [],
  replaced: [],
  clusterIPs: { removed: [], added: [] },
  sections: {},
};

/** A change as an update. @param udpEndpointsChanged - unless it says so itself */
export function updateOf(change: RulesetChange | RulesetUpdate, udpEndpointsChanged: boolean): RulesetUpdate {
  return { diagnostics: { removed: [], added: [] }, udpEndpointsChanged, ...change };
}

/** Lines of a family that come and go. */
export interface ChangedLines {
  readonly added: number[];
  readonly removed: number[];
  /** Of those that come, how many have keys that the index has already. */
  kept: number;
}

/** What one update gathers. */
export class UpdateStep {
  readonly atOnce: boolean;
  readonly generation: number;
  readonly freed: Block[] = [];
  readonly retired: number[] = [];
  readonly reset: number[] = [];
  /** Of service ports that are gone, or others now: as they were. */
  readonly numbers = new Map<ServicePort, number>();
  readonly lines: Readonly<Record<Family, ChangedLines>> = {
    IPv4: { added: [], removed: [], kept: 0 },
    IPv6: { added: [], removed: [], kept: 0 },
  };

  constructor(atOnce: boolean, generation: number) {
    this.atOnce = atOnce;
    this.generation = generation;
  }
}

/** Adds the lines of a service port that are in the image, by their numbers. */
export function addLinesIn({ lines }: WrittenServicePort, numbers: number[]): void {
  for (const { line } of lines) if (line !== 0) numbers.push(line);
}

/** How many lines of a service port are in the image. */
export function countLinesIn({ lines }: WrittenServicePort): number {
  let count = 0;
  for (const { line } of lines) if (line !== 0) count++;
  return count;
}
