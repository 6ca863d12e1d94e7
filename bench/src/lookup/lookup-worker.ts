/** A worker thread that looks up all packets, round and round, in a table that it shares. */

import { parentPort, workerData } from 'node:worker_threads';
import { Dataplane, type DataplaneHandle } from '@shunt/dataplane';
import { type Family, packetWords, verdictWords } from '@shunt/model';

/** Packets a call. */
const BATCH = 4_096;

/** What the thread is given. */
export interface LookupWorkerData {
  readonly handle: DataplaneHandle;
  readonly reader: number;
  readonly family: Family;
  /** In the memory of the table, where the thread that loaded it has put them. */
  readonly packets: Uint32Array;
  /** As many records, which both threads write alike when they answer. */
  readonly verdicts: Uint32Array;
}

/** How long to work; 0: answer all packets once. */
export type LookupWorkerRequest = number;

/** The nanoseconds for one packet. */
export type LookupWorkerAnswer = number;

const { handle, reader, family, packets, verdicts } = workerData as LookupWorkerData;
const dataplane = Dataplane.attach(handle, { reader, kernels: 'webassembly' });
const own = dataplane.allocateBatch(family, BATCH).verdicts;
const batches = Array.from({ length: Math.ceil(packets.length / packetWords(family) / BATCH) }, (_, index) =>
  packets.subarray(index * BATCH * packetWords(family), (index + 1) * BATCH * packetWords(family)),
);
// Each begins elsewhere: two that walk together would help each other.
let next = Math.floor((reader * batches.length) / 2) % batches.length;

parentPort?.on('message', (milliseconds: LookupWorkerRequest) => {
  parentPort?.postMessage(milliseconds === 0 ? answerAll() : work(milliseconds));
});

function lookup(batch: Uint32Array, room: Uint32Array): number {
  const count = batch.length / packetWords(family);
  if (family === 'IPv4') dataplane.lookupBatch(batch, room, count);
  else dataplane.lookupBatch6(batch, room, count);
  return count;
}

function answerAll(): LookupWorkerAnswer {
  batches.forEach((batch, index) => {
    lookup(batch, verdicts.subarray(index * BATCH * verdictWords(family)));
  });
  return 0;
}

function work(milliseconds: number): LookupWorkerAnswer {
  const start = performance.now();
  let done = 0;
  let now = start;
  while (now - start < milliseconds) {
    done += lookup(batches[next] as Uint32Array, own);
    next = (next + 1) % batches.length;
    now = performance.now();
  }
  return ((now - start) * 1e6) / done;
}
