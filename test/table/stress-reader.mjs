// A reader in a thread of its own: looks the same packets up again and again while the table is patched, and
// counts verdicts that no generation gives which was in force meanwhile, or was coming into force.
import { workerData } from 'node:worker_threads';
import { Dataplane } from '@shunt/dataplane';
import { HEADER_GENERATION } from '@shunt/model';

const { handle, kernels, controlBuffer, reader, states, families, pauseMilliseconds } = workerData;
const control = new Int32Array(controlBuffer);
const [STOP, READY, BATCHES, CHECKED, TORN] = [0, 1, 2, 3, 4];
const idle = new Int32Array(new SharedArrayBuffer(4));
let asked = reader;

// Pools of strategy `random` ask in the middle of a lookup: a reader that is slow there holds what it has found.
function random() {
  if (pauseMilliseconds > 0 && asked++ % 8 === 0) Atomics.wait(idle, 0, 0, pauseMilliseconds);
  return 0;
}

const dataplane = Dataplane.attach(handle, { reader, random, kernels });
const { image } = dataplane;
const batches = families.map(({ packets, expected, count, verdictWords }) => ({
  packets,
  expected,
  count,
  verdictWords,
  verdicts: new Uint32Array(count * verdictWords),
}));

/** Whether a verdict is that of one of the generations; numbers of frontends and backends may be others. */
function isAllowed({ verdicts, expected, count, verdictWords }, packet, first, last) {
  for (let generation = first; generation <= last; generation++) {
    const state = (generation % states) * count * verdictWords + packet * verdictWords;
    let word = 0;
    while (
      word < verdictWords &&
      (word === 2 || word === 3 || verdicts[packet * verdictWords + word] === expected[state + word])
    ) {
      word++;
    }
    if (word === verdictWords) return true;
  }
  return false;
}

Atomics.add(control, READY, 1);
while (Atomics.load(control, STOP) === 0) {
  for (const batch of batches) {
    const first = Atomics.load(image, HEADER_GENERATION);
    try {
      if (batch.verdictWords === 4) dataplane.lookupBatch(batch.packets, batch.verdicts, batch.count);
      else dataplane.lookupBatch6(batch.packets, batch.verdicts, batch.count);
    } catch {
      // WebAssembly ends where it is led out of its memory.
      Atomics.add(control, TORN, 1);
    }
    // The next one may have been on its way in.
    const last = Atomics.load(image, HEADER_GENERATION) + 1;
    Atomics.add(control, BATCHES, 1);
    if (last - first >= states - 1) continue;
    Atomics.add(control, CHECKED, 1);
    for (let packet = 0; packet < batch.count; packet++) {
      if (!isAllowed(batch, packet, first, last)) Atomics.add(control, TORN, 1);
    }
  }
}
