import { emitTable } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { PACKET4_WORDS, VERDICT4_WORDS } from '@shunt/model';
import type { Implementation } from './implementation.js';
import { answerOfRecord } from './verdict-records.js';

/** `Dataplane.lookupBatch`, at most `batchPackets` a call. */
export function lookupBatch(batchPackets: number): Implementation {
  return {
    name: `lookupBatch, ${batchPackets} a call`,
    prepare(ruleset, packets, seed) {
      const dataplane = Dataplane.load(emitTable(ruleset, { seed }).image);
      const verdicts = new Uint32Array(packets.count * VERDICT4_WORDS);
      // The views are made before: a program that works in batches has its buffers.
      const batches = Array.from({ length: Math.ceil(packets.count / batchPackets) }, (_, batch) => {
        const begin = batch * batchPackets;
        const end = Math.min(begin + batchPackets, packets.count);
        return {
          packets: packets.records.subarray(begin * PACKET4_WORDS, end * PACKET4_WORDS),
          verdicts: verdicts.subarray(begin * VERDICT4_WORDS, end * VERDICT4_WORDS),
          count: end - begin,
        };
      });
      return {
        run(first, count) {
          const end = (first + count) / batchPackets;
          for (let index = first / batchPackets; index < end; index++) {
            const batch = batches[index] as (typeof batches)[number];
            dataplane.lookupBatch(batch.packets, batch.verdicts, batch.count);
          }
        },
        answer: (index) => answerOfRecord(verdicts, index),
      };
    },
  };
}
