/** From a cluster's objects to packets on their way: everything that runs on a node, in one place. */
import { type CompileInput, Compiler, type Ruleset, type RulesetUpdate, TableWriter } from '@shunt/compiler';
import {
  type AppliedFlowPlan,
  DEFAULT_FLOW_TIMEOUTS,
  type LookupTable,
  StatefulDataplane,
} from '@shunt/dataplane';
import {
  type ChangeEvent,
  ClusterState,
  type Family,
  type PatchPlan,
  readPatchPlan,
  type TablePatch,
} from '@shunt/model';
import { applyChange, type ClusterChange, type Scenario } from '@shunt/testing';
import { viewIn } from '../incremental/follow.js';
import { TIMEOUTS } from '../stateful/plain-flows.js';
import { type Kernels, LiveTable } from './live-table.js';

export interface Setting {
  /** Of the table when it is made: it grows, or has room. */
  readonly capacityWords: number;
  /** The most flows of a family. */
  readonly flows: number;
  /** That answer first packets, and packets of flows that are there. */
  readonly kernels: Kernels;
  /** The clock's first reading: times wrap at 2^27 and 2^32. */
  readonly start: number;
}

/** What one update of the rules was, everywhere. */
export interface Change {
  readonly before: Ruleset;
  readonly after: Ruleset;
  readonly update: RulesetUpdate;
  readonly plan: PatchPlan;
  readonly applied: AppliedFlowPlan;
}

/** To masquerade with, by family: an address of the node, and one that is nobody else's. */
export const MASQUERADE: Readonly<Record<Family, Uint32Array>> = {
  IPv4: Uint32Array.of(0xc0a80002, 0xc0000201),
  IPv6: Uint32Array.of(0x20010db8, 0, 0, 1, 0x20010db8, 0xffff, 0, 1),
};
/** Fewer service ports than a long run has, and room for all backends. */
export const COUNTING = { servicePorts: 32, backends: 2_048 };
const CLIENTS = 256;
const ROOM_PACKETS = 64;

export class LiveSystem {
  readonly state: ClusterState;
  readonly setting: Setting;
  readonly #scenario: Scenario;
  #events: ChangeEvent[] = [];
  #compiler: Compiler;
  #writer: TableWriter;
  #table: LiveTable;
  #stateful: StatefulDataplane;
  /** A table as it was once, and all patches since, as they were stored. */
  #stored: { readonly image: Uint8Array; readonly patches: Uint8Array[] };

  constructor(scenario: Scenario, setting: Setting) {
    this.#scenario = scenario;
    this.setting = setting;
    this.state = scenario.cluster.state();
    this.state.subscribe((event) => void this.#events.push(event));
    this.#compiler = this.#compile();
    const { capacityWords } = setting;
    this.#writer = TableWriter.create(this.#compiler.ruleset, { capacityWords });
    this.#table = new LiveTable(this.#writer.table(), setting.kernels);
    this.#stored = { image: stored(this.#table.image), patches: [] };
    this.#stateful = this.#begin();
  }

  get ruleset(): Ruleset {
    return this.#compiler.ruleset;
  }

  get writer(): TableWriter {
    return this.#writer;
  }

  get table(): LiveTable {
    return this.#table;
  }

  get stateful(): StatefulDataplane {
    return this.#stateful;
  }

  /** What a compile from nothing starts from. */
  get input(): CompileInput {
    const { config } = this.#scenario;
    const state = new ClusterState(this.state);
    return { state, node: viewIn(state, this.#scenario), config };
  }

  /** Lets things happen in the cluster, and takes them in, down to the flows. */
  change(changes: readonly ClusterChange[]): Change {
    const before = this.ruleset;
    for (const change of changes) applyChange(this.state, change);
    const update = this.#compiler.update(this.#events.splice(0));
    const bytes = stored(this.#writer.update(update));
    this.#stored.patches.push(bytes);
    const patch = loaded(bytes);
    this.#table.apply(patch);
    const plan = readPatchPlan(patch);
    const applied = this.#stateful.apply(plan);
    return { before, after: this.ruleset, update, plan, applied };
  }

  /** Goes on elsewhere, with no more than what can be stored. */
  restart(): void {
    const image = loaded(stored(this.#table.image));
    const saved = loaded(stored(this.#stateful.save()));
    this.#events = [];
    this.#compiler = this.#compile();
    this.#writer = TableWriter.load(image, this.#compiler.ruleset);
    this.#table = new LiveTable({ image }, this.setting.kernels);
    this.#stored = { image: stored(image), patches: [] };
    this.#stateful = this.#begin(saved);
  }

  /** Leaves the table for one without gaps. */
  compact(): void {
    const { capacityWords, kernels } = this.setting;
    this.#table = new LiveTable(this.#writer.compact({ capacityWords }), kernels);
    this.#stored = { image: stored(this.#table.image), patches: [] };
  }

  /** The table as somebody else has it, who has read what was stored. */
  replayed(): Uint32Array {
    const { image, patches } = this.#stored;
    const table = new LiveTable({ image: loaded(image) }, 'typescript');
    for (const patch of patches) table.apply(loaded(patch));
    return table.image;
  }

  #compile(): Compiler {
    const { config } = this.#scenario;
    return new Compiler({ state: this.state, config, node: (it) => viewIn(it, this.#scenario) });
  }

  #begin(saved?: Uint32Array): StatefulDataplane {
    const { flows, kernels } = this.setting;
    const timeouts = { ...DEFAULT_FLOW_TIMEOUTS, 'tcp established': TIMEOUTS['TCP established'] as number };
    const family = (name: Family) => ({
      flows,
      clients: CLIENTS,
      timeouts,
      masquerade: {
        addresses: MASQUERADE[name],
        choose: (verdicts: Uint32Array, verdict: number) => (verdicts[verdict + 2] as number) % 2,
      },
    });
    return new StatefulDataplane({
      table: new CurrentTable(this),
      families: { IPv4: family('IPv4'), IPv6: family('IPv6') },
      counting: COUNTING,
      batchPackets: ROOM_PACKETS,
      webAssembly: kernels === 'webassembly',
      ...(saved === undefined ? {} : { saved }),
    });
  }
}

/** The table that a system has at the time of each call. */
class CurrentTable implements LookupTable {
  readonly #system: Pick<LiveSystem, 'table'>;

  constructor(system: Pick<LiveSystem, 'table'>) {
    this.#system = system;
  }

  get image(): Uint32Array {
    return this.#system.table.image;
  }

  lookupBatch(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    this.#system.table.lookupBatch(packets, verdicts, count);
  }

  lookupBatch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    this.#system.table.lookupBatch6(packets, verdicts, count);
  }

  beginBatch(): void {
    this.#system.table.beginBatch();
  }

  endBatch(): void {
    this.#system.table.endBatch();
  }
}

/** Words as a file has them. */
function stored(words: Uint32Array | TablePatch): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength).slice();
}

function loaded(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
