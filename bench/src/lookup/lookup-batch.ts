import { emitTable } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { packetWords } from '@shunt/model';
import { BOTH_FAMILIES, type Implementation } from './implementation.js';
import { answersOfRecords, verdictRoom } from './verdict-records.js';

/** `Dataplane.lookupBatch` or `lookupBatch6`, at most `batchPackets` a call. */
export function lookupBatch(batchPackets: number): Implementation {
  return {
    name: `lookupBatch, ${batchPackets} a call`,
    families: BOTH_FAMILIES,
    prepare(ruleset, { family, count, records }, seed) {
      const { image } = emitTable(ruleset, { seed });
      const dataplane = Dataplane.load(image);
      const room = verdictRoom(batchPackets, family);
      const words = packetWords(family);
      // The views are made before: a program that works in batches has its buffers.
      const batches = Array.from({ length: Math.ceil(count / batchPackets) }, (_, batch) => {
        return records.subarray(batch * batchPackets * words, (batch + 1) * batchPackets * words);
      });
      const lookup = (packets: Uint32Array): void => {
        if (family === 'IPv4') dataplane.lookupBatch(packets, room, packets.length / words);
        else dataplane.lookupBatch6(packets, room, packets.length / words);
      };
      return {
        bytes: image.byteLength,
        run(first, runCount) {
          const end = (first + runCount) / batchPackets;
          for (let index = first / batchPackets; index < end; index++) lookup(batches[index] as Uint32Array);
        },
        answers() {
          const all = verdictRoom(batches.length * batchPackets, family);
          batches.forEach((batch, index) => {
            lookup(batch);
            all.set(room, index * room.length);
          });
          return answersOfRecords(all, family);
        },
      };
    },
  };
}
