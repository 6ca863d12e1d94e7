// Looks up packets in the table of another thread, and says what came out.

import { parentPort, workerData } from 'node:worker_threads';
import { Dataplane } from '@shunt/dataplane';
import { HEADER_MODE } from '@shunt/model';

const { handle, packets, count } = workerData;
const dataplane = Dataplane.attach(handle, { reader: 1 });
const batch = dataplane.allocateBatch('IPv4', count);
batch.packets.set(packets);

parentPort.on('message', () => {
  dataplane.lookupBatch(batch.packets, batch.verdicts, count);
  parentPort.postMessage({
    kernels: dataplane.kernels,
    verdicts: batch.verdicts,
    mode: dataplane.image[HEADER_MODE],
  });
});
