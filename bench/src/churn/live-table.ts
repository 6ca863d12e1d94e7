import { Compiler, type RulesetUpdate, TableWriter } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  type ChangeEvent,
  ClusterState,
  HEADER_TOTAL_WORDS,
  type KubernetesObject,
  structureOffset,
  type TablePatch,
  type TablePatchSummary,
} from '@shunt/model';
import type { Cluster } from '../workload/cluster.js';
import { SEEDS } from '../workload/random.js';

export type Objects = Pick<Cluster, 'node' | 'config'> & { readonly objects: readonly KubernetesObject[] };

export interface LiveTableOptions {
  /** Room behind the heap's end; default: an eighth of a million words. */
  readonly capacityWords?: number;
}

/** What one patch did. */
export interface AppliedPatch extends TablePatchSummary {
  /** Whether the table needed more room. */
  readonly isGrown: boolean;
  /** Whether an index or a set was written anew, in another place. */
  readonly isRehashed: boolean;
}

/** A cluster whose objects change and the table that follows them, phase by phase. */
export class LiveTable {
  readonly input: Objects;
  readonly state: ClusterState;
  readonly compiler: Compiler;
  readonly writer: TableWriter;
  readonly dataplane: Dataplane;
  #events: ChangeEvent[] = [];
  #updates: RulesetUpdate[] = [];
  #patches: TablePatch[] = [];
  readonly #followers: RulesetUpdate[][] = [];

  constructor(input: Objects, { capacityWords = 1 << 17 }: LiveTableOptions = {}) {
    const { objects, node, config } = input;
    this.input = input;
    this.state = new ClusterState(objects);
    this.compiler = new Compiler({ state: this.state, node, config });
    this.writer = TableWriter.create(this.compiler.ruleset, { seed: SEEDS.flowHash, capacityWords });
    this.dataplane = Dataplane.load(this.writer.table().image);
  }

  /** Every update from now on, in order; who reads it empties it. */
  follow(): RulesetUpdate[] {
    const updates: RulesetUpdate[] = [];
    this.#followers.push(updates);
    return updates;
  }

  /** Notes what happened to the state. */
  happened(events: readonly ChangeEvent[]): void {
    for (const event of events) this.#events.push(event);
  }

  /** The compiler takes in what happened. */
  compile(): void {
    const update = this.compiler.update(this.#events);
    this.#events = [];
    this.#updates.push(update);
    for (const updates of this.#followers) updates.push(update);
  }

  /** The writer makes patches of what the compiler has changed. */
  write(): void {
    for (const update of this.#updates) this.#patches.push(this.writer.update(update));
    this.#updates.length = 0;
  }

  /** The dataplane applies the patches. @returns what the last one did, if there was any */
  apply(): TablePatchSummary | null {
    let last: TablePatchSummary | null = null;
    for (const patch of this.#patches) last = this.dataplane.apply(patch);
    this.#patches.length = 0;
    return last;
  }

  /** Does what is left to do, so that the table is up to date. */
  settle(): void {
    if (this.#events.length > 0) this.compile();
    this.write();
    this.apply();
  }

  /** All phases for one change of a table that was up to date, and what the patch did. */
  change(events: readonly ChangeEvent[]): AppliedPatch {
    const { image } = this.dataplane;
    const [words, places] = [image[HEADER_TOTAL_WORDS], hashPlaces(image)];
    this.happened(events);
    this.compile();
    this.write();
    const summary = this.apply() as TablePatchSummary;
    return {
      ...summary,
      isGrown: this.dataplane.image[HEADER_TOTAL_WORDS] !== words,
      isRehashed: hashPlaces(this.dataplane.image) !== places,
    };
  }
}

/** Where what all service ports share by hash is. */
function hashPlaces(image: Uint32Array): string {
  const names = ['frontendIndex4', 'frontendIndex6', 'clusterIPs4', 'clusterIPs6'] as const;
  return names.map((name) => structureOffset(image, name)).join(' ');
}
