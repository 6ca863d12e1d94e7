import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { emitTable, type Ruleset } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import type { SelfTimed } from '../measure/rounds.js';
import type { Packets } from '../workload/packets.js';
import type { Answers } from './implementation.js';
import { batchBytesOf } from './lookup-batch.js';
import type { LookupWorkerAnswer, LookupWorkerData, LookupWorkerRequest } from './lookup-worker.js';
import { answersOfRecords } from './verdict-records.js';

// Built: a thread cannot be given a source in TypeScript.
const WORKER = new URL('../../dist/lookup/lookup-worker.js', import.meta.url);

/** Room for what each worker writes its verdicts to. */
const WORKER_BYTES = 1 << 20;

/** Threads that look up in one table, which is in memory once. */
export class WorkerTeam {
  readonly #workers: readonly Worker[];
  readonly #packets: Packets;
  readonly #verdicts: Uint32Array;
  /** Of the table. */
  readonly bytes: number;

  private constructor(workers: readonly Worker[], packets: Packets, verdicts: Uint32Array, bytes: number) {
    this.#workers = workers;
    this.#packets = packets;
    this.#verdicts = verdicts;
    this.bytes = bytes;
  }

  static async start(ruleset: Ruleset, packets: Packets, seed: number, size: number): Promise<WorkerTeam> {
    const { image } = emitTable(ruleset, { seed });
    const { family, count } = packets;
    const batchBytes = batchBytesOf(packets) + size * WORKER_BYTES;
    const dataplane = Dataplane.load(image, { kernels: 'webassembly', batchBytes });
    const batch = dataplane.allocateBatch(family, count);
    batch.packets.set(packets.records);
    const workers = Array.from({ length: size }, (_, index) => {
      const data: LookupWorkerData = { handle: dataplane.share(), reader: index + 1, family, ...batch };
      return new Worker(WORKER, { workerData: data });
    });
    await Promise.all(workers.map((worker) => once(worker, 'online')));
    return new WorkerTeam(workers, packets, batch.verdicts, image.byteLength);
  }

  /** The first workers of the team as something to time: they work at once. */
  first(count: number, name: string): SelfTimed {
    const workers = this.#workers.slice(0, count);
    return {
      name,
      async round(milliseconds) {
        const times = await Promise.all(workers.map((worker) => ask(worker, milliseconds)));
        return 1 / times.reduce((rate, time) => rate + 1 / time, 0);
      },
    };
  }

  /** What one of the workers says of all packets. */
  async answers(index: number): Promise<Answers> {
    await ask(this.#workers[index] as Worker, 0);
    return answersOfRecords(this.#verdicts.slice(), this.#packets.family);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function ask(worker: Worker, request: LookupWorkerRequest): Promise<LookupWorkerAnswer> {
  const answer = once(worker, 'message');
  worker.postMessage(request);
  const [nanoseconds] = (await answer) as [LookupWorkerAnswer];
  return nanoseconds;
}
