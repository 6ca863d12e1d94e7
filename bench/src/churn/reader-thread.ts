/** A thread that looks up batches, and notes how long each one takes. */
import { workerData } from 'node:worker_threads';
import { Dataplane } from '@shunt/dataplane';
import { PACKET4_WORDS } from '@shunt/model';
import { ARRIVED, BATCHES, PHASE, PHASE_STOP, type ReaderTask } from './reader-control.js';

const { table, control, times, packets, verdicts, batchPackets } = workerData as ReaderTask;
const dataplane = Dataplane.attach(table, { reader: 1 });
const words = batchPackets * PACKET4_WORDS;
const batches = Array.from({ length: packets.length / words }, (_, batch) =>
  packets.subarray(batch * words, (batch + 1) * words),
);

let next = 0;
for (;;) {
  const phase = Atomics.load(control, PHASE);
  if (phase === PHASE_STOP) break;
  Atomics.store(control, ARRIVED, phase);
  Atomics.notify(control, ARRIVED);
  if (phase % 2 === 0) Atomics.wait(control, PHASE, phase);
  else Atomics.store(control, BATCHES, read(phase));
}

/** Reads until the phase ends. @returns how many batches */
function read(phase: number): number {
  let count = 0;
  let start = performance.now();
  do {
    dataplane.lookupBatch(batches[next] as Uint32Array, verdicts, batchPackets);
    next = (next + 1) % batches.length;
    // The clock is read once between two batches: whatever keeps the reader is in the time of one of them.
    const end = performance.now();
    if (count < times.length) times[count] = end - start;
    count++;
    start = end;
  } while (Atomics.load(control, PHASE) === phase);
  return count;
}
