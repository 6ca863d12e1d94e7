/** How long a reader's batches take while another thread changes the rules under them. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Compiler, type RulesetUpdate, resolve, TableWriter } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { ClusterState, type TablePatch } from '@shunt/model';
import { batchBytesOf } from '../lookup/lookup-batch.js';
import { latencyFacts } from '../measure/latency.js';
import { type Round, RoundRecord, roundOf } from '../measure/rounds.js';
import { summarize } from '../measure/statistics.js';
import type { ScenarioResult } from '../report/result.js';
import { type Cluster, generateCluster } from '../workload/cluster.js';
import { generatePackets, type Packets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { ARRIVED, BATCHES, CONTROL_WORDS, PHASE, PHASE_STOP, type ReaderTask } from './reader-control.js';
import { sitesOf, Turns } from './sites.js';
import { answersOf, hashFromNothing } from './verdicts.js';

export interface StallSize {
  readonly services: number;
  readonly flows: number;
  readonly rounds: number;
  /** Of each phase of a round. */
  readonly milliseconds: number;
  /** Made before, for each round. */
  readonly patches: number;
}

const BATCH_PACKETS = 256;
const MOST_BATCHES = 1 << 18;
const ENDPOINTS = 10;

const QUIET = 'nothing changes';
const MADE = 'changes, as fast as they are compiled';
const READY = 'patches made before, as fast as they are applied';

/** @throws {VerdictMismatch} if the table then is not that of a compile from nothing */
export async function stallScenario(size: StallSize): Promise<ScenarioResult> {
  const { services, flows, rounds, milliseconds } = size;
  const cluster = generateCluster(seededRandom(SEEDS.cluster), { services, endpointsPerService: ENDPOINTS });
  const packets = generatePackets(seededRandom(SEEDS.packets), cluster, flows, 'uniform');
  const writer = new ChurnWriter(cluster, batchBytesOf(packets));
  const reader = new Reader(writer.dataplane, packets);
  const record = new RoundRecord([{ name: QUIET }, { name: MADE }, { name: READY }], QUIET);
  const rates = new Map([MADE, READY].map((name) => [name, [] as number[]]));
  try {
    for (let round = -1; round < rounds; round++) {
      const measure = async (name: string, work: (end: number) => number): Promise<void> => {
        const { batches, done, elapsed } = await reader.during(() => work(performance.now() + milliseconds));
        record.add(name, round, batches);
        if (round >= 0) rates.get(name)?.push((done / elapsed) * 1_000);
      };
      await measure(QUIET, (end) => writer.idle(end));
      await measure(MADE, (end) => writer.change(end));
      writer.makeReady(size.patches);
      await measure(READY, (end) => writer.applyReady(end));
      writer.applyReady();
    }
  } finally {
    await reader.stop();
  }
  writer.check(packets);
  const timings = record.timings();
  const median = timings[0]?.latency?.p50 ?? 0;
  const facts = timings.map(({ name, latency }) => {
    const rate = rates.get(name);
    const p999 = { 'p99.9 us': (latency?.p999 ?? 0) / 1_000 };
    const longest = { 'longest, in batches': (latency?.max ?? 0) / median };
    const patchRate = { 'patches/s': rate === undefined ? null : Math.round(summarize(rate).median) };
    return [name, { ...latencyFacts(latency), ...p999, ...longest, ...patchRate }] as const;
  });
  return {
    suite: 'churn',
    title: `batches of ${BATCH_PACKETS} packets under changes, ${services.toLocaleString('en-US')} services x ${ENDPOINTS} endpoints`,
    parameters: { services, endpointsPerService: ENDPOINTS, flows, batch: BATCH_PACKETS },
    unit: 'batch',
    baseline: QUIET,
    timings,
    hash: null,
    facts: Object.fromEntries(facts),
  };
}

/** The thread that changes endpoints: whole, or ahead of the table. */
class ChurnWriter {
  readonly dataplane: Dataplane;
  readonly #cluster: Cluster;
  readonly #state: ClusterState;
  readonly #compiler: Compiler;
  readonly #writer: TableWriter;
  readonly #turns: Turns;
  readonly #ready: TablePatch[] = [];

  /** @param batchBytes - of the table's memory, for packets and verdicts */
  constructor(cluster: Cluster, batchBytes: number) {
    const { objects, node, config } = cluster;
    this.#cluster = cluster;
    this.#state = new ClusterState(objects);
    this.#compiler = new Compiler({ state: this.#state, node, config });
    this.#writer = TableWriter.create(this.#compiler.ruleset, { seed: SEEDS.flowHash });
    this.dataplane = Dataplane.load(this.#writer.table().image, { batchBytes });
    this.#turns = new Turns(sitesOf(cluster, seededRandom(SEEDS.churn)), 'endpoint', 'goes');
  }

  /** Each of these works until then, and tells how many patches were applied. */
  idle(end: number): number {
    const none = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(none, 0, 0, Math.max(0, end - performance.now()));
    return 0;
  }

  change(end: number): number {
    let patches = 0;
    while (performance.now() < end) {
      for (const update of this.#updates()) {
        this.dataplane.apply(this.#writer.update(update));
        patches++;
      }
    }
    return patches;
  }

  /** Makes patches, and applies none. */
  makeReady(count: number): void {
    while (this.#ready.length < count) {
      for (const update of this.#updates()) this.#ready.push(this.#writer.update(update));
    }
  }

  applyReady(end = Number.POSITIVE_INFINITY): number {
    let applied = 0;
    while (applied < this.#ready.length && performance.now() < end) {
      this.dataplane.apply(this.#ready[applied++] as TablePatch);
    }
    this.#ready.splice(0, applied);
    return applied;
  }

  check(packets: Packets): void {
    const { node, config } = this.#cluster;
    const { ruleset } = resolve({ state: this.#state, node, config });
    hashFromNothing(ruleset, new Map([['the patched table', answersOf(this.dataplane, packets)]]), packets);
  }

  /** An endpoint comes back, and another one goes. */
  #updates(): RulesetUpdate[] {
    const { undone, run } = this.#turns.next(this.#state);
    const updates = undone.map((event) => this.#compiler.update([event]));
    return [...updates, this.#compiler.update(run())];
  }
}

/** The thread that looks up. */
class Reader {
  readonly #worker: Worker;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  readonly #times = new Float64Array(new SharedArrayBuffer(8 * MOST_BATCHES));
  #phase = 0;
  #failure: Error | null = null;

  constructor(dataplane: Dataplane, { records, family, count }: Packets) {
    const { packets, verdicts } = dataplane.allocateBatch(family, count);
    packets.set(records);
    const task: ReaderTask = {
      table: dataplane.share(),
      control: this.#control,
      times: this.#times,
      packets,
      verdicts,
      batchPackets: BATCH_PACKETS,
    };
    // What was built, for threads run no TypeScript; the same file from the sources and from the build.
    this.#worker = new Worker(new URL('../../dist/churn/reader-thread.js', import.meta.url), {
      workerData: task,
    });
    this.#worker.once('error', (error) => {
      this.#failure = error;
    });
  }

  /** Lets the reader read while this thread works. */
  async during(work: () => number): Promise<{ batches: Round; done: number; elapsed: number }> {
    await this.#enter(++this.#phase);
    const start = performance.now();
    const done = work();
    const elapsed = performance.now() - start;
    await this.#enter(++this.#phase);
    const count = Math.min(Atomics.load(this.#control, BATCHES), MOST_BATCHES);
    const runs = Array.from(this.#times.subarray(0, count), (time) => time * 1e6);
    return { batches: roundOf(runs), done, elapsed };
  }

  async stop(): Promise<void> {
    if (this.#failure !== null) return;
    const gone = once(this.#worker, 'exit');
    this.#tell(PHASE_STOP);
    await gone;
  }

  /** Waits until the reader is in a phase. @throws what has ended its thread */
  async #enter(phase: number): Promise<void> {
    this.#tell(phase);
    for (let arrived: number; (arrived = Atomics.load(this.#control, ARRIVED)) !== phase; ) {
      // Not for long: a thread that failed is told of by an event.
      Atomics.wait(this.#control, ARRIVED, arrived, 1);
      await new Promise((resolve) => void setImmediate(resolve));
      if (this.#failure !== null) throw this.#failure;
    }
  }

  #tell(phase: number): void {
    Atomics.store(this.#control, PHASE, phase);
    Atomics.notify(this.#control, PHASE);
  }
}
