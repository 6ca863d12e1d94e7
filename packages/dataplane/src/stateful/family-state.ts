import type { Family } from '@shunt/model';
import { Affinity, type AffinityOptions } from '../affinity/affinity.js';
import { Conntrack } from '../conntrack/conntrack.js';
import type { ConntrackOptions } from '../conntrack/conntrack-region.js';
import type { Counters } from '../counters/counters.js';
import { KernelMemory } from '../wasm/kernel-memory.js';
import type { FamilyRules } from './family-rules.js';
import type { Masquerade } from './masquerade.js';
import { StatefulPipeline } from './stateful-pipeline.js';

export interface FamilyOptions extends Omit<ConntrackOptions, 'family'> {
  /** The most clients to remember the backend of, for ClientIP affinity. */
  readonly clients: number;
  readonly masquerade: Masquerade;
}

/** What one worker has for one family: flows, clients, and the pipeline over both. */
export class FamilyState {
  readonly conntrack: Conntrack;
  readonly affinity: Affinity;
  readonly pipeline: StatefulPipeline;
  readonly #memory: KernelMemory;
  readonly #offsets: readonly number[];
  readonly #sizes: readonly number[];

  /** Words of the regions that last: of flows, then of clients. */
  static regionWords(family: Family, options: FamilyOptions): number[] {
    return [
      Conntrack.regionWords({ ...options, family }),
      Affinity.regionWords(affinityOptions(family, options)),
    ];
  }

  /** Words that all of it takes. */
  static memoryWords(family: Family, options: FamilyOptions): number {
    const regions = FamilyState.regionWords(family, options).map((words) => KernelMemory.roomFor(words));
    return regions.reduce((sum, words) => sum + words, StatefulPipeline.memoryWords(family));
  }

  /**
   * @param kept - the regions of one that was saved, or `null` to begin without flows
   * @throws {RangeError} if an option is out of range, or the regions are not of these options
   */
  constructor(
    family: Family,
    options: FamilyOptions,
    rules: FamilyRules,
    counters: Counters,
    memory: KernelMemory,
    kept: readonly Uint32Array[] | null,
  ) {
    this.#memory = memory;
    this.#sizes = FamilyState.regionWords(family, options);
    this.#offsets = this.#sizes.map((words) => memory.allocate(words));
    const [flowsAt = 0, clientsAt = 0] = this.#offsets;
    const { words } = memory;
    kept?.forEach((region, index) => void words.set(region, this.#offsets[index] as number));
    const flows = { ...options, family };
    const isKept = kept !== null;
    this.conntrack = isKept
      ? Conntrack.attach(words, flowsAt, flows, counters)
      : new Conntrack(words, flowsAt, flows, counters);
    this.affinity = new Affinity(words, clientsAt, affinityOptions(family, options), isKept);
    const { conntrack, affinity } = this;
    this.pipeline = new StatefulPipeline({
      rules,
      conntrack,
      affinity,
      masquerade: options.masquerade,
      memory,
    });
  }

  /** The regions that last, as they are now. */
  regions(): Uint32Array[] {
    return this.#offsets.map((offset, index) =>
      this.#memory.words.subarray(offset, offset + (this.#sizes[index] as number)),
    );
  }
}

function affinityOptions(family: Family, { clients, seed = 0 }: FamilyOptions): AffinityOptions {
  return { family, entries: clients, seed };
}
